// "Leave quickly" is a link; here it also takes this page out of the history, so that "back" does not return to it.
for (const link of document.querySelectorAll("a.quick-exit")) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    window.location.replace(link.href);
  });
}

// Wagtail starts some of its widgets by inline scripts, which this site's policy forbids. The templates of
// cms/templates/wagtailadmin/ and cms/wagtail_hooks.py leave a <template> that names the function and its arguments
// instead; Stimulus, which Wagtail brings, sees it wherever and whenever it comes into the page.
window.wagtail.app.register(
  "start",
  class extends window.StimulusModule.Controller {
    static values = { name: String, arguments: Array };

    connect() {
      const name = this.nameValue;
      const values = this.argumentsValue;
      // It starts once, as a script would, even when its form is moved about.
      this.element.remove();
      // Nothing but the widgets' own functions: a name from elsewhere must not reach any other.
      if (!/^\w+(Chooser|Panel)$/.test(name)) return;
      if (/^(init|create)/.test(name)) {
        window[name](...values);
      } else {
        new window[name](...values);
      }
    }
  },
);

// The editor saves a new page by itself while somebody writes. A button that is pressed meanwhile would make the same
// page a second time: it waits until the first answer has turned the form into that page's own, or has failed.
const LONGEST_WAIT = 10000; // milliseconds, after which the button is heard all the same
const saving = new WeakSet();
const settled = (event) => saving.delete(event.target);
document.addEventListener("w-autosave:save", (event) => saving.add(event.target));
document.addEventListener("w-autosave:success", settled);
document.addEventListener("w-autosave:error", settled);
document.addEventListener(
  "submit",
  (event) => {
    const form = event.target;
    if (!saving.has(form) || !form.action.includes("/add/")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const button = event.submitter;
    const goOn = () => {
      clearTimeout(limit);
      form.removeEventListener("w-autosave:success", goOn);
      form.removeEventListener("w-autosave:error", goOn);
      saving.delete(form);
      form.requestSubmit(button);
    };
    const limit = setTimeout(goOn, LONGEST_WAIT);
    form.addEventListener("w-autosave:success", goOn);
    form.addEventListener("w-autosave:error", goOn);
  },
  { capture: true },
);

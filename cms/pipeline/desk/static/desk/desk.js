// Renews where a page stands for as long as something is under way.
const SECONDS = 2;

window.wagtail.app.register(
  "standing",
  class extends window.StimulusModule.Controller {
    static values = { url: String };

    connect() {
      this.wait();
    }

    disconnect() {
      clearTimeout(this.timer);
    }

    wait() {
      clearTimeout(this.timer);
      if (this.element.querySelector("[data-standing-unsettled]")) {
        this.timer = setTimeout(() => this.renew(), SECONDS * 1000);
      }
    }

    async renew() {
      if (!document.hidden) {
        try {
          const response = await fetch(this.urlValue);
          // Somebody who was logged out meanwhile is sent to the log-in page, which does not belong here.
          if (!response.ok || response.redirected) return;
          this.show(await response.text());
        } catch {
          // No network at this moment: ask again later.
        }
      }
      if (this.element.isConnected) this.wait();
    }

    // What has not changed is left alone, so that no screen reader repeats it and no focus is lost.
    show(html) {
      if (html.trim() === this.shown) return;
      this.shown = html.trim();
      const hadFocus = this.element.contains(document.activeElement);
      this.element.innerHTML = html;
      if (hadFocus) this.element.querySelector("a")?.focus();
    }
  },
);

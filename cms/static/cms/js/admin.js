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

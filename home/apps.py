from django.apps import AppConfig


class HomeConfig(AppConfig):
    name = "home"

    def ready(self) -> None:
        from cms.api.router import api
        from cms.setup import demo_steps, site_steps
        from home import api as pages
        from home import previews
        from home.setup import add_demo_text, set_up_home

        site_steps["home"] = set_up_home
        demo_steps["home"] = add_demo_text
        api.add_router("/", pages.router)
        api.add_router("/preview/", previews.router)

from django.apps import AppConfig


class PersonalsConfig(AppConfig):
    name = "community.personals"
    label = "personals"

    def ready(self) -> None:
        from cms.setup import demo_steps
        from community.personals.setup import add_demo_listings

        demo_steps["listings"] = add_demo_listings

from django.apps import AppConfig


class MembershipConfig(AppConfig):
    name = "community.membership"
    label = "membership"

    def ready(self) -> None:
        from cms.setup import demo_steps, site_steps
        from community.membership.setup import add_demo_members, set_up_landing_page, tell_the_demo

        site_steps["membership"] = set_up_landing_page
        demo_steps["landing page"] = tell_the_demo
        demo_steps["members"] = add_demo_members

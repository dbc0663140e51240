from django.apps import AppConfig
from wagtail.users.apps import WagtailUsersAppConfig


class UsersConfig(AppConfig):
    name = "cms.users"
    label = "users"
    default = True

    def ready(self) -> None:
        from cms.setup import demo_steps
        from cms.users import staff  # noqa: F401 - importing it connects its signal
        from cms.users.setup import add_demo_staff

        demo_steps["staff"] = add_demo_staff


class StaffAccountsConfig(WagtailUsersAppConfig):
    """Wagtail's own accounts in the admin, with forms for this project's accounts."""

    user_viewset = "cms.users.viewsets.AccountViewSet"

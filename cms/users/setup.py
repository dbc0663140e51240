"""The people who work at the demo."""

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.models import Group, Permission
from wagtail.models import GroupPagePermission, Site

from cms.users.models import User


def add_demo_account(*, email: str, display_name: str, is_superuser: bool = False) -> User | None:
    """Make an account with the demo's password and a proven address.

    Returns None, and touches nothing, where there is such an account already: its owner may have changed it.
    """
    if User.objects.filter(email=email).exists():
        return None
    user = User.objects.create_user(email, settings.DEMO_PASSWORD, display_name=display_name, is_superuser=is_superuser)
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    return user


def add_demo_staff() -> None:
    add_demo_account(email="admin@demo.test", display_name="Admin", is_superuser=True)
    if editor := add_demo_account(email="editor@demo.test", display_name="Editor"):
        editor.groups.add(Group.objects.get(name="Editors"))
    if reviewer := add_demo_account(email="reviewer@demo.test", display_name="Reviewer"):
        reviewer.groups.add(_reviewers())
    if moderator := add_demo_account(email="moderator@demo.test", display_name="Moderator"):
        moderator.user_permissions.add(_permission("wagtailadmin", "access_admin"))


def _reviewers() -> Group:
    """Return the group of those who read and correct the pages, and leave publishing to editors."""
    group, _created = Group.objects.get_or_create(name="Reviewers")
    group.permissions.add(_permission("wagtailadmin", "access_admin"))
    root_page = Site.objects.get(is_default_site=True).root_page
    for codename in ("add_page", "change_page"):
        GroupPagePermission.objects.get_or_create(
            group=group, page=root_page, permission=_permission("wagtailcore", codename)
        )
    return group


def _permission(app_label: str, codename: str) -> Permission:
    return Permission.objects.get(content_type__app_label=app_label, codename=codename)

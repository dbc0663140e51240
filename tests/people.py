"""The people of the tests: Alice, Bob and Charlie are members, the others work here.

The members' side is open wherever one of the members takes part.
"""

import pytest
from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from articles.models import ArticleIndexPage
from cms.users.models import User
from cms.users.staff import may_enter_admin
from community.membership.age import AgeResult
from community.membership.joining import join
from community.membership.models import AgeOutcome

PASSWORD = "warm-lantern-7315"


def new_user(email: str, *, display_name: str, verified: bool = True, is_superuser: bool = False) -> User:
    """Make an account with `PASSWORD`, whose address is proven unless told otherwise."""
    user = User.objects.create_user(email, PASSWORD, display_name=display_name, is_superuser=is_superuser)
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=verified)
    return user


def new_member(email: str, *, display_name: str, verified: bool = True) -> User:
    """Make a member's account. Joining has to be open."""
    user = new_user(email, display_name=display_name, verified=verified)
    now = timezone.now()
    join(user=user, age=AgeResult(AgeOutcome.ADULT, "test", now), accepts_guidelines=True, display_name="", now=now)
    return user


def client_of(user: User) -> Client:
    """Return a browser in which this person is logged in, with a second factor where they work here."""
    client = Client()
    client.force_login(user)
    if may_enter_admin(user):
        session = client.session
        session[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": "mfa", "at": timezone.now().timestamp()}]
        session[f"{AUTHENTICATION_METHODS_SESSION_KEY}_user"] = str(user.pk)
        session.save()
    return client


@pytest.fixture(autouse=True)
def quick_passwords(settings: Settings) -> None:
    """Hash passwords the quick way: the site's own way takes most of a second each, and is Django's to test."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def open_community(settings: Settings) -> None:
    settings.COMMUNITY_OPEN = True


@pytest.fixture
def alice(db: None, open_community: None) -> User:
    return new_member("alice@example.org", display_name="Linden")


@pytest.fixture
def alice_client(alice: User) -> Client:
    return client_of(alice)


@pytest.fixture
def bob(db: None, open_community: None) -> User:
    return new_member("bob@example.org", display_name="Harbor")


@pytest.fixture
def bob_client(bob: User) -> Client:
    return client_of(bob)


@pytest.fixture
def charlie(db: None, open_community: None) -> User:
    return new_member("charlie@example.org", display_name="Wren")


@pytest.fixture
def charlie_client(charlie: User) -> Client:
    return client_of(charlie)


@pytest.fixture
def admin(db: None) -> User:
    return new_user("admin@example.org", display_name="Admin", is_superuser=True)


@pytest.fixture
def admin_client(admin: User) -> Client:
    return client_of(admin)


@pytest.fixture
def editor(article_index: ArticleIndexPage) -> User:
    """Somebody who writes and publishes under the article index."""
    user = new_user("editor@example.org", display_name="Editor")
    user.groups.add(Group.objects.get(name="Editors"))
    return user


@pytest.fixture
def editor_client(editor: User) -> Client:
    return client_of(editor)


@pytest.fixture
def moderator(db: None) -> User:
    """Somebody who may enter the admin, and nothing more."""
    user = new_user("moderator@example.org", display_name="Moderator")
    user.user_permissions.add(Permission.objects.get(codename="access_admin"))
    return user


@pytest.fixture
def moderator_client(moderator: User) -> Client:
    return client_of(moderator)

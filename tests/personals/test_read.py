"""Who reads listings: members, and nobody else, at no address and in no state."""

import uuid
from collections.abc import Callable

import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from cms.users.models import User
from community.membership.models import Member
from community.personals.listings import save_draft, withdraw_listing
from community.personals.models import Interest, Listing
from tests.people import client_of, new_member, new_user
from tests.personals.listing_factory import show
from tests.users.pages import body

LIST = "/personals/"
LANDING = "/membership/"


def address(listing: Listing) -> str:
    return f"/personals/{listing.public_id}/"


@pytest.fixture
def listing(alice: User) -> Listing:
    return show(alice)


def test_member_lists_and_reads(listing: Listing, bob_client: Client) -> None:
    content = bob_client.get(LIST).content.decode()
    assert "Evenings by the lake" in content
    assert address(listing) in content
    page = bob_client.get(address(listing)).content.decode()
    for words in ("Evenings by the lake", "compare notes", "Relactation", "Canada", "Linden"):
        assert words in page


def anonymous() -> Client:
    return Client()


def no_member() -> Client:
    return client_of(new_user("dora@example.org", display_name="Fern"))


def unverified_member() -> Client:
    return client_of(new_member("dora@example.org", display_name="Fern", verified=False))


def member_with_another_address_proven() -> Client:
    user = new_member("dora@example.org", display_name="Fern", verified=False)
    EmailAddress.objects.create(user=user, email="other@example.org", verified=True)
    return client_of(user)


def member_not_known_to_be_adult() -> Client:
    user = new_member("dora@example.org", display_name="Fern")
    Member.objects.filter(user=user).update(age_outcome="")
    return client_of(user)


def inactive_member() -> Client:
    client = client_of(user := new_member("dora@example.org", display_name="Fern"))
    User.objects.filter(pk=user.pk).update(is_active=False)
    return client


def superuser() -> Client:
    return client_of(new_user("root@example.org", display_name="Root", is_superuser=True))


OUTSIDERS: list[Callable[[], Client]] = [
    anonymous,
    no_member,
    unverified_member,
    member_with_another_address_proven,
    member_not_known_to_be_adult,
    inactive_member,
    superuser,
]


@pytest.mark.parametrize("method", ["get", "head", "post"])
@pytest.mark.parametrize("outsider", OUTSIDERS)
def test_outsider_is_sent_to_the_landing_page_whatever_is_there(
    listing: Listing, outsider: Callable[[], Client], method: str
) -> None:
    client = outsider()
    paths = [address(listing), f"/personals/{uuid.uuid4()}/", LIST, f"{LIST}?q=lake", "/personals/mine/"]
    if method == "post":
        paths = ["/personals/mine/", "/personals/mine/withdraw/", "/personals/mine/delete/"]
    answers = [getattr(client, method)(path) for path in paths]
    assert {(answer.status_code, answer["Location"], answer.content) for answer in answers} == {(302, LANDING, b"")}
    assert len({frozenset(answer.headers.items()) for answer in answers}) == 1


def test_closed_community_shows_nothing_to_members_either(
    listing: Listing, bob_client: Client, settings: Settings
) -> None:
    settings.COMMUNITY_OPEN = False
    for path in (LIST, address(listing), "/personals/mine/"):
        assert bob_client.get(path)["Location"] == LANDING
    assert not Listing.objects.visible_to(User.objects.get(email="bob@example.org")).exists()


def draft(user: User) -> None:
    save_draft(
        member=user.member,
        headline="Evenings by the lake",
        text="Words",
        interests=Interest.objects.all()[:1],
        region=None,
    )


def withdraw(user: User) -> None:
    withdraw_listing(member=user.member)


def delete(user: User) -> None:
    Listing.objects.all().delete()


def close_account(user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)


def delete_account(user: User) -> None:
    user.delete()


def lose_address(user: User) -> None:
    EmailAddress.objects.filter(user=user).update(verified=False)


def lose_age(user: User) -> None:
    Member.objects.filter(user=user).update(age_outcome="minor")


@pytest.mark.parametrize("change", [draft, withdraw, delete, close_account, delete_account, lose_address, lose_age])
def test_listing_disappears_everywhere_at_once(
    listing: Listing, alice: User, bob_client: Client, change: Callable[[User], None]
) -> None:
    path = address(listing)
    missing = bob_client.get(f"/personals/{uuid.uuid4()}/")
    assert bob_client.get(path).status_code == 200
    change(alice)
    gone = bob_client.get(path)
    assert (gone.status_code, missing.status_code) == (404, 404)
    assert body(gone) == body(missing)
    for query in ("", "?q=lake", "?interest=relactation", "?region=canada", "?page=2"):
        assert b"lake</a>" not in bob_client.get(LIST + query).content


def test_what_is_hidden_changes_no_answer(listing: Listing, alice: User, bob_client: Client) -> None:
    paths = [LIST, f"{LIST}?q=alice", f"{LIST}?q=example.org", f"{LIST}?region=canada", address(listing)]
    before = [body(bob_client.get(path)) for path in paths]
    User.objects.filter(pk=alice.pk).update(
        email="changed@example.net", last_login="2020-01-01T00:00Z", date_joined="2020-01-01T00:00Z"
    )
    Member.objects.filter(user=alice).update(joined_at="2020-01-01T00:00Z", age_method="another")
    assert [body(bob_client.get(path)) for path in paths] == before


def test_listing_tells_nothing_but_what_its_writer_shows(listing: Listing, alice: User, bob_client: Client) -> None:
    for path in (LIST, address(listing)):
        content = bob_client.get(path).content.decode()
        assert alice.email not in content
        assert str(alice.public_id) not in content
        assert f"/personals/{listing.pk}/" not in content


def test_title_says_nothing_about_the_site(listing: Listing, bob_client: Client) -> None:
    for path in (LIST, address(listing), "/personals/mine/"):
        assert b"<title>Members</title>" in bob_client.get(path).content


def test_text_is_plain(alice: User, bob_client: Client) -> None:
    listing = show(alice, headline="<b>Bold</b>", text="<script>alert(1)</script>\n\nSecond\nline {{ user }}")
    page = bob_client.get(address(listing)).content.decode()
    assert "<b>" not in page
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;</p>\n\n<p>Second<br>line {{ user }}</p>" in page


@pytest.mark.parametrize("path", ["/personals/1/", "/personals/x/", "/personals/00000000-0000-4000-8000-00000000000g/"])
def test_other_ids_are_nowhere(bob_client: Client, path: str) -> None:
    assert bob_client.get(path).status_code == 404


def test_list_costs_the_same_however_many_there_are(
    bob_client: Client, bob: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    show(bob)
    bob_client.get(LIST)
    counts = []
    for size in (1, 12):
        for number in range(size):
            show(
                new_member(f"m{size}-{number}@example.org", display_name="Fern"),
                interests=["relactation", "weaning-and-stopping"],
            )
        with django_assert_max_num_queries(14) as queries:
            assert bob_client.get(LIST).content.count(b'<li class="card">') > size
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_reading_costs_little(
    listing: Listing, bob_client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(8):
        assert bob_client.get(address(listing)).status_code == 200


def test_long_lists_have_pages(bob_client: Client) -> None:
    for number in range(21):
        show(new_member(f"m{number}@example.org", display_name="Fern"), headline=f"Listing number {number}")
    pages = [bob_client.get(f"{LIST}?page={page}").content.decode() for page in (1, 2)]
    assert [page.count('<li class="card">') for page in pages] == [20, 1]
    for page in ("0", "-1", "99", "x", "\x00"):
        assert bob_client.get(LIST, {"page": page}).status_code == 200

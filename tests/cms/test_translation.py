"""A language that puts every translated text between ⟦ and ⟧: what stands outside was not marked for translation."""

import re
from collections.abc import Iterator
from datetime import timedelta
from gettext import NullTranslations
from html.parser import HTMLParser

import pytest
from django.test import Client
from django.utils import timezone, translation
from django.utils.translation import trans_real
from wagtail.models import Site

from articles.models import ArticleIndexPage, Category
from cms.previews.links import share, token_of
from cms.users.models import User
from community.membership.models import MembershipPage
from community.membership.setup import set_up_landing_page
from community.personals.models import Interest, Region
from home.models import HomePage, SiteSettings
from tests.pages import ArticleFactory, Block, StandardPageFactory
from tests.personals.listing_factory import show

LETTER = re.compile(r"[^\W\d_]")
READ_ALOUD = {"alt", "aria-label", "aria-description", "placeholder", "title"}
NOT_READ = {"script", "style"}


def mark(text: str) -> str:
    return f"⟦{text}⟧"


class MarkingTranslation(NullTranslations):
    """Stands where Django has one of its languages."""

    def gettext(self, message: str) -> str:
        # A context, where there is one, comes before the text and is no part of it.
        return mark(message.rpartition(trans_real.CONTEXT_SEPARATOR)[2])

    def ngettext(self, singular: str, plural: str, number: int) -> str:
        return self.gettext(singular if number == 1 else plural)

    def to_language(self) -> str:
        return "en-us"


class Unmarked(HTMLParser):
    """Collects what a page says outside of ⟦ and ⟧. A translated text may run on through links and emphasis."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._depth = 0
        self._hidden = 0

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in NOT_READ
        named = dict(attributes)
        if tag == "meta" and named.get("name") == "description":
            self._attribute(named.get("content"))
        if tag == "input" and named.get("type") in {"submit", "button"}:
            self._attribute(named.get("value"))
        for name in READ_ALOUD & named.keys():
            self._attribute(named[name])

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in NOT_READ

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self._note(data)

    def _attribute(self, value: str | None) -> None:
        depth, self._depth = self._depth, 0
        self._note(value or "")
        self._depth = depth

    def _note(self, text: str) -> None:
        outside = ""
        for character in text:
            self._depth += character == "⟦"
            if self._depth == 0:
                outside += character
            self._depth -= character == "⟧"
        if LETTER.search(outside):
            self.found.append(outside.strip())


def unmarked(client: Client, addresses: list[str], *, status: int = 200) -> dict[str, list[str]]:
    """Return address -> texts that were not marked, for the pages that have any."""
    forgotten = {}
    for address in addresses:
        response = client.get(address)
        assert response.status_code == status, address
        page = Unmarked()
        page.feed(response.text)
        if page.found:
            forgotten[address] = page.found
    return forgotten


@pytest.fixture
def marking_language(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    language = MarkingTranslation()
    monkeypatch.setattr(trans_real, "translation", lambda _code: language)
    translation.activate("en-us")
    yield
    translation.deactivate()


@pytest.fixture
def marked_content(home_page: HomePage, article_index: ArticleIndexPage) -> None:
    """Mark what editors wrote, which no catalog translates."""
    set_up_landing_page()
    HomePage.objects.update(title="⟦Dreams of Milk⟧", headline="⟦How milk is made⟧", intro="⟦Articles.⟧")
    ArticleIndexPage.objects.update(title="⟦Articles⟧", intro="⟦What is known.⟧")
    MembershipPage.objects.update(
        title="⟦Membership⟧", headline="⟦A headline⟧", intro="⟦For adults.⟧", call_to_action="⟦Join⟧", sections=[]
    )
    for model in (Category, Interest, Region):
        for row in model.objects.all():
            model.objects.filter(pk=row.pk).update(name=mark(row.name))


def test_a_text_that_was_not_marked_is_found() -> None:
    page = Unmarked()
    page.feed(
        '<p>⟦See <a href="/" title="Forgotten title">the page</a>.⟧ 12 <b>Forgotten</b></p><script>let a</script>'
    )
    assert page.found == ["Forgotten title", "Forgotten"]


def test_readers_pages_can_be_translated(
    client: Client, publish_article: ArticleFactory, marked_content: None, marking_language: None
) -> None:
    articles = [
        publish_article(
            title=f"⟦Prolactin {number}⟧",
            slug=f"prolactin-{number}",
            summary="⟦Makes milk.⟧",
            author="⟦The editors⟧",
            tags=["⟦pituitary⟧"],
            body=[
                ("heading", {"text": "⟦Where⟧", "level": "h2", "anchor": ""}),
                ("paragraph", "<p>⟦In the brain.⟧</p>"),
            ],
        )
        for number in range(13)
    ]
    listings = ["/", "/articles/", "/articles/?page=2", "/articles/tags/pituitary/", "/articles/categories/hormones/"]
    searches = ["/search/", "/search/?q=Prolactin", "/search/?q=9999999"]
    addresses = [*listings, *searches, articles[0].url, "/membership/", "/membership/guidelines/"]
    assert unmarked(client, addresses) == {}
    assert unmarked(client, ["/no/such/page/"], status=404) == {}


def test_what_editors_say_around_the_pages_leaves_nothing_unmarked(
    client: Client, publish_page: StandardPageFactory, marked_content: None, marking_language: None
) -> None:
    body: list[Block] = [("heading", {"text": "⟦People⟧", "level": "h2", "anchor": ""})]
    about = publish_page(title="⟦About⟧", slug="about", intro="⟦Who we are.⟧", body=body, show_in_menus=True)
    publish_page(title="⟦Team⟧", slug="team", parent=about)
    addresses = ["/", "/about/", "/about/team/"]
    # First with the site's own words, then with those of editors.
    assert unmarked(client, addresses) == {}
    SiteSettings.objects.create(
        site=Site.objects.get(is_default_site=True),
        description="⟦Milk.⟧",
        footer_text="⟦Made with care.⟧",
        contact_email="hello@example.org",
        footer_links=[("link", {"label": "⟦Imprint⟧", "page": about, "address": ""})],
    )
    assert unmarked(client, addresses) == {}
    for address in ("/no/such/page/", "/about/nothing/", "/articles/nothing/"):
        assert unmarked(client, [address], status=404) == {}


def test_previews_can_be_translated(
    client: Client, draft_article: ArticleFactory, admin: User, marked_content: None, marking_language: None
) -> None:
    draft = draft_article(
        title="⟦Soon⟧", slug="soon", summary="⟦What is to come.⟧", author="⟦The editors⟧", text="⟦Milk.⟧"
    )
    link = share(page=draft, user=admin, lifetime=timedelta(days=1), now=timezone.now())
    assert unmarked(client, [f"/preview/{token_of(link)}/"]) == {}
    assert unmarked(client, ["/preview/nothing/"], status=404) == {}
    told = client.get("/api/preview/nothing/").json()["detail"]
    assert told.startswith("⟦")


@pytest.mark.usefixtures("open_community", "marked_content", "marking_language")
def test_the_ways_in_can_be_translated(client: Client) -> None:
    addresses = ["/accounts/login/", "/accounts/signup/", "/accounts/login/code/", "/accounts/password/reset/"]
    assert unmarked(client, addresses) == {}


def test_members_pages_can_be_translated(
    alice: User, alice_client: Client, bob: User, marked_content: None, marking_language: None
) -> None:
    User.objects.update(display_name="⟦Linden⟧")
    show(alice, headline="⟦Evenings⟧", text="⟦I read a lot.⟧")
    theirs = show(bob, headline="⟦By the lake⟧", text="⟦I read a lot.⟧")
    listings = ["/personals/", "/personals/?q=9999", "/personals/mine/", "/personals/mine/delete/"]
    account = ["/accounts/password/change/", "/accounts/2fa/", "/accounts/logout/", "/accounts/reauthenticate/"]
    addresses = [*listings, *account, f"/personals/{theirs.public_id}/"]
    assert unmarked(alice_client, addresses) == {}
    assert unmarked(alice_client, ["/personals/nothing-here/"], status=404) == {}

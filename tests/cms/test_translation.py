"""A language that puts every translated text between ⟦ and ⟧: what stands outside was not marked for translation."""

import datetime as dt
import re
from collections.abc import Iterator
from gettext import NullTranslations
from html.parser import HTMLParser

import pytest
from bs4 import BeautifulSoup
from django.db.models import F
from django.test import Client
from django.utils import timezone, translation
from django.utils.translation import trans_real
from wagtail.models import Page

from articles.models import ArticleIndexPage, ArticlePage, Category
from cms.pipeline.models import Event, PageChange
from cms.pipeline.webhooks.delivering import send_test
from cms.pipeline.webhooks.models import Attempt, Endpoint, Fault
from cms.pipeline.webhooks.signing import rotate
from cms.users.models import User
from community.membership.models import MembershipPage
from community.membership.setup import set_up_landing_page
from community.personals.models import Interest, Region
from home.models import HomePage
from tests.pages import ArticleFactory
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


def unmarked(client: Client, addresses: list[str], *, status: int = 200, part: str = "html") -> dict[str, list[str]]:
    """Return address -> texts that were not marked, for the pages that have any."""
    forgotten = {}
    for address in addresses:
        response = client.get(address)
        assert response.status_code == status, address
        if found := unmarked_in(response.text, part=part):
            forgotten[address] = found
    return forgotten


def unmarked_in(text: str, *, part: str) -> list[str]:
    """Return what was not marked in those parts of a page that a selector chooses."""
    soup = BeautifulSoup(text, "html.parser")
    for code in soup.select("[translate=no]"):
        code.decompose()
    # What Wagtail itself does not mark: the name of its actions, and a counter that is not shown.
    for navigation in soup.select("#w-slim-header-buttons"):
        del navigation["aria-label"]
    for counter in soup.select("[data-side-panel-toggle-counter][hidden]"):
        counter.decompose()
    chosen = soup.select(part)
    assert chosen, f"The page has no {part}"
    page = Unmarked()
    for element in chosen:
        page.feed(str(element))
    return page.found


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


@pytest.fixture
def stuck(editor: User, publish_article: ArticleFactory) -> ArticlePage:
    """An article of which nothing has arrived anywhere: each consumer fails, waits or has given up."""
    article = publish_article(title="⟦Prolactin⟧", slug="prolactin")
    late = publish_article(title="⟦Oxytocin⟧", slug="oxytocin")
    now = timezone.now()
    Page.objects.update(draft_title=F("title"))
    User.objects.update(display_name="⟦Editor⟧")
    Page.objects.filter(pk=late.pk).update(expire_at=now - dt.timedelta(hours=1))
    endpoint = Endpoint.objects.create(name="⟦Shop front⟧", url="⟦https://1.1.1.1/hook⟧")
    rotate(endpoint=endpoint, now=now)
    for fault in Fault:
        event = send_test(endpoint=endpoint, now=now)
        event.attempts, event.last_failed_at, event.last_error = 3, now, f"FailedForNow: {mark(str(fault.label))}"
        event.page_id, event.label = article.pk, "⟦Shop front: tested⟧"
        event.save()
        for status, why in ((None, fault), (503, ""), (None, "")):
            Attempt.objects.create(
                event=event, at=now, status=status, fault=why, error="not for editors", milliseconds=7
            )
    Event.objects.filter(pk=event.pk).update(dead_at=now)
    PageChange.objects.filter(page_id=article.pk).update(
        attempts=2, last_failed_at=now, last_error="ValueError: not for editors", finished_at=None
    )
    return article


@pytest.mark.usefixtures("marked_content", "marking_language")
def test_what_editors_see_of_publishing_can_be_translated(editor_client: Client, stuck: ArticlePage) -> None:
    report = "/admin/reports/publishing/"
    row = PageChange.objects.filter(page_id=stuck.pk).latest("pk")
    own = f"/admin/pages/{stuck.pk}/publishing/"
    searched = [f"{report}?state={state}" for state in ("waiting", "failing", "dead")]
    addresses = [own, f"{own}retry/", report, *searched, f"{report}?title=9999", f"{report}retry/change/{row.pk}/"]
    assert unmarked(editor_client, addresses, part="#main") == {}
    PageChange.objects.update(finished_at=timezone.now())
    Event.objects.update(finished_at=timezone.now())
    assert unmarked(editor_client, [own, f"{own}retry/", report], part="#main") == {}
    assert unmarked(editor_client, ["/admin/"], part=".desk-panel") == {}


@pytest.mark.usefixtures("marked_content", "marking_language")
def test_what_editors_see_of_webhooks_can_be_translated(editor_client: Client, stuck: ArticlePage) -> None:
    endpoint = Endpoint.objects.get()
    own = [f"/admin/webhooks/{action}/{endpoint.pk}/" for action in ("inspect", "edit", "delete", "history")]
    assert unmarked(editor_client, ["/admin/webhooks/", "/admin/webhooks/new/", *own], part="#main") == {}
    rotated = editor_client.post(f"/admin/webhooks/{endpoint.pk}/rotate/")
    assert unmarked_in(rotated.text, part="#main") == []
    editor_client.post(f"/admin/webhooks/{endpoint.pk}/test/")
    Endpoint.objects.update(active=False, gone_at=timezone.now())
    assert unmarked(editor_client, ["/admin/webhooks/", *own], part="#main") == {}
    assert unmarked(editor_client, [own[0]], part=".messages, #main") == {}

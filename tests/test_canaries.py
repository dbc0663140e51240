"""What must not show appears nowhere: hidden articles are planted, and every address of the site is looked at.

Each hidden article carries a word of its own in everything that an article is made of. Whoever adds an address to the
site adds it to `VISITS`, or to `PLAIN`; an address that nobody classified fails the sweep.
"""

import datetime as dt
import itertools
import json
import re
from collections.abc import Callable, Iterator
from ipaddress import ip_network
from typing import NamedTuple

import pytest
import time_machine
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http.response import HttpResponseBase
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone
from pytest_django import Settings
from wagtail.contrib.redirects.models import Redirect
from wagtail.documents import get_document_model
from wagtail.images import get_image_model
from wagtail.images.tests.utils import get_test_image_file
from wagtail.models import PageViewRestriction

from articles.models import ArticleIndexPage, ArticlePage, ArticleSource
from cms.pipeline.models import Event
from cms.pipeline.scheduled import ScheduledPublishing
from cms.pipeline.webhooks.models import Endpoint
from cms.pipeline.webhooks.signing import rotate
from cms.pipeline.worker import drain
from cms.users.models import User
from home.models import HomePage
from search.interface import get_engine
from tests.commits import commit
from tests.page_cache.browsing import Browser
from tests.page_cache.conftest import NewFront, new_front  # noqa: F401 - a fixture
from tests.pages import ArticleFactory
from tests.people import client_of, new_user
from tests.personals.listing_factory import show
from tests.search.conftest import (  # noqa: F401 - fixtures
    _elasticsearch_engine,
    elasticsearch_engine,
    feed_elasticsearch,
    on_elasticsearch,
)
from tests.services.receiver import Receiver

# In every article, hidden or not: what a reader types to find them all.
BAIT = "lanternfish"
SHOWN = "plainlyvisible"
# In a listing that every member may read.
LISTED = "listingcanary"
HIDDEN = (
    "draftcanary", "scheduledcanary", "expiredcanary", "passwordcanary", "groupcanary", "unpublishedcanary",
    "aliascanary",
)  # fmt: skip

# route -> the addresses to visit there. What stands in braces is filled in for each hidden article in turn.
VISITS: dict[str, list[str]] = {
    "healthz": ["/healthz"],
    "readyz": ["/readyz"],
    "metrics": ["/metrics"],
    "search/": [
        "/search/",
        f"/search/?q={BAIT}",
        f"/search/?q={BAIT}&page=2",
        f"/search/?q={BAIT}&category=hormones",
        f"/search/?q={BAIT}&tag={{tag}}",
        "/search/?q={word}",
        "/search/?q={misspelt}",
    ],
    "api/": ["/api/"],
    "api/openapi.json": ["/api/openapi.json"],
    "api/docs/": ["/api/docs/"],
    "api/v2/^pages/": [
        "/api/v2/pages/?fields=*",
        "/api/v2/pages/?type=articles.ArticlePage&fields=*&order=-title",
        "/api/v2/pages/?slug={slug}",
        "/api/v2/pages/?child_of={page}",
        "/api/v2/pages/?descendant_of={page}",
        "/api/v2/pages/?ancestor_of={page}",
        "/api/v2/pages/?translation_of={page}",
        "/api/v2/pages/?search={word}",
    ],
    "api/v2/^pages/<int:pk>/": ["/api/v2/pages/{page}/", "/api/v2/pages/{page}/?fields=*"],
    "api/v2/^pages/find/": ["/api/v2/pages/find/?id={page}", "/api/v2/pages/find/?html_path=/articles/{slug}/"],
    "api/v2/^images/": ["/api/v2/images/", "/api/v2/images/?fields=*", "/api/v2/images/?id={image}"],
    "api/v2/^images/<int:pk>/": ["/api/v2/images/{image}/"],
    "api/v2/^images/find/": ["/api/v2/images/find/?id={image}"],
    "api/v2/^documents/": ["/api/v2/documents/", "/api/v2/documents/?fields=*", "/api/v2/documents/?id={document}"],
    "api/v2/^documents/<int:pk>/": ["/api/v2/documents/{document}/"],
    "api/v2/^documents/find/": ["/api/v2/documents/find/?id={document}"],
    "api/v2/^redirects/": ["/api/v2/redirects/", "/api/v2/redirects/?fields=*"],
    "api/v2/^redirects/<int:pk>/": ["/api/v2/redirects/{redirect}/"],
    "api/v2/^redirects/find/": [
        "/api/v2/redirects/find/?id={redirect}",
        "/api/v2/redirects/find/?html_path=/old-{slug}",
    ],
    "api/search/": [
        f"/api/search/?q={BAIT}",
        f"/api/search/?q={BAIT}&page_size=50",
        f"/api/search/?q={BAIT}&tag={{tag}}",
        "/api/search/?q={word}",
        "/api/search/?q={misspelt}",
    ],
    "api/suggest/": [
        f"/api/suggest/?q={BAIT}",
        "/api/suggest/?q={word}",
        "/api/suggest/?q={start}",
    ],
    "api/articles/": [
        "/api/articles/",
        "/api/articles/?fields=title,body,contents",
        "/api/articles/?tag={tag}",
        "/api/articles/?category=hormones&page_size=1",
        "/api/articles/?page_size=1&page=2",
        "/api/articles/?reviewed_since=2000-01-01",
        "/api/articles/?fields=title,sources,body",
        "/api/articles/?before=9999999999999999.1",
    ],
    "api/articles/<slug>/": ["/api/articles/{slug}/", f"/api/articles/{SHOWN}-slug/"],
    "api/site/": ["/api/site/"],
    "api/pages/": ["/api/pages/", "/api/pages/?page_size=1&after={page_before}"],
    "api/pages/find/": [
        "/api/pages/find/?path=/",
        "/api/pages/find/?path=/articles/",
        "/api/pages/find/?path=/articles/{slug}/",
        "/api/pages/find/?path=/open/{slug}/",
    ],
    "api/redirects/": ["/api/redirects/", "/api/redirects/?page_size=1&after={redirect_before}"],
    "api/redirects/find/": ["/api/redirects/find/?path=/old-{slug}/"],
    "api/preview/<token>/": ["/api/preview/{slug}/", "/api/preview/{page}/"],
    "robots.txt": ["/robots.txt"],
    "sitemap.xml": ["/sitemap.xml"],
    "feeds/articles.atom": ["/feeds/articles.atom"],
    "feeds/articles.json": ["/feeds/articles.json"],
    "preview/<str:token>/": ["/preview/{slug}/", "/preview/{page}/"],
    "media/<path:name>": ["/media/{file}", "/media/{rendition}"],
    r"^documents/(\d+)/(.*)$": ["/documents/{document}/{document_file}"],
    r"documents/^(\d+)/(.*)$": ["/documents/{document}/{document_file}"],
    "_util/authenticate_with_password/<int:page_view_restriction_id>/<int:page_id>/": [
        "/_util/authenticate_with_password/{restriction}/{page}/"
    ],
    r"^((?:[\w\-]+/)*)$": [
        "/",
        "/articles/",
        "/articles/?page=2",
        "/articles/categories/hormones/",
        "/articles/tags/shared/",
        "/articles/tags/{tag}/",
        "/articles/{slug}/",
        "/closed/{slug}/",
        "/open/",
        "/open/{slug}/",
        "/membership/",
        "/nowhere/",
        "/nowhere/{slug}/",
    ],
}
# Of these, everything that the page cache keeps: it must be seen to answer there, or the sweep would look past it.
KEPT = [
    "/",
    "/articles/",
    "/articles/categories/hormones/",
    "/articles/tags/shared/",
    f"/articles/{SHOWN}-slug/",
    "/api/articles/",
    f"/api/articles/{SHOWN}-slug/",
    "/api/pages/",
    "/feeds/articles.atom",
    "/feeds/articles.json",
    "/sitemap.xml",
]
# Routes that are visited as they stand, with a hidden article's number for whatever they take.
PLAIN = frozenset(
    [
        "_util/login/",
        "accounts/2fa/",
        "accounts/2fa/authenticate/",
        "accounts/2fa/reauthenticate/",
        "accounts/2fa/recovery-codes/",
        "accounts/2fa/recovery-codes/download/",
        "accounts/2fa/recovery-codes/generate/",
        "accounts/2fa/totp/activate/",
        "accounts/2fa/totp/deactivate/",
        "accounts/2fa/webauthn/",
        "accounts/2fa/webauthn/add/",
        "accounts/2fa/webauthn/keys/<int:pk>/edit/",
        "accounts/2fa/webauthn/keys/<int:pk>/remove/",
        "accounts/2fa/webauthn/login/",
        "accounts/2fa/webauthn/reauthenticate/",
        "accounts/^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        "accounts/confirm-email/",
        "accounts/email/",
        "accounts/inactive/",
        "accounts/login/",
        "accounts/login/code/",
        "accounts/login/code/confirm/",
        "accounts/logout/",
        "accounts/password/change/",
        "accounts/password/reset/",
        "accounts/password/reset/done/",
        "accounts/password/reset/key/done/",
        "accounts/password/set/",
        "accounts/reauthenticate/",
        "accounts/signup/",
        "documents/authenticate_with_password/<int:restriction_id>/",
        "membership/guidelines/",
        "membership/join/",
        "personals/",
        "personals/<uuid:public_id>/",
        "personals/mine/",
        "personals/mine/delete/",
        "personals/mine/withdraw/",
    ]
)


def is_plain(route: str) -> bool:
    """Tell whether a route is visited as it stands; those of the admin are Wagtail's own, and many."""
    return route in PLAIN or route.startswith("admin/")


class Canary(NamedTuple):
    """A planted article, and what fills in the braces of `VISITS`."""

    page: ArticlePage
    places: dict[str, str]


Canaries = dict[str, Canary]


def routes(patterns: list[URLPattern | URLResolver] | None = None, prefix: str = "") -> Iterator[str]:
    """Yield every route of the site."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, route)
        else:
            yield route


def filled_in(route: str, *, number: int) -> str:
    """Return an address of a route, with `number` for whatever it takes."""
    address = re.sub(r"<uuid:\w+>", "00000000-0000-4000-8000-000000000000", route)
    address = re.sub(r"<(?:\w+:)?\w+>", str(number), address)
    address = re.sub(r"\(\?P<?\w*>?(?:[^()]|\([^()]*\))*\)|\[[^]]*\][+*]?", str(number), address)
    return "/" + address.replace("^", "").replace("$", "").replace("\\", "")


@pytest.fixture
def reader(new_front: NewFront) -> Browser:  # noqa: F811 - the fixture
    """A reader's browser behind a page cache of its own, which keeps what it may from the first visit on."""
    return Browser(handler=new_front())


@pytest.fixture
def member(reader: Browser, alice_client: Client) -> Browser:
    """A member's browser, behind the page cache that `reader` is behind."""
    browser = Browser(handler=reader.handler)
    browser.cookies = alice_client.cookies
    return browser


@pytest.fixture
def plant(draft_article: ArticleFactory) -> Callable[[str], Canary]:
    """Write an article that has `word` in everything it is made of."""

    def write(word: str) -> Canary:
        image = get_image_model().objects.create(title=f"{word} image", file=get_test_image_file(f"{word}.png"))
        upload = SimpleUploadedFile(f"{word}.txt", word.encode())
        document = get_document_model().objects.create(title=f"{word} document", file=upload)
        page = draft_article(
            title=f"{word} title",
            slug=f"{word}-slug",
            summary=f"{word} summary",
            author=f"{word} author",
            tags=[f"{word}tag", "shared"],
            sources=[ArticleSource(title=f"{word} source", authors=f"{word} authors")],
            body=[
                ("paragraph", f"<p>{BAIT} {word} lead</p>"),
                ("heading", {"text": f"{word} heading", "level": "h2", "anchor": ""}),
                (
                    "paragraph",
                    f'<p>{BAIT} {word} passage <a linktype="document" id="{document.pk}">{word} chart</a></p>',
                ),
                ("image", {"image": image, "alt": f"{word} alt", "caption": f"{word} caption", "credit": ""}),
                ("quote", {"text": f"{word} quote", "attribution": ""}),
            ],
        )
        redirect = Redirect.add_redirect(f"/old-{page.slug}/", page)
        places = {
            "word": word,
            "misspelt": f"{word[:-1]}u",
            "start": word[:5],
            "page": str(page.pk),
            "page_before": str(page.pk - 1),
            "slug": page.slug,
            "tag": f"{word}tag",
            "file": image.file.name,
            "image": str(image.pk),
            "redirect": str(redirect.pk),
            "redirect_before": str(redirect.pk - 1),
            "rendition": image.get_rendition("width-400").file.name,
            "document": str(document.pk),
            "document_file": document.filename,
            "restriction": "0",
        }
        return Canary(page=page, places=places)

    return write


@pytest.fixture
def canaries(plant: Callable[[str], Canary], home_page: HomePage, settings: Settings) -> Canaries:
    """All of them, public or written as far as they will ever be, and in the index as far as they are public."""
    # A sweep asks for more within a minute than one client may, and would see refusals instead of answers.
    settings.API_RATE_LIMIT = 0
    planted = {word: plant(word) for word in (*HIDDEN, SHOWN)}
    closed = home_page.add_child(instance=ArticleIndexPage(title="Closed", slug="closed"))
    planted["aliascanary"].page.move(closed, pos="last-child")
    for word, canary in planted.items():
        article = canary.page.get_latest_revision_as_object()
        if word == "scheduledcanary":
            article.go_live_at = timezone.now() + dt.timedelta(days=1)
        if word != "draftcanary":
            article.save_revision().publish()
    # What is under an alias of a section shows what is under the section.
    again(planted["aliascanary"]).get_parent().create_alias(recursive=True, parent=home_page, update_slug="open")
    drain()
    return planted


def hide(canaries: Canaries) -> None:
    """Hide what is public, each in its own way, as an editor or the clock does."""
    ArticlePage.objects.get(pk=canaries["unpublishedcanary"].page.pk).unpublish()
    # The moment has passed and no worker has been round yet: the page is still live.
    expired = ArticlePage.objects.get(pk=canaries["expiredcanary"].page.pk)
    expired.expire_at = timezone.now() - dt.timedelta(minutes=1)
    expired.save()
    with_password = PageViewRestriction.objects.create(
        page=canaries["passwordcanary"].page, restriction_type=PageViewRestriction.PASSWORD, password="open sesame"
    )
    canaries["passwordcanary"].places["restriction"] = str(with_password.pk)
    PageViewRestriction.objects.create(
        page=again(canaries["aliascanary"]).get_parent(),
        restriction_type=PageViewRestriction.PASSWORD,
        password="open sesame",
    )
    for_group = PageViewRestriction.objects.create(
        page=canaries["groupcanary"].page, restriction_type=PageViewRestriction.GROUPS
    )
    for_group.groups.add(Group.objects.create(name="The few"))
    commit()


def addresses(canaries: Canaries) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield every address of the site, with the places that were filled in."""
    for route in sorted(set(routes())):
        if not is_plain(route):
            for address in VISITS[route]:
                yield from _filled_in_for_each(address, canaries)
        else:
            yield filled_in(route, number=canaries["draftcanary"].page.pk), {}


def _filled_in_for_each(address: str, canaries: Canaries) -> Iterator[tuple[str, dict[str, str]]]:
    if "{" not in address:
        yield address, {}
        return
    for word in HIDDEN:
        places = canaries[word].places
        yield address.format(**places), {name: text for name, text in places.items() if f"{{{name}}}" in address}


def visit(client: Client, canaries: Canaries) -> None:
    """Look at everything that is no form, so that all that may be kept is kept as it is now."""
    for address in itertools.chain.from_iterable(VISITS.values()):
        for filled, _places in _filled_in_for_each(address, canaries):
            client.get(filled)


def text_of(response: HttpResponseBase) -> str:
    body = b"".join(response) if response.streaming else response.content  # type: ignore[attr-defined]
    return body.decode("utf-8", errors="replace") + str(response.headers)


def leaks(client: Client, canaries: Canaries, *, under: str = "/") -> list[str]:
    """Visit every address that begins with `under`, and return what shows a hidden word or fails."""
    found = []
    for address, typed in addresses(canaries):
        if not address.startswith(under):
            continue
        # The second time, whatever may have been kept of the first is what answers.
        for response in (client.get(address), client.get(address)):
            text = text_of(response)
            # What the visitor typed comes back to them; anything more is the site's own.
            for echo in typed.values():
                text = re.sub(rf"\b{re.escape(echo)}\b", "", text)
            found += [f"{address} shows {word}" for word in HIDDEN if word in text]
            if response.status_code >= 500 or response.status_code == 429:
                found.append(f"{address} answers {response.status_code}")
    return found


def assert_searches_count_only_what_is_shown(client: Client, canaries: Canaries) -> None:
    found = client.get(f"/api/search/?q={BAIT}").json()
    assert [result["title"] for result in found["results"]] == [f"{SHOWN} title"]
    assert found["total"] == 1
    assert {facet["value"]: facet["count"] for facet in found["facets"]["tag"]} == {f"{SHOWN}tag": 1, "shared": 1}
    assert [facet["count"] for facet in found["facets"]["category"]] == [1]
    for word in HIDDEN:
        answer = client.get(f"/api/search/?q={word}").json()
        assert (answer["total"], answer["did_you_mean"]) == (0, None), word
        misspelt = client.get(f"/api/search/?q={canaries[word].places['misspelt']}").json()
        assert misspelt["did_you_mean"] != word
        assert client.get(f"/api/suggest/?q={word[:5]}").json()["suggestions"] == [], word


@pytest.fixture
def receiver(settings: Settings) -> Iterator[Receiver]:
    """Somebody who is told by webhook of whatever becomes of pages."""
    settings.WEBHOOK_ALLOWED_NETWORKS = [ip_network("127.0.0.0/8")]
    receiver = Receiver()
    receiver.start()
    yield receiver
    receiver.stop()


def told_of(receiver: Receiver, page: ArticlePage) -> list[str]:
    """Return all that a receiver was told of a page, as it was sent."""
    return [
        f"{request.headers} {request.body.decode()}"
        for request in receiver.requests
        if json.loads(request.body)["data"]["id"] == page.pk
    ]


def again(canary: Canary) -> ArticlePage:
    return ArticlePage.objects.get(pk=canary.page.pk)


def test_every_address_is_classified() -> None:
    assert [route for route in routes() if route not in VISITS and not is_plain(route)] == []
    assert {*VISITS, *PLAIN} - set(routes()) == set()


def test_the_sweep_sees_what_is_shown_and_what_is_kept_of_it(reader: Browser, canaries: Canaries) -> None:
    for address in (
        *KEPT, f"/search/?q={BAIT}", f"/api/search/?q={BAIT}", f"/api/suggest/?q={SHOWN[:5]}", "/api/v2/pages/",
        "/api/v2/images/", "/api/v2/documents/", "/api/v2/redirects/",
    ):  # fmt: skip
        assert SHOWN in text_of(reader.get(address)), address
    asked = reader.rendered
    for address in KEPT:
        assert SHOWN in text_of(reader.get(address)), address
    assert reader.rendered == asked
    assert reader.get(f"/media/{canaries[SHOWN].places['rendition']}").status_code == 200


def test_no_address_shows_a_hidden_article_to_a_reader(reader: Browser, canaries: Canaries) -> None:
    visit(reader, canaries)
    hide(canaries)
    # The index still holds what was public a moment ago, and the page cache had it.
    assert leaks(reader, canaries) == []
    assert_searches_count_only_what_is_shown(reader, canaries)
    drain()
    assert leaks(reader, canaries, under="/search/") == []
    assert_searches_count_only_what_is_shown(reader, canaries)


def test_no_address_shows_a_hidden_article_to_a_member(reader: Browser, member: Browser, canaries: Canaries) -> None:
    visit(reader, canaries)
    hide(canaries)
    assert leaks(member, canaries) == []


@pytest.mark.parametrize("outsider", ["anonymous", "account", "editor"])
def test_no_address_shows_a_listing_to_an_outsider(
    outsider: str, charlie: User, article_index: ArticleIndexPage, request: pytest.FixtureRequest, settings: Settings
) -> None:
    settings.API_RATE_LIMIT = 0
    # One word is asked for and comes back in the form; the other is nobody's but the listing's.
    listing = show(charlie, headline=f"{BAIT} {LISTED}", text=f"I like {BAIT} and {LISTED}.")
    drain()
    clients: dict[str, Callable[[], Client]] = {
        "anonymous": Client,
        "account": lambda: client_of(new_user("somebody@example.org", display_name="Somebody")),
        "editor": lambda: request.getfixturevalue("editor_client"),
    }
    client = clients[outsider]()
    client.raise_request_exception = False  # Wagtail has an address that fails on purpose.
    fixed = [address for address in itertools.chain.from_iterable(VISITS.values()) if "{" not in address]
    plain = [filled_in(route, number=article_index.pk) for route in sorted(set(routes())) if is_plain(route)]
    asked = [f"{address}?q={BAIT}" for address in ("/search/", "/api/search/", "/api/suggest/", "/personals/")]
    for address in (*fixed, *plain, *asked, f"/personals/{listing.public_id}/"):
        assert LISTED not in text_of(client.get(address)), address


def test_an_expiry_holds_from_its_moment_on(reader: Browser, canaries: Canaries) -> None:
    hide(canaries)
    article = canaries["draftcanary"].page.get_latest_revision_as_object()
    article.expire_at = timezone.now() + dt.timedelta(minutes=10)
    article.save_revision().publish()
    commit()
    drain()
    visit(reader, canaries)
    assert reader.get("/api/search/?q=draftcanary").json()["total"] == 1
    assert reader.get(article.url).status_code == 200
    with time_machine.travel(article.expire_at):
        # Neither has a worker been round, nor has anybody told the page cache.
        assert leaks(reader, canaries) == []
        assert_searches_count_only_what_is_shown(reader, canaries)


def test_a_scheduled_article_shows_when_its_moment_has_come(reader: Browser, canaries: Canaries) -> None:
    hide(canaries)
    visit(reader, canaries)
    with time_machine.travel(timezone.now() + dt.timedelta(days=2)):
        assert leaks(reader, canaries, under="/search/") == []
        assert [address for address in KEPT if "scheduledcanary" in text_of(reader.get(address))] == []
        ScheduledPublishing().run()
        commit()
        drain()
        assert reader.get("/api/search/?q=scheduledcanary").json()["total"] == 1
        lists = [address for address in KEPT if SHOWN not in address]
        assert [address for address in lists if "scheduledcanary" not in text_of(reader.get(address))] == []


@pytest.mark.usefixtures("on_elasticsearch")
def test_elasticsearch_shows_no_hidden_article(client: Client, canaries: Canaries) -> None:
    get_engine().entries()  # makes what was written visible to searches
    assert client.get("/api/search/?q=passwordcanary").json()["engine"] == "elasticsearch"
    hide(canaries)
    for under in ("/search/", "/api/search/", "/api/suggest/"):
        assert leaks(client, canaries, under=under) == []
    assert_searches_count_only_what_is_shown(client, canaries)
    drain()
    get_engine().entries()
    for under in ("/search/", "/api/search/", "/api/suggest/"):
        assert leaks(client, canaries, under=under) == []
    assert_searches_count_only_what_is_shown(client, canaries)


def test_no_webhook_tells_of_a_hidden_article(canaries: Canaries, receiver: Receiver) -> None:
    rotate(endpoint=Endpoint.objects.create(name="Shop front", url=receiver.url), now=timezone.now())
    home = HomePage.objects.get()
    never_public = {"draftcanary", "scheduledcanary"}
    # Public when it was written down, and hidden by the time that it is sent.
    for word in (SHOWN, *HIDDEN):
        if word not in never_public:
            again(canaries[word]).save_revision().publish()
    hide(canaries)
    drain()
    # Whatever is done to hidden articles: written, published for the few, moved, scheduled, deleted.
    for word in HIDDEN:
        page = again(canaries[word])
        page.title = f"{word} another title"
        page.save_revision()
    for word in ("passwordcanary", "groupcanary"):
        again(canaries[word]).get_latest_revision().publish()
    drain()
    for word in HIDDEN:
        page = again(canaries[word])
        # What is moved out of a closed section is closed no longer.
        (page.get_parent() if word == "aliascanary" else page).move(home, pos="last-child")
    drain()
    for word in HIDDEN:
        again(canaries[word]).delete()
    drain()
    assert not Event.objects.unfinished().exists()
    assert f"{SHOWN} title" in "".join(told_of(receiver, canaries[SHOWN].page))
    for word in HIDDEN:
        page = canaries[word].page
        told = told_of(receiver, page)
        assert bool(told) == (word not in never_public)
        # Where it was found before is what a receiver needs to forget it.
        assert word not in re.sub(rf"/(articles|closed)/{page.slug}/", "", "".join(told))
    assert not any(word in request.body.decode() for request in receiver.requests for word in never_public)

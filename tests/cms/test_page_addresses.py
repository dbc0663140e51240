"""The addresses that pages cannot have: a part of the site itself answers there."""

import pytest
from bs4 import BeautifulSoup
from django.core.exceptions import ValidationError
from django.http.response import HttpResponseBase
from django.test import Client
from django.urls import reverse
from wagtail.models import Page
from wagtail.test.utils.form_data import inline_formset, nested_form_data, streamfield

from articles.models import ArticleIndexPage
from cms.page_addresses import PageWithAddress
from community.membership.models import MembershipPage
from home.models import HomePage, StandardPage
from tests.pages import ArticleFactory, StandardPageFactory

REFUSED = "A part of the site itself has this address."
OF_THE_SITE = ["search", "api", "admin", "personals", "accounts", "account", "messages", "report"]


def text_of(response: HttpResponseBase) -> str:
    return " ".join(BeautifulSoup(response.getvalue(), "html.parser").get_text(" ").split())


def copy(client: Client, page: Page, *, slug: str, parent: Page | None = None, **more: str) -> HttpResponseBase:
    to = (parent or page.get_parent()).pk
    data = {"new_title": "Copy", "new_slug": slug, "new_parent_page": to, **more}
    return client.post(reverse("wagtailadmin_pages:copy", args=[page.pk]), data)


def test_every_page_under_the_home_page_keeps_off_the_sites_own_addresses() -> None:
    models = [model for model in HomePage.allowed_subpage_models() if model.is_creatable]
    assert {ArticleIndexPage, StandardPage, MembershipPage} <= set(models)
    assert [model for model in models if not issubclass(model, PageWithAddress)] == []


@pytest.mark.parametrize("slug", OF_THE_SITE)
def test_no_page_under_the_home_page_takes_an_address_of_the_site(home_page: HomePage, slug: str) -> None:
    for page in (StandardPage(title="A", slug=slug), ArticleIndexPage(title="A", slug=slug)):
        with pytest.raises(ValidationError) as refusal:
            home_page.add_child(instance=page)
        assert list(refusal.value.message_dict) == ["slug"]


@pytest.mark.parametrize("slug", [*OF_THE_SITE, "healthz"])
def test_further_down_the_same_words_are_free(client: Client, publish_page: StandardPageFactory, slug: str) -> None:
    page = publish_page(title="About", parent=publish_page(title="Project"), slug=slug)
    assert client.get(page.url).status_code == 200


def test_whole_addresses_count(home_page: HomePage, draft_article: ArticleFactory) -> None:
    index = home_page.add_child(instance=ArticleIndexPage(title="Membership", slug="membership"))
    assert draft_article(parent=index, slug="leave").url == "/membership/leave/"
    with pytest.raises(ValidationError) as refusal:
        draft_article(parent=index, slug="join")
    assert list(refusal.value.message_dict) == ["slug"]


def test_the_form_of_a_new_page_says_so(admin_client: Client, home_page: HomePage) -> None:
    address = reverse("wagtailadmin_pages:add", args=["articles", "articleindexpage", home_page.pk])
    fields = {"title": "Find", "intro": "", "comments": inline_formset([]), "action-publish": "1"}
    answer = admin_client.post(address, nested_form_data({**fields, "slug": "search"}))
    assert answer.status_code == 200
    assert text_of(answer).count(REFUSED) == 1
    assert not ArticleIndexPage.objects.exists()
    assert admin_client.post(address, nested_form_data({**fields, "slug": "find"})).status_code == 302


def test_the_form_of_a_page_that_is_there_says_so_once(admin_client: Client, publish_page: StandardPageFactory) -> None:
    page = publish_page(title="About")
    fields = {"title": "About", "slug": "search", "intro": "", "body": streamfield([]), "comments": inline_formset([])}
    for button in ({}, {"action-publish": "1"}):
        answer = admin_client.post(
            reverse("wagtailadmin_pages:edit", args=[page.pk]), nested_form_data({**fields, **button})
        )
        assert text_of(answer).count(REFUSED) == 1
    assert StandardPage.objects.get().slug == "about"


@pytest.mark.parametrize("more", [{}, {"publish_copies": "on"}, {"alias": "on"}])
def test_a_copy_to_an_address_of_the_site_is_refused_in_the_form(
    admin_client: Client, publish_page: StandardPageFactory, home_page: HomePage, more: dict[str, str]
) -> None:
    page = publish_page(title="About")
    answer = copy(admin_client, page, slug="search", **more)
    assert answer.status_code == 200
    assert REFUSED in text_of(answer)
    assert StandardPage.objects.count() == 1
    # The same word is free further down.
    assert copy(admin_client, page, slug="search", parent=page, **more).status_code == 302
    # And what was there cannot come up.
    below = StandardPage.objects.get(slug="search")
    assert REFUSED in text_of(copy(admin_client, below, slug="search", parent=home_page, **more))


def test_a_page_is_not_moved_to_an_address_of_the_site(
    admin_client: Client, publish_page: StandardPageFactory, home_page: HomePage
) -> None:
    about = publish_page(title="About")
    below = publish_page(title="Search", parent=about)
    team = publish_page(title="Team", parent=about)
    move = reverse("wagtailadmin_pages:move_confirm", args=[below.pk, home_page.pk])
    assert REFUSED in text_of(admin_client.post(move, follow=True))
    bulk = reverse("wagtail_bulk_action", args=["wagtailcore", "page", "move"])
    answer = admin_client.post(f"{bulk}?id={below.pk}&id={team.pk}", {"chooser": home_page.pk}, follow=True)
    assert f"Search: {REFUSED}" in text_of(answer)
    assert {page.url for page in StandardPage.objects.child_of(about)} == {below.url, team.url}
    admin_client.post(f"{bulk}?id={team.pk}", {"chooser": home_page.pk})
    assert StandardPage.objects.get(pk=team.pk).url == "/team/"

"""What editors say of the site as a whole, around every page."""

from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from wagtail.models import Site

from home.models import FooterLinkBlock, HomePage, SiteSettings
from tests.pages import ArticleFactory, StandardPageFactory


@pytest.fixture
def texts(home_page: HomePage) -> SiteSettings:
    return SiteSettings(site=Site.objects.get(is_default_site=True))


def footer_of(client: Client) -> BeautifulSoup:
    return BeautifulSoup(client.get("/").content, "html.parser").select_one("footer")  # type: ignore[return-value]


def test_the_footer_shows_them(client: Client, texts: SiteSettings, publish_page: StandardPageFactory) -> None:
    texts.description = "Milk & more."
    texts.footer_text = "First.\n\nSecond <b>."
    texts.contact_email = "hello@example.org"
    texts.footer_links = [
        ("link", {"label": "Imprint", "page": publish_page(title="Imprint"), "address": ""}),
        ("link", {"label": "Elsewhere", "page": None, "address": "https://example.org/"}),
    ]
    texts.save()
    footer = footer_of(client)
    assert "Milk & more." in footer.get_text()
    assert [p.get_text() for p in footer.select("p") if p.get_text() in {"First.", "Second <b>."}] == [
        "First.",
        "Second <b>.",
    ]
    named = {link.get_text(): link["href"] for link in footer.select("a")}
    assert named["Imprint"] == "/imprint/"
    assert named["Elsewhere"] == "https://example.org/"
    assert named["Write to us"] == "mailto:hello@example.org"


def test_without_them_the_site_has_words_of_its_own(client: Client, home_page: HomePage) -> None:
    assert "Articles on the hormones of lactation" in footer_of(client).get_text()
    assert not SiteSettings.objects.exists()


def test_a_link_to_a_hidden_page_is_left_out(
    client: Client, texts: SiteSettings, draft_article: ArticleFactory
) -> None:
    hidden = draft_article(title="Secret plan", slug="secret-plan")
    texts.footer_links = [("link", {"label": "Soon", "page": hidden, "address": ""})]
    texts.save()
    assert "secret-plan" not in client.get("/").text
    assert "Soon" not in footer_of(client).get_text()
    hidden.delete()
    assert client.get("/").status_code == 200


def test_a_link_whose_page_was_deleted_is_left_out(
    client: Client, texts: SiteSettings, publish_page: StandardPageFactory
) -> None:
    gone = publish_page(title="Imprint")
    texts.footer_links = [("link", {"label": "Imprint", "page": gone, "address": ""})]
    texts.save()
    assert "Imprint" in footer_of(client).get_text()
    gone.delete()
    assert "Imprint" not in footer_of(client).get_text()
    assert client.get("/api/site/").json()["footer_links"] == []


def test_links_to_more_pages_take_no_more_queries(
    client: Client, texts: SiteSettings, publish_page: StandardPageFactory
) -> None:
    counts = []
    links: list[tuple[str, Any]] = []
    for number in range(1, 4):
        page = publish_page(title=f"Page {number}")
        links.append(("link", {"label": f"To {number}", "page": page, "address": ""}))
        texts.footer_links = links
        texts.save()
        client.get("/api/site/")
        with CaptureQueriesContext(connection) as queries:
            client.get("/api/site/")
        counts.append(len(queries))
    assert counts[0] == counts[-1]


@pytest.mark.parametrize("has_both", [True, False])
def test_a_link_leads_to_one_place(home_page: HomePage, has_both: bool) -> None:
    value: dict[str, Any] = {"label": "Both", "page": None, "address": ""}
    if has_both:
        value |= {"page": home_page, "address": "https://example.org/"}
    with pytest.raises(ValidationError):
        FooterLinkBlock().clean(FooterLinkBlock().normalize(value))


def test_an_administrator_edits_them(admin_client: Client, home_page: HomePage) -> None:
    site = Site.objects.get(is_default_site=True)
    response = admin_client.get(f"/admin/settings/home/sitesettings/{site.pk}/")
    assert response.status_code == 200
    assert "Links in the footer" in response.text

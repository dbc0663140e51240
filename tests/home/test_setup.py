"""The site and its first page."""

import pytest
from django.test import Client
from pytest_django import Settings
from wagtail.models import Page, Site

from home.models import HomePage
from home.setup import add_demo_text, set_up_home


@pytest.mark.parametrize(
    ("address", "hostname", "port"),
    [
        ("https://example.org", "example.org", 443),
        ("http://example.org", "example.org", 80),
        ("http://[::1]:81", "::1", 81),
    ],
)
def test_the_site_answers_at_its_address(db: None, settings: Settings, address: str, hostname: str, port: int) -> None:
    settings.SITE_URL = address
    set_up_home()
    site = Site.objects.get()
    assert (site.hostname, site.port, site.site_name) == (hostname, port, "Dreams of Milk")
    assert site.root_page.specific == HomePage.objects.get()
    assert not Page.objects.filter(title__startswith="Welcome to your new Wagtail site").exists()


def test_setting_up_again_keeps_what_editors_made(home_page: HomePage) -> None:
    home_page.title = "Our magazine"
    home_page.save_revision().publish()
    Site.objects.update(site_name="Our site")
    set_up_home()
    assert HomePage.objects.get().title == "Our magazine"
    assert Site.objects.get().site_name == "Our site"


def test_a_page_at_the_root_that_somebody_made_is_kept(home_page: HomePage) -> None:
    Page.get_first_root_node().add_child(instance=HomePage(title="Another", slug="home"))
    set_up_home()
    assert HomePage.objects.filter(title="Another").exists()
    assert Site.objects.get().root_page_id == home_page.pk


def test_a_site_that_was_deleted_is_made_again(home_page: HomePage) -> None:
    Site.objects.all().delete()
    set_up_home()
    assert Site.objects.get().is_default_site


def test_the_demo_fills_the_front_page_once(client: Client, home_page: HomePage) -> None:
    add_demo_text()
    page = HomePage.objects.get()
    assert page.headline
    assert any(block.block_type == "heading" for block in page.sections)
    page.headline = "Edited since"
    page.save_revision().publish()
    add_demo_text()
    assert HomePage.objects.get().headline == "Edited since"
    assert "Edited since" in client.get("/").content.decode()

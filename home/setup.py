"""The page that every site opens with, and the demo's own."""

from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from wagtail.models import Page, Site

from articles.markdown import read_document
from home.models import HomePage

DEMO_FILE = Path(__file__).parent / "demo" / "home.md"
PORTS = {"http": 80, "https": 443}


def set_up_home() -> None:
    """Make the home page, and let the default site answer where `SITE_URL` says.

    A home page that is there already stays as editors made it.
    """
    site = Site.objects.filter(is_default_site=True).first() or Site(is_default_site=True)
    if not HomePage.objects.filter(pk=site.root_page_id).exists():
        site.root_page = HomePage.objects.first() or _new_home_page()
    address = urlsplit(settings.SITE_URL)
    site.hostname = address.hostname or "localhost"
    site.port = address.port or PORTS[address.scheme]
    site.site_name = site.site_name or settings.WAGTAIL_SITE_NAME
    site.save()
    _remove_welcome_page()


def _new_home_page() -> HomePage:
    root = Page.get_first_root_node()
    page: HomePage = root.add_child(
        instance=HomePage(
            title=settings.WAGTAIL_SITE_NAME,
            slug="dreams-of-milk",
            headline="How milk is made",
            intro="Articles on the hormones of lactation, on supply and demand, and on inducing lactation.",
        )
    )
    page.save_revision().publish()
    return page


def _remove_welcome_page() -> None:
    """Delete the page that Wagtail's first migration makes, unless somebody has begun to use it."""
    for page in Page.objects.filter(depth=2, slug="home", numchild=0, sites_rooted_here=None, latest_revision=None):
        if page.specific_class is Page:
            page.delete()


def add_demo_text() -> None:
    """Publish the demo's text on the home page, unless it has sections already."""
    page = Site.objects.get(is_default_site=True).root_page.specific
    if page.sections:
        return
    document = read_document(DEMO_FILE)
    page.title = document.fields["title"]
    page.headline = document.fields["headline"]
    page.intro = document.fields["intro"]
    page.sections = document.blocks(page_ids={})
    page.save_revision().publish()

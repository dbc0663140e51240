"""The landing page that every site has, and the demo's own words and members."""

from pathlib import Path
from typing import Any

import yaml
from django.utils import timezone
from markdown_it import MarkdownIt
from wagtail.models import Site

from cms.users.models import User
from cms.users.setup import add_demo_account
from community.membership.age import AgeResult
from community.membership.joining import join
from community.membership.models import AgeOutcome, Member, MembershipPage

DEMO_COPY = Path(__file__).parent / "demo" / "landing.md"
FENCE = "---\n"

# Log-in -> the name that others see, which says nothing about it.
DEMO_MEMBERS = {"alice@demo.test": "Linden", "bob@demo.test": "Harbor", "charlie@demo.test": "Wren"}

COPY = {
    "title": "Dreams of Milk Membership",
    "headline": "It's easy to get lost in the crowd.",
    "intro": "A quiet, members-only place for adults who share an interest in lactation. Meet people who care about"
    " what you care about, in your own words and at your own pace.",
    "call_to_action": "Join the Community",
}


def set_up_landing_page() -> None:
    """Make the landing page under the default site's first page; one that is there already stays as it is."""
    if MembershipPage.objects.exists():
        return
    root_page = Site.objects.get(is_default_site=True).root_page
    page = root_page.add_child(instance=MembershipPage(slug="membership", show_in_menus=True, **COPY))
    page.save_revision().publish()


def tell_the_demo() -> None:
    """Fill the demo's landing page, unless somebody has edited it."""
    page = MembershipPage.objects.get()
    if page.revisions.count() > 1:
        return
    for name, value in read_copy(DEMO_COPY.read_text()).items():
        setattr(page, name, value)
    page.save_revision().publish()


def read_copy(text: str) -> dict[str, Any]:
    """Return the landing page's fields from Markdown: a front matter, then a section for each second-level heading."""
    _before, front_matter, body = text.split(FENCE, 2)
    _lead, *parts = ("\n" + body).split("\n## ")
    markdown = MarkdownIt()
    sections = []
    for part in parts:
        heading, _newline, content = part.partition("\n")
        sections.append(("section", {"heading": heading.strip(), "text": markdown.render(content)}))
    return {**yaml.safe_load(front_matter), "sections": sections}


def add_demo_members() -> None:
    for email, display_name in DEMO_MEMBERS.items():
        if user := add_demo_account(email=email, display_name=display_name):
            make_member(user)


def make_member(user: User) -> Member:
    """Make an invented person a member, as if a check had found them to be an adult."""
    now = timezone.now()
    age = AgeResult(AgeOutcome.ADULT, "demo", now)
    return join(user=user, age=age, accepts_guidelines=True, display_name="", now=now)

"""Who is a member, and the page that invites people to become one."""

from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel
from wagtail.blocks import CharBlock, RichTextBlock, StructBlock
from wagtail.fields import StreamField
from wagtail.models import Page

from cms.page_addresses import PageWithAddress
from cms.users.models import User


class AgeOutcome(models.TextChoices):
    """What an age check may say. Nobody who is refused has an account, so only one outcome is ever stored."""

    ADULT = "adult", _("18 or older")
    MINOR = "minor", _("under 18")


class MemberQuerySet(models.QuerySet["Member"]):
    def complete(self) -> "MemberQuerySet":
        """Return the members who may use the members' side: adults, with an active account and a proven address."""
        proven = EmailAddress.objects.filter(user=OuterRef("user"), primary=True, verified=True)
        return self.filter(Exists(proven), user__is_active=True, age_outcome=AgeOutcome.ADULT)


class Member(models.Model):
    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="member")
    # Of the age check only this is kept: what it said, how, and when. Not what it was told.
    age_outcome = models.CharField(_("age check"), max_length=8, choices=AgeOutcome.choices)
    age_method = models.CharField(_("method of the age check"), max_length=40)
    age_confirmed_at = models.DateTimeField(_("age checked at"))
    guidelines_version = models.CharField(_("version of the guidelines"), max_length=20)
    guidelines_accepted_at = models.DateTimeField(_("guidelines accepted at"))
    joined_at = models.DateTimeField(_("joined at"), default=timezone.now, editable=False)

    objects = MemberQuerySet.as_manager()

    class Meta:
        verbose_name = _("member")
        verbose_name_plural = _("members")

    def __str__(self) -> str:
        return self.user.display_name


class LandingSection(StructBlock):
    heading = CharBlock(max_length=80, label=_("Heading"))
    text = RichTextBlock(features=["bold", "italic", "ul", "ol", "link"], label=_("Text"))

    class Meta:
        icon = "doc-full"
        label = _("Section")
        template = "membership/blocks/section.html"


class MembershipPage(PageWithAddress, Page):
    """The landing page, where everybody arrives who is not a member."""

    headline = models.CharField(_("headline"), max_length=120)
    intro = models.TextField(_("introduction"), max_length=600)
    call_to_action = models.CharField(_("words of the button"), max_length=40)
    sections = StreamField([("section", LandingSection())], blank=True, verbose_name=_("sections"))

    content_panels = [
        *Page.content_panels,
        FieldPanel("headline"),
        FieldPanel("intro"),
        FieldPanel("call_to_action"),
        FieldPanel("sections"),
    ]

    max_count = 1
    subpage_types: list[str] = []
    template = "membership/membership_page.html"

    class Meta:
        verbose_name = _("membership landing page")

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        # The page is the same for everybody: where its button leads decides who they are.
        return {**super().get_context(request, *args, **kwargs), "is_open": settings.COMMUNITY_OPEN}

"""The personals: what a member tells the other members, and who may read it."""

import uuid
from typing import TYPE_CHECKING

from django.db import models
from django.utils.translation import gettext_lazy as _

from community.membership.access import current_member
from community.membership.models import Member

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from cms.users.models import User

HEADLINE_LENGTH = 80
TEXT_LENGTH = 2000


class Interest(models.Model):
    name = models.CharField(_("name"), max_length=60, unique=True)
    slug = models.SlugField(_("slug"), max_length=60, unique=True)
    order = models.PositiveSmallIntegerField(_("order"), default=0)

    class Meta:
        ordering = ["order", "name"]
        verbose_name = _("interest")
        verbose_name_plural = _("interests")

    def __str__(self) -> str:
        return self.name


class Region(models.Model):
    """A country or a large part of the world: never a town, never coordinates, never a distance."""

    name = models.CharField(_("name"), max_length=60, unique=True)
    slug = models.SlugField(_("slug"), max_length=60, unique=True)
    order = models.PositiveSmallIntegerField(_("order"), default=0)

    class Meta:
        ordering = ["order", "name"]
        verbose_name = _("region")
        verbose_name_plural = _("regions")

    def __str__(self) -> str:
        return self.name


class ListingQuerySet(models.QuerySet["Listing"]):
    def visible_to(self, viewer: "User | AnonymousUser") -> "ListingQuerySet":
        """Return the listings that this person may read: the only rule there is, for every page and every count."""
        if current_member(viewer) is None:
            return self.none()
        return self.filter(status=Listing.Status.VISIBLE, member__in=Member.objects.complete())


class Listing(models.Model):
    class Status(models.TextChoices):
        DRAFT = "draft", _("draft")
        VISIBLE = "visible", _("shown to members")
        WITHDRAWN = "withdrawn", _("withdrawn")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    member = models.OneToOneField(Member, on_delete=models.CASCADE, related_name="listing")
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.DRAFT)
    headline = models.CharField(_("headline"), max_length=HEADLINE_LENGTH)
    text = models.TextField(_("text"), max_length=TEXT_LENGTH)
    interests = models.ManyToManyField(Interest, related_name="listings", verbose_name=_("interests"))
    # Who does not want to say where they live leaves it empty; there is no hidden value that a filter could reveal.
    region = models.ForeignKey(
        Region, on_delete=models.PROTECT, null=True, blank=True, related_name="listings", verbose_name=_("region")
    )
    # Days, not moments: the minute somebody wrote tells when they are awake, and so where.
    created_on = models.DateField(_("created"), auto_now_add=True)
    updated_on = models.DateField(_("updated"), auto_now=True)

    objects = ListingQuerySet.as_manager()

    class Meta:
        # The public id is drawn by chance, so the order within a day tells nothing about who came first.
        ordering = ["-updated_on", "public_id"]
        indexes = [models.Index(fields=["status", "-updated_on"], name="listing_visible")]
        verbose_name = _("listing")
        verbose_name_plural = _("listings")

    def __str__(self) -> str:
        return self.headline

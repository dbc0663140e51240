"""Who is told of what becomes of pages, with which secrets, how that went, and what they know by now."""

from datetime import datetime
from typing import Any, Self

from django.db import models, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cms.pipeline.models import Event, EventQuerySet

# The name of the consumer whose events these are.
CONSUMER = "webhooks"


class Kind(models.TextChoices):
    """What a receiver can ask to be told of; the value is the `type` of a message."""

    PUBLISHED = "page.published", _("Published, for the first time or again")
    MOVED = "page.moved", _("Moved to another address")
    UNPUBLISHED = "page.unpublished", _("No longer public")
    DELETED = "page.deleted", _("Deleted")


class Fault(models.TextChoices):
    """Why there was no answer, in words that name nothing of the operator's network."""

    ADDRESS = "address", _("This address is not allowed.")
    NAME = "name", _("Nobody knows where a server of this name is.")
    REFUSED = "refused", _("Nobody listens at this address.")
    TIMEOUT = "timeout", _("There was no answer in time.")
    TLS = "tls", _("No secure connection came about, for the receiver’s certificate or encryption is not in order.")
    BROKEN = "broken", _("The receiver hung up, or answered something that is not HTTP.")
    SECRET = "secret", _("The secret cannot be read any more. Make a new one.")
    OTHER = "other", _("The connection failed.")


# The `type` of the message that the test button sends.
TEST = "webhook.test"

# What a message says, in a word or two.
NEWS = {
    Kind.PUBLISHED: _("published"),
    Kind.MOVED: _("moved"),
    Kind.UNPUBLISHED: _("no longer public"),
    Kind.DELETED: _("deleted"),
    TEST: _("test"),
}


def every_kind() -> list[str]:
    return list(Kind.values)


class Endpoint(models.Model):
    """A receiver: an address of somebody's web server."""

    name = models.CharField(_("name"), max_length=100, help_text=_("What it is called here: “Shop front”."))
    url = models.CharField(
        _("address"), max_length=500, help_text=_("Where it listens, like https://example.org/hook.")
    )
    events = models.JSONField(_("is told when a page is"), default=every_kind)
    active = models.BooleanField(_("active"), default=True, help_text=_("Switched off, it is told nothing."))
    # When the receiver said that it wants no more.
    gone_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["name", "pk"]
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")

    def __str__(self) -> str:
        return self.name

    @property
    def channel(self) -> str:
        """The channel of its events in the outbox."""
        return str(self.pk)

    def deliveries(self) -> EventQuerySet:
        """What was sent to it or is to be sent, the latest first."""
        found: EventQuerySet = Event.objects.filter(consumer=CONSUMER, channel=self.channel).order_by("-pk")
        return found

    def delete(self, *args: Any, **options: Any) -> tuple[int, dict[str, int]]:
        """Delete it with what it has not been told yet, of which nobody could make use."""
        with transaction.atomic():
            self.deliveries().delete()
            return super().delete(*args, **options)


class SecretQuerySet(models.QuerySet["Secret"]):
    def signing(self, *, now: datetime) -> Self:
        """What a message is signed with at this moment, the newest first."""
        return self.filter(Q(retires_at=None) | Q(retires_at__gt=now)).order_by("-pk")


class Secret(models.Model):
    """A key that an endpoint shares with us. It is kept sealed: see signing.py."""

    endpoint = models.ForeignKey(Endpoint, on_delete=models.CASCADE, related_name="secrets")
    sealed = models.TextField()
    created_at = models.DateTimeField()
    retires_at = models.DateTimeField(null=True, blank=True)

    objects = SecretQuerySet.as_manager()

    def __str__(self) -> str:
        return f"Secret of {self.created_at:%Y-%m-%d %H:%M}"


class Attempt(models.Model):
    """One request to an endpoint. Without a status and a fault nobody lived to write down how it ended."""

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="webhook_attempts")
    at = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    milliseconds = models.PositiveIntegerField(null=True, blank=True)
    fault = models.CharField(max_length=10, choices=Fault.choices, blank=True, default="")
    # What editors do not read: it may name what lies inside the operator's network.
    error = models.CharField(max_length=500, blank=True)
    # So long the receiver asked to be left alone with this message.
    retry_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S}: {self.status or self.fault}"


class Announced(models.Model):
    """What receivers have been told of a page: that readers find it at `url`, or, without one, that they do not.

    What is told next is the difference between this and the page.
    """

    # No foreign key: this has to outlive the page until its deletion is told of.
    page_id = models.BigIntegerField(primary_key=True)
    page_type = models.CharField(max_length=200, blank=True)
    url = models.TextField(blank=True)
    published_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"page {self.page_id} at {self.url or 'no address'}"

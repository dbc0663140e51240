"""Links that show one revision of a page to somebody without an account."""

import uuid
from datetime import datetime
from typing import Self

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from wagtail.models import Page, Revision


class PreviewLinkQuerySet(models.QuerySet["PreviewLink"]):
    def working(self, *, now: datetime) -> Self:
        """What still opens: not past its time, not revoked, and made by somebody whose account is in use."""
        return self.filter(expires_at__gt=now, revoked_at=None, created_by__is_active=True)


class PreviewLink(models.Model):
    public_id = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    page = models.ForeignKey(Page, on_delete=models.CASCADE, related_name="preview_links")
    revision = models.ForeignKey(Revision, on_delete=models.CASCADE, related_name="preview_links")
    # As they were when it was shared. While somebody writes, the editor saves into the same revision again.
    content = models.JSONField(encoder=DjangoJSONEncoder)
    saved_at = models.DateTimeField()
    # What somebody shared is theirs to answer for: with the account the link goes.
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = PreviewLinkQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]

    def shared_page(self) -> Page:
        """Return the page as it was shared, whatever was saved since."""
        revision = self.revision
        revision.content = self.content
        page: Page = revision.as_object()
        return page

    def __str__(self) -> str:
        return f"Preview of revision {self.revision_id} until {self.expires_at:%Y-%m-%d %H:%M}"

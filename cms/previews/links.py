"""Sharing a draft: making, opening and revoking the links.

A link is a signed text in an address, so nobody can guess one, and a row, so it can be revoked. It names a revision:
what an editor saves afterwards is not shown by it.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.core import signing
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest
from django.utils import timezone
from wagtail.log_actions import log
from wagtail.models import Page

from cms.previews.models import PreviewLink
from cms.users.models import User

SALT = "cms.previews"
# The browser shows it with what the preview loads: its images and documents.
COOKIE = "preview"
LIFETIMES = {1: timedelta(days=1), 7: timedelta(days=7), 30: timedelta(days=30)}
KEEP_AFTER_EXPIRY = timedelta(days=30)

LOG_SHARED = "cms.preview.share"
LOG_REVOKED = "cms.preview.revoke"


class NothingToShare(Exception):  # noqa: N818 - the state of a page, not a mistake
    """The page has no revision that a link could name."""


def share(*, page: Page, user: User, lifetime: timedelta, now: datetime) -> PreviewLink:
    """Make a link to the latest revision of `page`, as it is at this moment.

    Raises:
        PermissionDenied: This person may not edit the page.
        NothingToShare: It was never saved in the editor.
    """
    _must_be_able_to_edit(page, user=user)
    revision = page.get_latest_revision()
    if revision is None:
        raise NothingToShare
    link = PreviewLink.objects.create(
        page=page, revision=revision, created_by=user, created_at=now, expires_at=now + lifetime
    )
    log(page, LOG_SHARED, user=user, revision=revision)
    return link


def revoke(*, link: PreviewLink, user: User, now: datetime) -> None:
    """End a link before its time. Raises `PermissionDenied` for somebody who may not edit the page."""
    _must_be_able_to_edit(link.page, user=user)
    if PreviewLink.objects.filter(pk=link.pk, revoked_at=None).update(revoked_at=now):
        log(link.page, LOG_REVOKED, user=user, revision=link.revision)


def token_of(link: PreviewLink) -> str:
    return signing.dumps([str(link.public_id), link.revision_id], salt=SALT)


def link_of(token: str) -> PreviewLink | None:
    """Return the link that a token opens at this moment; None for any other text, whatever is wrong with it."""
    try:
        public_id, revision_id = signing.loads(token, salt=SALT)
    except signing.BadSignature:
        return None
    links = PreviewLink.objects.working(now=timezone.now()).select_related("revision", "page")
    return links.filter(public_id=public_id, revision_id=revision_id).first()


def shows(request: HttpRequest, item: Model) -> bool:
    """Tell whether the preview that this browser has open uses an image or document."""
    token = request.COOKIES.get(COOKIE)
    link = link_of(token) if token else None
    if link is None:
        return False
    references = set(_references_of(link.revision.as_object()))
    return (type(item), str(item.pk)) in references


def forget_old_links() -> None:
    PreviewLink.objects.filter(expires_at__lt=timezone.now() - KEEP_AFTER_EXPIRY).delete()


def _references_of(page: Page) -> Iterator[tuple[type[Model], str]]:
    """Yield what the texts and bodies of a page use. Wagtail's own index of references knows only what is saved."""
    for field in page._meta.get_fields():
        if hasattr(field, "extract_references"):
            for model, object_id, _model_path, _content_path in field.extract_references(field.value_from_object(page)):
                yield model, str(object_id)


def _must_be_able_to_edit(page: Page, *, user: User) -> None:
    if not page.permissions_for_user(user).can_edit():
        raise PermissionDenied

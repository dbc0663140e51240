"""Sharing a draft: making, opening and revoking the links.

A link is a signed text in an address, so nobody can guess one, and a row, so it can be revoked. It names a revision and
keeps what that held: what an editor saves afterwards, even into the same revision, is not shown by it.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from urllib.parse import quote, urljoin

from django.conf import settings
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from wagtail.log_actions import log
from wagtail.models import Page

from cms.previews.models import PreviewLink
from cms.users.models import User

SALT = "cms.previews"
# The browser shows it with what the preview loads: its images and documents.
COOKIE = "preview"
# Another front end has it in the addresses of these files.
PARAMETER = "preview"
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
        page=page,
        revision=revision,
        content=revision.content,
        saved_at=revision.created_at,
        created_by=user,
        created_at=now,
        expires_at=now + lifetime,
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


def addresses_of(link: PreviewLink) -> list[tuple[str, str]]:
    """Return where a link opens: what each place is called, and the address."""
    token = token_of(link)
    places = [(_("On this site"), urljoin(settings.SITE_URL, reverse("preview", args=[token])))]
    if settings.PREVIEW_URL:
        places.append((_("In the other front end"), settings.PREVIEW_URL.replace("{token}", quote(token))))
    return [*places, (_("As JSON, for programs"), urljoin(settings.SITE_URL, reverse("api:preview", args=[token])))]


def link_of(token: str) -> PreviewLink | None:
    """Return the link that a token opens at this moment; None for any other text, whatever is wrong with it."""
    try:
        public_id, revision_id = signing.loads(token, salt=SALT)
    except signing.BadSignature:
        return None
    links = PreviewLink.objects.working(now=timezone.now()).select_related("revision", "page")
    return links.filter(public_id=public_id, revision_id=revision_id).first()


def shows(request: HttpRequest, item: Model) -> bool:
    """Tell whether a preview that this browser has open, here or in another front end, uses an image or document."""
    tokens = {request.COOKIES.get(COOKIE, ""), request.GET.get(PARAMETER, "")}
    links = [link for token in tokens if (link := link_of(token))]
    return any((type(item), str(item.pk)) in _references_of(link.shared_page()) for link in links)


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

"""What ends the kept pages: every change of what the site shows.

It happens twice. As soon as the change is committed, the process that made it replaces the generation, so that readers
see it at once. And it is written down in the outbox, in the transaction of the change, so that a process that is killed
in between forgets nothing: for pages by the pipeline's own signals, for everything else here.
"""

import logging
from collections.abc import Callable
from typing import Any

from django.db import DatabaseError, connection, transaction
from django.db.models import Model
from django.db.models.signals import m2m_changed, post_delete, post_save
from django.dispatch import receiver
from taggit.models import TagBase
from wagtail.contrib.redirects.models import Redirect
from wagtail.contrib.settings.models import BaseGenericSetting, BaseSiteSetting
from wagtail.documents.models import AbstractDocument
from wagtail.images.models import AbstractImage, AbstractRendition
from wagtail.models import Collection, CollectionViewRestriction, Page, PageViewRestriction, Site
from wagtail.signals import page_published, page_slug_changed, page_unpublished, post_page_move
from wagtail.snippets.models import get_snippet_models

from cms.page_cache import cdn
from cms.page_cache.generation import GenerationUnavailable, get_generation
from cms.pipeline.consumers import Unavailable
from cms.pipeline.models import Event
from cms.pipeline.outbox import record_event
from cms.pipeline.signals import DRAFT_FIELDS

logger = logging.getLogger(__name__)

# The consumers: of pages, and of what pages show besides.
PAGE_CACHE = "page_cache"
CDN = "cdn"
SHARED_CONTENT = "shared_content"

# The outbox hears of these from the pipeline's signals.
PAGES = (Page, PageViewRestriction, Site)
# Snippets show on pages too; they are asked for when they change, since rooms register them late.
SHOWN_ON_PAGES = (
    AbstractDocument,
    AbstractImage,
    BaseGenericSetting,
    BaseSiteSetting,
    Collection,
    CollectionViewRestriction,
    Redirect,
    TagBase,
)


def renew() -> None:
    """End everything that was kept, as far as that is possible now; the outbox sees to the rest."""
    try:
        get_generation().renew()
    except GenerationUnavailable as error:
        logger.warning("The page cache is renewed later: %s", error)


def begin_anew() -> None:
    """End what an earlier release has made, which may have had other templates and styles; on a CDN as well."""
    renew()
    if not cdn.is_configured():
        return
    try:
        record_event(consumer=SHARED_CONTENT, key=SHARED_CONTENT, event="started", payload={})
    except DatabaseError as error:
        logger.warning("The CDN keeps what it has, for the database does not answer: %s", error)


def renew_for_page(_page_id: int) -> None:
    """The consumer of pages: lists, the home page and feeds show the page too, so everything ends."""
    try:
        get_generation().renew()
    except GenerationUnavailable as error:
        raise Unavailable(f"The generation of the page cache cannot be replaced: {error}") from error


def purge_for_page(_page_id: int) -> None:
    """The consumer of pages that tells the CDN."""
    cdn.purge()


def renew_for_shared_content(_event: Event) -> None:
    """The consumer of changes of what pages show besides: images, categories, settings and the like."""
    renew_for_page(0)
    if cdn.is_configured():
        cdn.purge()


@receiver(post_save)
@receiver(post_delete)
def content_changed(
    instance: Model, raw: bool = False, update_fields: frozenset[str] | None = None, **_kwargs: Any
) -> None:
    if isinstance(instance, PAGES):
        is_draft = update_fields is not None and update_fields <= DRAFT_FIELDS
        if not is_draft:
            _once_after_commit(renew)
    elif not raw and is_shown_on_pages(type(instance)):
        shared_content_changed()


@receiver(post_delete)
def rendition_deleted(instance: Model, **_kwargs: Any) -> None:
    """Renew the pages that name a file which is gone; a new one is made while a page is, and changes none."""
    if isinstance(instance, AbstractRendition):
        shared_content_changed()


@receiver(m2m_changed)
def relations_changed(instance: Model, action: str, **_kwargs: Any) -> None:
    if action.startswith("post_") and is_shown_on_pages(type(instance)):
        shared_content_changed()


@receiver(page_published)
@receiver(page_unpublished)
@receiver(page_slug_changed)
@receiver(post_page_move)
def pages_changed(**_kwargs: Any) -> None:
    """Hear of what a page's own save does not tell: its children, and the addresses of a whole subtree."""
    _once_after_commit(renew)


def shared_content_changed() -> None:
    """Renew the pages for a change of something that they show and that is no page."""
    if _once_after_commit(renew_after_shared_content):
        record_event(consumer=SHARED_CONTENT, key=SHARED_CONTENT, event="changed", payload={})


def renew_after_shared_content() -> None:
    renew()


def is_shown_on_pages(model: type[Model]) -> bool:
    return issubclass(model, SHOWN_ON_PAGES) or model in get_snippet_models()


def _once_after_commit(action: Callable[[], None]) -> bool:
    """Have an action done after the commit; False where it is to be done already.

    A publish sends half a dozen signals, an import hundreds. Where a savepoint is rolled back, Django forgets what was
    to be done from then on, and its list tells.
    """
    if any(waiting is action for _savepoints, waiting, *_ in connection.run_on_commit):
        return False
    transaction.on_commit(action, robust=True)
    return True

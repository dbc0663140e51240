"""Somebody saves an article in the very moment in which another imports it: neither loses anything unseen."""

import threading
import time

import pytest
from django.db import connection, transaction
from django.utils import timezone

from articles.exchange.uploads import OutdatedError, fingerprint, import_upload, keep_upload, preview_upload
from articles.models import ArticleIndexPage, ArticlePage, ImportUpload
from cms.users.models import User
from tests.articles.uploading import text
from tests.pages import ArticleFactory
from tests.pipeline.test_claim import in_threads, own_connections

OTHERS_WAIT_FOR_THIS = "SELECT COUNT(*) FROM pg_locks WHERE NOT granted AND transactionid = pg_current_xact_id()::xid"
PATIENCE = 20  # seconds


def wait_until_another_waits() -> None:
    """Return when another connection waits for what this transaction has changed; SQLite lets no two begin."""
    end = time.monotonic() + PATIENCE
    while connection.vendor == "postgresql" and time.monotonic() < end:
        with connection.cursor() as cursor:
            cursor.execute(OTHERS_WAIT_FOR_THIS)
            if cursor.fetchone()[0]:
                return
        time.sleep(0.01)
    assert connection.vendor == "sqlite"


@own_connections
def test_a_draft_that_is_being_saved_is_not_overwritten(
    publish_article: ArticleFactory, article_index: ArticleIndexPage, editor: User
) -> None:
    article = publish_article(slug="one", title="One")
    upload = keep_upload(
        user=editor,
        index=article_index,
        files={"one.md": text("one", "Imported words.")},
        options=ImportUpload(),
        now=timezone.now(),
    )
    seen = fingerprint(preview_upload(upload))
    saved = threading.Event()

    def save() -> None:
        with transaction.atomic():
            theirs = ArticlePage.objects.get(pk=article.pk)
            theirs.title = "Somebody else's"
            theirs.save_revision()
            saved.set()
            wait_until_another_waits()

    def confirm() -> None:
        assert saved.wait(timeout=PATIENCE)
        with pytest.raises(OutdatedError):
            import_upload(upload=upload, seen=seen)

    in_threads(save, confirm)
    assert ArticlePage.objects.get().get_latest_revision_as_object().title == "Somebody else's"
    assert ImportUpload.objects.filter(pk=upload.pk).exists()

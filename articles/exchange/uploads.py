"""What an editor uploads, between the preview of what it would change and the import.

It is kept in the database, for the one who uploaded it and for an hour; another upload takes its place.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from articles.exchange.files import ArticleFile, find_files
from articles.exchange.importing import Defaults, Outcome, Result, import_articles
from articles.models import ArticleIndexPage, ImportFile, ImportUpload
from cms.users.models import User

LIFETIME = timedelta(hours=1)


class OutdatedError(Exception):
    """An import would do something else now than what its preview said; nothing was imported."""


@transaction.atomic
def keep_upload(
    *, user: User, index: ArticleIndexPage, files: Mapping[str, bytes], options: ImportUpload, now: datetime
) -> ImportUpload:
    """Keep files (name -> content) for the preview, in the place of what this person has uploaded before.

    `options` is an upload that is not saved yet and says how to import.
    """
    ImportUpload.objects.filter(user=user).delete()
    options.user, options.index, options.created_at = user, index, now
    options.save(force_insert=True)
    ImportFile.objects.bulk_create(
        [ImportFile(upload=options, name=name, content=content) for name, content in files.items()], batch_size=20
    )
    return options


def uploads_of(user: User, *, now: datetime) -> QuerySet[ImportUpload]:
    """Return what this person has uploaded and may still import."""
    return ImportUpload.objects.filter(user=user, created_at__gt=now - LIFETIME)


def preview_upload(upload: ImportUpload) -> list[Outcome]:
    """Return what would become of each file of an upload."""
    with _in_folder(upload) as files:
        return import_articles(
            index=upload.index,
            files=files,
            user=upload.user,
            publish=upload.publish,
            dry_run=True,
            defaults=_defaults(upload),
        )


def import_upload(*, upload: ImportUpload, seen: str) -> list[Outcome]:
    """Import the files of an upload, and forget it.

    `seen` is the fingerprint of what the preview said. Raises `OutdatedError`, and does nothing, when that is not what
    would happen now: somebody has changed an article meanwhile, or a category, or what this person may do.
    """

    def check(outcomes: Sequence[Outcome]) -> None:
        if fingerprint(outcomes) != seen:
            raise OutdatedError

    with _in_folder(upload) as files:
        outcomes = import_articles(
            index=upload.index,
            files=files,
            user=upload.user,
            publish=upload.publish,
            defaults=_defaults(upload),
            check=check,
        )
    upload.delete()
    return outcomes


def fingerprint(outcomes: Sequence[Outcome]) -> str:
    """Return what tells these outcomes from any others: what each file does, and to which draft of which article."""
    return sha256(json.dumps([_said_of(outcome) for outcome in outcomes]).encode()).hexdigest()


def forget_old_uploads() -> None:
    ImportUpload.objects.filter(created_at__lt=timezone.now() - LIFETIME).delete()


def _said_of(outcome: Outcome) -> list[object]:
    is_new = outcome.result == Result.CREATED
    error = (outcome.error.message, outcome.error.line) if outcome.error else None
    return [
        outcome.file.name,
        outcome.result,
        outcome.title,
        # That of a new article is another one whenever it is tried.
        None if is_new else outcome.page_id,
        outcome.revision_id,
        outcome.is_live,
        [asdict(change) for change in outcome.changes],
        error,
    ]


def _defaults(upload: ImportUpload) -> Defaults:
    return Defaults(category=upload.category.slug if upload.category else "", author=upload.author)


@contextmanager
def _in_folder(upload: ImportUpload) -> Iterator[list[ArticleFile]]:
    """Put the files of an upload into a folder for as long as they are read."""
    with TemporaryDirectory(prefix="import-") as name:
        folder = Path(name)
        for file in upload.files.iterator(chunk_size=1):
            path = folder / file.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.content)
        yield list(find_files([folder]))

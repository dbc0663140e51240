"""Articles from the site into files: one Markdown file for each, and the pictures beside them.

The same articles make the same bytes, and what is exported says, imported again, what is there already.
"""

import os
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import NamedTemporaryFile
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from wagtail.images import get_image_model
from wagtail.images.models import AbstractImage
from wagtail.permission_policies.pages import PagePermissionPolicy

from articles.exchange.articles import PageAddresses, blocks_of, image_ids, stored_body, values_of
from articles.exchange.bodies import Library
from articles.exchange.writing import NotWritableError, write_article
from articles.models import ArticleIndexPage, ArticlePage
from cms.users.models import User
from cms.visibility import public_pages

PICTURE_FOLDER = "images"
EARLIEST = (1980, 1, 1, 0, 0, 0)  # the first moment that a zip file can name
READABLE = stat.S_IFREG | 0o644


@dataclass(frozen=True)
class Exported:
    """A file of an export: its name within the folder, and its content or the image that has it."""

    name: PurePosixPath
    text: str = ""
    image: AbstractImage | None = None
    problem: str = ""

    def content(self) -> bytes:
        """Return what goes into the file. Raises `OSError` for an image whose own file is lost."""
        if self.image is None:
            return self.text.encode()
        with self.image.open_file() as file:
            content: bytes = file.read()
        return content


def live_articles() -> "QuerySet[ArticlePage]":
    """Return what is published, restricted or not."""
    articles: QuerySet[ArticlePage] = ArticlePage.objects.live().filter(alias_of=None)
    return articles


def all_articles() -> "QuerySet[ArticlePage]":
    articles: QuerySet[ArticlePage] = ArticlePage.objects.filter(alias_of=None)
    return articles


def articles_for(user: User, *, drafts: bool) -> "QuerySet[ArticlePage]":
    """Return the articles that somebody may export: what readers see, and of what they may edit everything published,
    with `drafts` what is not published as well.
    """
    articles = all_articles() if drafts else live_articles()
    return articles.filter(Q(pk__in=_editable_by(user)) | Q(pk__in=public_pages().values("pk")))


def export_articles(
    *, index: ArticleIndexPage, articles: "QuerySet[ArticlePage]", drafts: bool = False, user: User | None = None
) -> Iterator[Exported]:
    """Yield the files that say what `articles` say: as they are published, or with `drafts` as they were last saved.

    `user` is who exports, and gets drafts of what they may edit alone; None is the operator, who may do everything.
    Links are written as they are under `index`. An article that Markdown cannot say is yielded with its `problem`.
    """
    found = list(articles.select_related("category").prefetch_related("sources", "tags").order_by("path"))
    as_drafts = _drafts_of(found, user=user) if drafts else set()
    states = [article.get_latest_revision_as_object() if article.pk in as_drafts else article for article in found]
    images = _images(states)
    pictures = {pk: f"{PICTURE_FOLDER}/{name}" for pk, name in _picture_names(images).items()}
    library = Library(addresses=PageAddresses(index).names, pictures=pictures)
    for state, stem in zip(states, _stems(states), strict=True):
        name = PurePosixPath(f"{stem}.md")
        try:
            yield Exported(name, text=write_article(values=values_of(state), blocks=blocks_of(state, library)))
        except NotWritableError as error:
            yield Exported(name, problem=str(error))
    yield from (Exported(PurePosixPath(pictures[image.pk]), image=image) for image in images)


def write_zip(exported: Iterable[Exported], file: IO[bytes]) -> Iterator[str]:
    """Write files into a zip file, and yield what is wrong with each that is not in there.

    The same files make the same bytes.
    """
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        for one in exported:
            try:
                if one.problem:
                    raise NotWritableError(one.problem)
                info = ZipInfo(str(one.name), date_time=EARLIEST)
                info.compress_type, info.external_attr = ZIP_DEFLATED, READABLE << 16
                archive.writestr(info, one.content())
            except (OSError, NotWritableError) as error:
                yield f"{one.name}: {error}"


def write_files(exported: Iterable[Exported], folder: Path) -> Iterator[tuple[Path, str]]:
    """Write files into `folder`, each all at once, and yield the path of each with what is wrong with it, if anything.

    A file that has the same content already is left as it is.
    """
    for file in exported:
        path = folder / file.name
        try:
            if file.problem:
                raise NotWritableError(file.problem)
            _write(path, file.content(), folder=folder)
        except (OSError, NotWritableError) as error:
            yield path, str(error)
        else:
            yield path, ""


def _write(path: Path, content: bytes, *, folder: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # A link that somebody put there must not lead the export elsewhere; one in place of the file is replaced.
    if not path.parent.resolve().is_relative_to(folder.resolve()):
        raise OSError(_("The folder %(name)s leads out of the export.") % {"name": path.parent.name})
    if not path.is_symlink() and path.is_file() and path.read_bytes() == content:
        return
    with NamedTemporaryFile(dir=path.parent, prefix=".", suffix=".part", delete=False) as part:
        part.write(content)
        part.flush()
        os.fsync(part.fileno())
    temporary = Path(part.name)
    try:
        temporary.chmod(0o644)
        temporary.replace(path)
    except OSError:
        temporary.unlink()
        raise


def _editable_by(user: User) -> "QuerySet[Any]":
    return PagePermissionPolicy().instances_user_has_permission_for(user, "change").order_by().values("pk")


def _drafts_of(articles: Sequence[ArticlePage], *, user: User | None) -> set[int]:
    """Return which of these articles somebody gets as they were last saved."""
    numbers = {article.pk for article in articles}
    if user is None:
        return numbers
    return numbers & set(_editable_by(user).filter(pk__in=numbers).values_list("pk", flat=True))


def _images(states: Sequence[ArticlePage]) -> list[AbstractImage]:
    numbers = {number for state in states for number in image_ids(stored_body(state))}
    return list(get_image_model().objects.filter(pk__in=numbers).order_by("pk"))


def _picture_names(images: Iterable[AbstractImage]) -> Mapping[int, str]:
    """Return image id -> file name: that of the library, unless another image has it."""
    names: dict[int, str] = {}
    taken: set[str] = set()
    for image in images:
        name = PurePosixPath(image.file.name)
        wanted = name.name
        if wanted.casefold() in taken:
            wanted = f"{name.stem}-{image.pk}{name.suffix}"
        taken.add(wanted.casefold())
        names[image.pk] = wanted
    return names


def _stems(states: Iterable[ArticlePage]) -> Iterator[str]:
    """Yield the name of each article's file: its slug, unless another list has an article with the same one."""
    taken: set[str] = set()
    for state in states:
        # Some file systems do not tell capital letters from small ones.
        stem = state.slug if state.slug.casefold() not in taken else f"{state.slug}-{state.pk}"
        taken.add(stem.casefold())
        yield stem

"""The files of an import: what is looked for in a folder, and the pictures beside a text."""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha1
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from warnings import catch_warnings, simplefilter

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils.translation import gettext as _
from PIL import Image as Pillow
from wagtail.images import get_image_model
from wagtail.images.fields import WagtailImageField
from wagtail.images.models import AbstractImage
from wagtail.models import Collection
from wagtail.permissions import policy_registry

from articles.markdown import MarkdownError, PictureError
from cms.users.models import User

MARKDOWN_ENDINGS = {".md", ".markdown"}
TEXT_ENDINGS = {".txt"}
ARTICLE_ENDINGS = MARKDOWN_ENDINGS | TEXT_ENDINGS
LARGEST_PICTURE = 10 * 1024 * 1024  # bytes, as in the admin


@dataclass(frozen=True)
class ArticleFile:
    """A file with an article in it, and the folder that its pictures have to be in."""

    path: Path
    folder: Path

    @property
    def name(self) -> str:
        """Its path within the folder: what it is called to people who don't see the folder."""
        return self.path.relative_to(self.folder).as_posix()

    def must_be_inside(self) -> None:
        """Raise `MarkdownError` for a link in the file system that leads out of the folder."""
        if not self.path.resolve().is_relative_to(self.folder.resolve()):
            message = _("This leads out of the folder: put the file itself there.")
            raise MarkdownError(message, path=self.path, line=1)


def find_files(paths: Iterable[Path]) -> Iterator[ArticleFile]:
    """Yield the files that are named, and those with articles in the folders that are, in the order of their names.

    Hidden files and folders are left out. A path that does not exist is yielded too, for whoever reads it to say so.
    """
    for path in paths:
        if not path.is_dir():
            yield ArticleFile(path=path, folder=path.parent)
            continue
        for parent, folders, names in os.walk(path):
            folders[:] = sorted(name for name in folders if not name.startswith((".", "__")))
            for name in sorted(names):
                if not name.startswith(".") and Path(name).suffix.lower() in ARTICLE_ENDINGS:
                    yield ArticleFile(path=Path(parent, name), folder=path)


class Pictures:
    """The pictures beside the texts of one import, each found in the image library or added to it once.

    `user` is who imports; None is the operator, who may do everything.
    """

    def __init__(self, *, user: User | None) -> None:
        self._user = user
        self._hashes: dict[Path, str] = {}
        self._numbers: dict[str, int] = {}
        self._added: list[AbstractImage] = []

    def number_of(self, address: str, *, file: ArticleFile, used: Mapping[str, int]) -> int:
        """Return the number of the image that the library has for a picture. Raises `PictureError`.

        `used` are the images that the article has already, by the hashes of their files: it keeps them.
        """
        path = _path_of(address, file=file)
        if path not in self._hashes:
            self._hashes[path] = _hash(_content(path))
        hashed = self._hashes[path]
        if hashed not in used and hashed not in self._numbers:
            self._numbers[hashed] = self._find(hashed) or self._add(path)
        return used.get(hashed) or self._numbers[hashed]

    def take_back(self) -> None:
        """Delete the files of what was added: a transaction that is rolled back leaves them behind."""
        for image in self._added:
            image.file.storage.delete(image.file.name)

    def _find(self, hashed: str) -> int | None:
        images = get_image_model().objects.all()
        if self._user is not None:
            images = _policy().instances_user_has_permission_for(self._user, "choose")
        number: int | None = images.filter(file_hash=hashed).order_by("pk").values_list("pk", flat=True).first()
        return number

    def _add(self, path: Path) -> int:
        collection = self._collection()
        content = _content(path)
        upload = SimpleUploadedFile(path.name, content)
        _must_be_sound(upload, content)
        image = get_image_model()(
            title=path.stem[:255], file=upload, uploaded_by_user=self._user, collection=collection
        )
        image._set_image_file_metadata()  # as Wagtail's own form does
        image.save()
        self._added.append(image)
        number: int = image.pk
        return number

    def _collection(self) -> Collection:
        """Return where new pictures go: the root where that is allowed, else the first collection that is."""
        if self._user is None:
            return Collection.get_first_root_node()
        allowed = _policy().collections_user_has_permission_for(self._user, "add").order_by("path").first()
        if allowed is None:
            raise PictureError(_("You may not add pictures to the library; ask somebody who may."))
        return allowed


def _policy() -> Any:
    return policy_registry.get_by_type(get_image_model())


def _content(path: Path) -> bytes:
    if path.stat().st_size > LARGEST_PICTURE:
        message = _("The picture %(name)s is larger than %(size)d MB.")
        raise PictureError(message % {"name": path.name, "size": LARGEST_PICTURE // 1024**2})
    return path.read_bytes()


def _hash(content: bytes) -> str:
    # What Wagtail compares uploads by.
    return sha1(content, usedforsecurity=False).hexdigest()


def _path_of(address: str, *, file: ArticleFile) -> Path:
    if "://" in address or address.startswith(("/", "\\", "data:", "//")) or "\0" in address:
        raise PictureError(_("A picture is a file beside the text, not “%(address)s”.") % {"address": address[:80]})
    for name in dict.fromkeys([address, unquote(address)]):
        try:
            path = (file.path.parent / name).resolve()
            is_file = path.is_file()
        except (OSError, ValueError):  # a name that no file can have
            continue
        if not path.is_relative_to(file.folder.resolve()):
            raise PictureError(_("The picture “%(address)s” is outside the folder.") % {"address": address[:80]})
        if is_file:
            return path
    raise PictureError(_("There is no picture “%(address)s” beside the text.") % {"address": address[:80]})


def _must_be_sound(upload: SimpleUploadedFile, content: bytes) -> None:
    """Raise `PictureError` for what the library would not take, or could not show: it looks at the beginning only."""
    try:
        WagtailImageField().clean(upload)
        with catch_warnings():
            simplefilter("error", Pillow.DecompressionBombWarning)
            Pillow.open(BytesIO(content)).load()
    except ValidationError as error:
        raise PictureError(f"{upload.name}: {' '.join(error.messages)}") from error
    except Exception as error:  # each format fails in its own way
        raise PictureError(_("The picture %(name)s is damaged: it cannot be read.") % {"name": upload.name}) from error
    upload.seek(0)

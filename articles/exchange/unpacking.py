"""What somebody uploads, as files by their names: texts, the pictures beside them, and zip files of both.

Whoever uploads is known, what they were sent by others is not: nothing that a zip file says of itself is believed.
"""

import re
import stat
import struct
import zlib
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import IO
from unicodedata import normalize
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from wagtail.images.fields import get_allowed_image_extensions

from articles.exchange.files import ARTICLE_ENDINGS, LARGEST_PICTURE

MOST_FILES = 300
MOST_ARTICLES = 100  # a preview takes about a tenth of a second for each that is new
LARGEST_UPLOAD = 50 * 1024**2  # bytes, unpacked
LARGEST_TEXTS = 2_000_000  # bytes of all texts: reading Markdown takes its time
LARGEST_FILE = LARGEST_PICTURE  # a text may be smaller only: that is said with the others of its mistakes
LONGEST_NAME = 400  # characters, with its folders
LONGEST_PART = 255  # bytes: more than that, file systems don't take
DEEPEST = 10  # folders in each other
ZIP_ENDING = ".zip"
UNUSABLE = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
DRIVE = re.compile("[A-Za-z]:")
ENCRYPTED = 0x1  # of a file's flags
# The record at the end of a zip file: its signature, three numbers, then how many files there are, and the size and
# place of their list; the length of a comment follows. Files with a second, larger record say so right before it.
END = struct.Struct("<4s3H1H2LH")
END_SIGNATURE, LARGE_SIGNATURE = b"PK\x05\x06", b"PK\x06\x07"
LARGE_RECORD = 20  # bytes
LONGEST_COMMENT = 65_535  # bytes
LARGEST_LIST = 1024 * 2 * MOST_FILES  # bytes: more than that, so many files don't need
# What a damaged or crafted file makes the reader of zip files raise.
DAMAGED = (BadZipFile, zlib.error, struct.error, EOFError, OSError, RuntimeError, OverflowError, ValueError)


class UploadError(ValueError):
    """An upload that is not taken; its message says what to change."""


def unpack(uploads: Iterable[UploadedFile]) -> tuple[dict[str, bytes], list[str]]:
    """Return name -> content of all texts and pictures, and the names of what is left out, being neither.

    A name may have folders, with "/" between them. Raises `UploadError` for what is too much, unsafe, damaged or
    there twice, and where there is no text at all.
    """
    files = _Files()
    for upload in uploads:
        name = str(upload.name)
        if name.lower().endswith(ZIP_ENDING):
            _unpack_zip(upload, files)
        else:
            name = _safe(name)
            if files.have_room_for(name, size=upload.size or 0):
                files.contents[name] = upload.read()
    articles = [content for name, content in files.contents.items() if _ending(name) in ARTICLE_ENDINGS]
    if not articles:
        raise UploadError(_("There is no Markdown or text file in there."))
    if sum(map(len, articles)) > LARGEST_TEXTS:
        message = _("These texts are larger than %(size)d MB together: divide them.")
        raise UploadError(message % {"size": LARGEST_TEXTS // 1_000_000})
    if len(articles) > MOST_ARTICLES:
        message = _("These are more than %(count)d articles: divide them, or have whoever runs the site import them.")
        raise UploadError(message % {"count": MOST_ARTICLES})
    return files.contents, files.left_out


class _Files:
    """What was found so far, within the limits."""

    def __init__(self) -> None:
        self.contents: dict[str, bytes] = {}
        self.left_out: list[str] = []
        self._taken: dict[str, bool] = {}  # each file and folder, as file systems tell them apart, and whether a file
        self._size = 0

    def have_room_for(self, name: str, *, size: int) -> bool:
        """Tell whether a file of so many bytes is wanted. Raises `UploadError` when it is, and cannot be taken."""
        if not self._is_wanted(name):
            return False
        names = {"name": _shown(name)}
        if size > LARGEST_FILE:
            message = _("“%(name)s” is larger than %(size)d MB.")
            raise UploadError(message % {**names, "size": LARGEST_FILE // 1024**2})
        self._size += size
        if self._size > LARGEST_UPLOAD:
            message = _("These files are larger than %(size)d MB together: divide them.")
            raise UploadError(message % {"size": LARGEST_UPLOAD // 1024**2})
        path = PurePosixPath(name.casefold())
        if str(path) in self._taken or any(self._taken.get(str(folder)) for folder in path.parents):
            raise UploadError(_("“%(name)s” is there twice: keep one of the two.") % names)
        self._taken |= {str(folder): False for folder in path.parents}
        self._taken[str(path)] = True
        if sum(self._taken.values()) > MOST_FILES:
            raise too_many_files()
        return True

    def _is_wanted(self, name: str) -> bool:
        # What is hidden is passed over, as in folders.
        if any(part.startswith((".", "__")) for part in name.split("/")):
            return False
        if _ending(name) == ZIP_ENDING:
            message = _("“%(name)s” is a zip file in a zip file: upload it by itself.")
            raise UploadError(message % {"name": _shown(name)})
        if _ending(name) in ARTICLE_ENDINGS | _picture_endings():
            return True
        self.left_out.append(_shown(name))
        return False


def too_many_files() -> UploadError:
    return UploadError(_("These are more than %(count)d files: divide them.") % {"count": MOST_FILES})


def _unpack_zip(upload: UploadedFile, files: _Files) -> None:
    damaged = _("“%(name)s” is damaged, or no zip file.") % {"name": _shown(str(upload.name))}
    file = upload.file
    if file is None:
        raise UploadError(damaged)
    try:
        _must_be_short(file, damaged=damaged)
        with ZipFile(file) as archive:
            for name, info in _wanted(archive, files).items():
                files.contents[name] = archive.read(info)
    except UploadError:
        raise
    except DAMAGED as error:
        raise UploadError(damaged) from error


def _must_be_short(file: IO[bytes], *, damaged: str) -> None:
    """Raise `UploadError` when the list of files is too long to be looked at: it is read into memory as a whole."""
    size = file.seek(0, 2)
    file.seek(max(0, size - LARGE_RECORD - END.size - LONGEST_COMMENT))
    last = file.read()
    place = last.rfind(END_SIGNATURE)
    if place < 0 or len(last) - place < END.size:
        raise UploadError(damaged)
    _signature, _disk, _start, _here, _count, list_size, _place, _comment = END.unpack_from(last, place)
    is_large = last[max(0, place - LARGE_RECORD) :].startswith(LARGE_SIGNATURE)
    if is_large or list_size > LARGEST_LIST:
        raise too_many_files()


def _wanted(archive: ZipFile, files: _Files) -> dict[str, ZipInfo]:
    """Return name -> file for all that are to be unpacked, when there is nothing against any of them."""
    infos = [info for info in archive.infolist() if not info.is_dir()]
    if len(infos) > MOST_FILES:
        raise too_many_files()
    wanted = {}
    for info in infos:
        name = _safe(info.filename)
        _must_be_plain(info, name=name)
        # The reader stops at the size that is claimed.
        if files.have_room_for(name, size=info.file_size):
            wanted[name] = info
    return wanted


def _must_be_plain(info: ZipInfo, *, name: str) -> None:
    names = {"name": _shown(name)}
    mode = info.external_attr >> 16
    if stat.S_IFMT(mode) not in {0, stat.S_IFREG}:
        raise UploadError(_("“%(name)s” is a link or device: put the file itself there.") % names)
    if info.flag_bits & ENCRYPTED:
        raise UploadError(_("“%(name)s” is encrypted: make the zip file without a password.") % names)
    if info.compress_type not in {ZIP_STORED, ZIP_DEFLATED}:
        raise UploadError(_("“%(name)s” is packed in a way that is not read here: make a usual zip file.") % names)


def _safe(name: str) -> str:
    """Return a name in the form in which it is kept. Raises `UploadError` for one that no file here can have."""
    name = normalize("NFC", name.replace("\\", "/"))
    if UNUSABLE.search(name):
        raise UploadError(
            _("The name “%(name)s” has a character in it that no name can have.") % {"name": _shown(name)}
        )
    parts = [part for part in name.split("/") if part not in {"", "."}]
    if name.startswith("/") or DRIVE.match(name) or ".." in parts or not parts:
        raise UploadError(_("“%(name)s” leads out of the folder.") % {"name": _shown(name)})
    is_long = len(name) > LONGEST_NAME or any(len(part.encode()) > LONGEST_PART for part in parts)
    if is_long or len(parts) > DEEPEST:
        raise UploadError(_("The name “%(name)s” is too long.") % {"name": _shown(name)})
    return "/".join(parts)


def _ending(name: str) -> str:
    return PurePosixPath(name).suffix.lower()


def _picture_endings() -> set[str]:
    return {f".{ending}" for ending in get_allowed_image_extensions()}


def _shown(name: str) -> str:
    return UNUSABLE.sub("�", name)[:80]

"""What the tests of the admin's import share: zip files made in memory, and an editor's way through its pages."""

from collections.abc import Mapping
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from bs4 import BeautifulSoup
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image as Pillow

from articles.models import ArticleIndexPage

FIELDS = 'title: "{title}"\nslug: {slug}\nsummary: "About it."\ncategory: hormones\nauthor: "The team"\n'


class ShownPage(BeautifulSoup):
    """A page of the admin, and the path at which it is."""

    address: str


def text(slug: str, body: str = "Text.", *, title: str = "") -> bytes:
    """Return an article's file."""
    return f"---\n{FIELDS.format(title=title or slug.title(), slug=slug)}---\n{body}\n".encode()


def picture(color: str = "teal") -> bytes:
    file = BytesIO()
    Pillow.new("RGB", (60, 40), color).save(file, "png")
    return file.getvalue()


def zipped(files: Mapping[str, bytes]) -> bytes:
    file = BytesIO()
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return file.getvalue()


def upload_address() -> str:
    return f"/admin/articles/import/{ArticleIndexPage.objects.get().pk}/"


def upload(client: Client, files: Mapping[str, bytes], **options: object) -> ShownPage:
    """Upload files as the form does, and return the page that comes next."""
    uploads = [SimpleUploadedFile(name, content) for name, content in files.items()]
    return page_of(client.post(upload_address(), {"uploads": uploads, **options}, follow=True))


def page_of(response: Any) -> ShownPage:
    assert response.status_code == 200, response
    page = ShownPage(response.content, "html.parser")
    page.address = response.request["PATH_INFO"]
    return page


def confirm(client: Client, preview: BeautifulSoup) -> ShownPage:
    """Press the button of a preview, and return the page that comes next."""
    seen = preview.select_one("input[name=seen]")
    assert seen is not None
    address = str(seen.find_parent("form")["action"])  # type: ignore[index]
    return page_of(client.post(address, {"seen": seen["value"]}, follow=True))


def words(page: BeautifulSoup, selector: str = "main") -> str:
    return " ".join(" ".join(part.get_text(" ") for part in page.select(selector)).split())


def said(page: BeautifulSoup) -> str:
    """Return a preview's first sentence: how many files do what."""
    return words(page, ".exchange__sum strong")


def messages(page: BeautifulSoup) -> str:
    return words(page, ".messages")

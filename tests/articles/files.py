"""Files with articles, as somebody writes them by hand."""

from pathlib import Path

from PIL import Image as Pillow

from articles.exchange.files import find_files
from articles.exchange.importing import Outcome, import_articles
from articles.models import ArticleIndexPage


def write_file(folder: Path, slug: str, *, body: str = "Text.", name: str = "", **fields: str | None) -> Path:
    """Write an article's file. `fields` are as in the front matter; None leaves a field out."""
    lines = {
        "title": slug.title(),
        "slug": slug,
        "summary": f"About {slug}.",
        "category": "hormones",
        "author": "The editorial team",
        **fields,
    }
    path = folder / (name or f"{slug}.md")
    path.parent.mkdir(parents=True, exist_ok=True)
    front_matter = "".join(f"{name}: {value}\n" for name, value in lines.items() if value is not None)
    path.write_text(f"---\n{front_matter}---\n{body}\n", encoding="utf-8")
    return path


def import_from(folder: Path, *, publish: bool = True, dry_run: bool = False) -> list[Outcome]:
    """Import everything in a folder, as the operator."""
    files = list(find_files([folder]))
    return import_articles(index=ArticleIndexPage.objects.get(), files=files, publish=publish, dry_run=dry_run)


def draw(path: Path, *, color: str = "teal", size: tuple[int, int] = (60, 40)) -> Path:
    path.parent.mkdir(exist_ok=True)
    Pillow.new("RGB", size, color).save(path)
    return path

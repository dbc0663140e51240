"""Bodies with blocks of every kind."""

from typing import Any

from wagtail.images.models import Image

from articles.models import ArticlePage
from tests.pages import Block


def every_block(*, image: Image, link: ArticlePage | None = None) -> list[Block]:
    words = f'<a id="{link.pk}" linktype="page">there</a>' if link else "there"
    table: dict[str, Any] = {
        "columns": [{"type": "text", "heading": "Hormone"}, {"type": "rich_text", "heading": "Job"}],
        "rows": [{"values": ["Oxytocin <3", f"<p><b>Moves</b> milk {words}</p>"]}],
        "caption": "Hormones and their jobs",
    }
    return [
        ("heading", {"text": "What it does", "level": "h2", "anchor": ""}),
        ("paragraph", f"<p>Milk is moved {words}.</p>"),
        ("image", {"image": image, "alt": 'A "duct"', "caption": "One duct", "credit": "The project"}),
        ("callout", {"kind": "warning", "text": f"<p>Stop {words}.</p>"}),
        ("table", table),
        ("quote", {"text": "Milk <flows>.", "attribution": "A reader"}),
    ]

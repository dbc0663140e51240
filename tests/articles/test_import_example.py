"""The example in the editors' documentation is an article."""

import re
from pathlib import Path

import pytest
from django.test import Client
from PIL import Image as Pillow
from pytest_django import Settings

from articles.exchange.importing import Result
from tests.articles.files import import_from

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "editors.md"


@pytest.mark.usefixtures("article_index")
def test_the_documented_example_can_be_imported(
    client: Client, settings: Settings, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    settings.MEDIA_ROOT = tmp_path_factory.mktemp("media")
    example = re.search(r"```markdown\n(.*?)```\n", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    assert example is not None
    (tmp_path / "images").mkdir()
    Pillow.new("RGB", (60, 40), "teal").save(tmp_path / "images" / "duct.png")
    (tmp_path / "let-down.md").write_text(example[1], encoding="utf-8")
    (outcome,) = import_from(tmp_path)
    assert (outcome.result, outcome.error) == (Result.CREATED, None)
    page = client.get("/articles/let-down/").text
    for part in ('id="detail"', 'alt="What the picture shows"', "Image: Who made it", "Take care", "Who said it"):
        assert part in page

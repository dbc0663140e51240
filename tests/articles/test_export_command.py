"""`manage.py export_articles DIR`: files for people, that say everything, stay in their folder and are whole."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from wagtail.images.models import Image

from articles.models import ArticlePage, ArticleSource
from tests.pages import ArticleFactory


def export(folder: Path, *arguments: str) -> tuple[int, str, str]:
    """Run the command and return its exit code and what it said."""
    out, err = StringIO(), StringIO()
    try:
        call_command("export_articles", str(folder), *arguments, stdout=out, stderr=err)
    except SystemExit as end:
        return int(str(end.code)), out.getvalue(), err.getvalue()
    return 0, out.getvalue(), err.getvalue()


def test_an_article_is_a_file_that_people_can_read(
    publish_article: ArticleFactory, image: Image, tmp_path: Path
) -> None:
    other = publish_article(title="Prolactin", slug="prolactin")
    article = publish_article(
        title='Let-down: the "reflex"',
        slug="let-down",
        summary="How milk moves.",
        tags=["oxytocin", "Let-down"],
        reviewed_on="2026-11-22",
        first_published_at="2026-11-22T10:00:00Z",
        sources=[ArticleSource(title="A study", year=1983, url="https://example.org/")],
        body=[
            ("paragraph", f'<p>Milk <b>moves</b>; see <a linktype="page" id="{other.pk}">prolactin</a>.</p>'),
            ("heading", {"text": "How", "level": "h2", "anchor": ""}),
            ("heading", {"text": "Reworded", "level": "h3", "anchor": "detail"}),
            ("paragraph", "<p>1. no list<br/>second line</p><ul><li>a<ol><li>b</li></ol></li></ul>"),
            ("paragraph", "<p>H<sub>2</sub>O</p>"),
            ("image", {"image": image, "alt": "A duct", "caption": "Ducts", "credit": "C. Example"}),
            ("callout", {"kind": "doctor", "text": "<p>Ask.</p>"}),
            (
                "table",
                {
                    "columns": [{"type": "text", "heading": "A"}, {"type": "rich_text", "heading": "B"}],
                    "rows": [{"values": ["1 | 2", "<p><i>c</i></p>"]}],
                    "caption": "Parts",
                },
            ),
            ("quote", {"text": "It runs.\r\nIt stops.", "attribution": "A reader"}),
        ],
    )
    folder = tmp_path / "new" / "export"
    code, said, errors = export(folder)
    picture = Path(image.file.name).name
    assert (code, errors, said) == (0, "", f"3 files are in {folder}.\n")
    assert (folder / "images" / picture).read_bytes() == Path(image.file.path).read_bytes()
    assert (
        (folder / "let-down.md").read_text()
        == f"""\
---
id: "{article.translation_key}"
title: "Let-down: the \\"reflex\\""
slug: "let-down"
summary: "How milk moves."
category: "hormones"
tags:
- "Let-down"
- "oxytocin"
author: "The editorial team"
reviewed_on: 2026-11-22
reviewer: ""
published: 2026-11-22 10:00:00+00:00
seo_title: ""
search_description: ""
sources:
- title: "A study"
  year: 1983
  url: "https://example.org/"
---
Milk **moves**; see [prolactin](article:prolactin).

## How

### Reworded {{#detail}}

1\\. no list\\
second line

- a
  1. b

<!-- -->

H<sub>2</sub>O

![A duct](images/{picture} "Ducts")
Credit: C. Example

::: doctor
Ask.
:::

Table: Parts
| A | B |
| --- | --- |
| 1 \\| 2 | *c* |

> It runs.
> It stops.
> — A reader
"""
    )


def test_exporting_again_touches_no_file(publish_article: ArticleFactory, tmp_path: Path) -> None:
    publish_article(slug="one")
    export(tmp_path)
    before = (tmp_path / "one.md").stat()
    export(tmp_path)
    after = (tmp_path / "one.md").stat()
    # It may be read, to see that it says what it should.
    assert (after.st_ino, after.st_mtime_ns, after.st_ctime_ns) == (
        before.st_ino,
        before.st_mtime_ns,
        before.st_ctime_ns,
    )


def test_drafts_are_exported_when_asked(
    draft_article: ArticleFactory, publish_article: ArticleFactory, tmp_path: Path
) -> None:
    draft_article(slug="unfinished")
    article = publish_article(title="Shown", slug="shown")
    article.title = "Half finished"
    article.save_revision()
    assert export(tmp_path / "live")[0] == 0
    assert sorted(path.name for path in (tmp_path / "live").iterdir()) == ["shown.md"]
    assert export(tmp_path / "all", "--drafts")[0] == 0
    assert sorted(path.name for path in (tmp_path / "all").iterdir()) == ["shown.md", "unfinished.md"]
    assert 'title: "Half finished"' in (tmp_path / "all" / "shown.md").read_text()


def test_an_alias_is_not_exported(publish_article: ArticleFactory, tmp_path: Path) -> None:
    article = publish_article(slug="real")
    article.create_alias(parent=article.get_parent(), update_slug="alias")
    export(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["real.md"]


def test_nothing_is_written_outside_the_folder(publish_article: ArticleFactory, image: Image, tmp_path: Path) -> None:
    publish_article(slug="one", body=[("image", {"image": image, "alt": "A duct", "caption": "", "credit": ""})])
    folder, outside = tmp_path / "export", tmp_path / "outside"
    folder.mkdir()
    outside.mkdir()
    (folder / "images").symlink_to(outside)
    (outside / "mine.md").write_text("Mine.")
    (folder / "one.md").symlink_to(outside / "mine.md")
    code, _said, errors = export(folder)
    assert code == 1
    assert "leads out of the export" in errors
    assert [path.name for path in outside.iterdir()] == ["mine.md"]
    assert (outside / "mine.md").read_text() == "Mine."
    assert "title:" in (folder / "one.md").read_text()


def test_a_picture_that_is_lost_is_told_and_the_rest_is_written(
    publish_article: ArticleFactory, image: Image, tmp_path: Path
) -> None:
    publish_article(slug="one", body=[("image", {"image": image, "alt": "A duct", "caption": "", "credit": ""})])
    Path(image.file.path).unlink()
    code, said, errors = export(tmp_path / "export")
    assert code == 1
    assert Path(image.file.name).name in errors
    assert "1 files are in" in said
    assert [path.name for path in (tmp_path / "export").rglob("*.md")] == ["one.md"]


def test_nothing_half_written_is_left(
    publish_article: ArticleFactory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_article(slug="one")
    (tmp_path / "one.md").mkdir()  # cannot be replaced by a file
    code, _said, errors = export(tmp_path)
    assert code == 1
    assert "one.md" in errors
    assert [path.name for path in tmp_path.iterdir()] == ["one.md"]


def test_exporting_costs_the_same_queries_for_many_articles(publish_article: ArticleFactory, tmp_path: Path) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            export(tmp_path)
        return len(captured)

    publish_article(title="One", tags=["milk"])
    export(tmp_path)  # the site's addresses are remembered
    with_one = queries()
    for number in range(10):
        publish_article(title=f"Article {number}", tags=["milk"], sources=[ArticleSource(title="A study")])
    assert queries() == with_one
    assert ArticlePage.objects.count() == 11

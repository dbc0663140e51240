"""Markdown files become fields and blocks, or say on which line they are wrong."""

import datetime
from pathlib import Path

import pytest

from articles.markdown import MarkdownError, RawBlock, SourceText, read_article, read_document
from articles.setup import DEMO_FOLDER

FIELDS = """\
title: "Let-down"
slug: let-down
summary: "How milk moves."
category: hormones
author: "The editorial team"
"""


def file_with(folder: Path, text: str, *, fields: str = FIELDS) -> Path:
    path = folder / "article.md"
    path.write_text(f"---\n{fields}---\n{text}", encoding="utf-8")
    return path


def blocks_of(folder: Path, text: str, **page_ids: int) -> list[RawBlock]:
    return read_document(file_with(folder, text)).blocks(page_ids=page_ids)


def test_all_fields_are_read(tmp_path: Path) -> None:
    fields = """\
title: "Let-down: how"
slug: let-down
summary: How milk moves.
category: hormones
tags: [oxytocin, "1983"]
author: The editorial team
reviewed_on: 2026-11-22
reviewer: C. Example, midwife
sources:
  - title: A study
    authors: Cox
    publication: Physiology
    year: 1996
    url: "https://example.org/"
  - title: Another
    url: ""
"""
    article = read_article(file_with(tmp_path, "Text.", fields=fields))
    assert article.title == "Let-down: how"
    assert article.tags == ["oxytocin", "1983"]
    assert article.reviewed_on == datetime.date(2026, 11, 22)
    assert article.reviewer == "C. Example, midwife"
    assert article.sources == [
        SourceText(title="A study", authors="Cox", publication="Physiology", year=1996, url="https://example.org/"),
        SourceText(title="Another"),
    ]


def test_headings_and_text_become_blocks_in_order(tmp_path: Path) -> None:
    text = "Lead one.\n\nLead two.\n\n## Part *one*\n\n- a\n- **b**\n\n1. c\n   - d\n\n### Detail\n\nEnd."
    assert blocks_of(tmp_path, text) == [
        {"type": "paragraph", "value": "<p>Lead one.</p><p>Lead two.</p>"},
        {"type": "heading", "value": {"text": "Part one", "level": "h2", "anchor": ""}},
        {
            "type": "paragraph",
            "value": "<ul><li>a</li><li><b>b</b></li></ul><ol><li>c<ul><li>d</li></ul></li></ol>",
        },
        {"type": "heading", "value": {"text": "Detail", "level": "h3", "anchor": ""}},
        {"type": "paragraph", "value": "<p>End.</p>"},
    ]


def test_words_are_escaped_and_html_is_only_words(tmp_path: Path) -> None:
    (block,) = blocks_of(tmp_path, "5 < 6 & <script>alert(1)</script> *fine*\nnext\\\nline")
    assert block["value"] == "<p>5 &lt; 6 &amp; &lt;script&gt;alert(1)&lt;/script&gt; <i>fine</i> next<br/>line</p>"


def test_links_lead_to_the_web_or_to_an_article(tmp_path: Path) -> None:
    text = '[one](https://example.org/?a=1&b="2") and [two](article:prolactin) and [three](mailto:a@example.org)'
    (block,) = blocks_of(tmp_path, text, prolactin=7)
    assert block["value"] == (
        '<p><a href="https://example.org/?a=1&amp;b=%222%22">one</a> and <a id="7" linktype="page">two</a> '
        'and <a href="mailto:a@example.org">three</a></p>'
    )


@pytest.mark.parametrize("kind", ["note", "warning", "doctor"])
def test_callouts(tmp_path: Path, kind: str) -> None:
    (block,) = blocks_of(tmp_path, f"::: {kind}\nOne.\n\nTwo.\n:::\n")
    assert block == {"type": "callout", "value": {"kind": kind, "text": "<p>One.</p><p>Two.</p>"}}


def test_a_table_has_its_caption_and_plain_or_rich_columns(tmp_path: Path) -> None:
    text = (
        "Table: Jobs of hormones\n| Hormone | Job |\n| --- | ---: |\n| Oxytocin & co | *moves* |\n| Prolactin | makes |"
    )
    (block,) = blocks_of(tmp_path, text)
    assert block == {
        "type": "table",
        "value": {
            "columns": [{"type": "text", "heading": "Hormone"}, {"type": "rich_text", "heading": "Job"}],
            "rows": [{"values": ["Oxytocin & co", "<i>moves</i>"]}, {"values": ["Prolactin", "makes"]}],
            "caption": "Jobs of hormones",
        },
    }


def test_a_table_needs_no_caption(tmp_path: Path) -> None:
    (block,) = blocks_of(tmp_path, "| A |\n| --- |\n| b |")
    assert block["value"]["caption"] == ""


def test_quotes_with_and_without_attribution(tmp_path: Path) -> None:
    first, second = blocks_of(tmp_path, "> Milk flows.\n> Always.\n> — A reader, 1983\n\n<!-- -->\n\n> Only words.")[
        ::2
    ]
    assert first == {"type": "quote", "value": {"text": "Milk flows.\nAlways.", "attribution": "A reader, 1983"}}
    assert second["value"] == {"text": "Only words.", "attribution": ""}


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("One.\n\n# Too high", 10, "Headings are"),
        ("One.\n\n#### Too low", 10, "Headings are"),
        ("One.\n\n[two](article:nowhere)", 10, "no article “nowhere”"),
        ("[x](javascript:alert)", None, None),
        ("One.\n\n[x](/articles/let-down/)", 10, "A link leads to"),
        ("One.\n\n[x](ftp://example.org)", 10, "A link leads to"),
        ("::: danger\nOne.\n:::", 8, "A callout is one of: doctor, note, warning."),
        ("One.\n\n::: note\nTwo.", 10, "close it with"),
        ("::: note\n## Part\n:::", 9, "cannot hold this (heading)"),
        ("Table: Lost\n\nOne.", 8, "right before its table"),
        ("One.\n\n---\n\nTwo.", 10, "cannot hold this (hr)"),
        ("One.\n\n```\ncode\n```", 10, "cannot hold this (fence)"),
        ("One `code`.", 8, "cannot hold this (code_inline)"),
        ("![alt](picture.png)", 8, "cannot hold this (image)"),
        ("> - list", 8, "cannot hold this (bullet_list)"),
        ("", 8, "no text after the fields"),
    ],
)
def test_a_wrong_text_names_file_and_line(tmp_path: Path, text: str, line: int | None, message: str | None) -> None:
    if message is None:  # no link at all for Markdown: words stay words
        assert blocks_of(tmp_path, text) == [{"type": "paragraph", "value": f"<p>{text}</p>"}]
        return
    with pytest.raises(MarkdownError) as caught:
        blocks_of(tmp_path, text)
    assert str(caught.value).startswith(f"{tmp_path / 'article.md'}:{line}: ")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("fields", "line", "message"),
    [
        (FIELDS.replace("slug: let-down\n", ""), 1, "“slug” is missing"),
        (FIELDS.replace("slug: let-down", "slug:"), 3, "“slug” is missing"),
        (FIELDS.replace("slug: let-down", "slug: 12"), 3, "“slug” must be a text"),
        (FIELDS + "tags: milk\n", 7, "“tags” must be a list"),
        (FIELDS + "tags: [1983]\n", 7, "Every tag is a text"),
        (FIELDS + "reviewed_on: soon\n", 7, "“reviewed_on” must be a date"),
        (FIELDS + "reviewed_on: 2026-02-31\n", 7, "cannot be read"),
        (FIELDS + "title: Again\n", 7, "“title” stands here twice"),
        (FIELDS + "dose: 10\n", 7, "no field “dose”"),
        (FIELDS + "sources: [{authors: Cox}]\n", 7, "A source has a title"),
        (FIELDS + "sources: [{title: A, page: 3}]\n", 7, "A source has a title"),
        (FIELDS + "sources: [{title: A, year: about 1996}]\n", 7, "year is a number"),
        (FIELDS + 'bad: "open\n', 7, "cannot be read"),
        ("- one\n- two\n", 2, "name: value"),
        ("", 2, "name: value"),
    ],
)
def test_a_wrong_field_names_file_and_line(tmp_path: Path, fields: str, line: int, message: str) -> None:
    path = file_with(tmp_path, "Text.", fields=fields)
    with pytest.raises(MarkdownError) as caught:
        read_article(path)
    assert str(caught.value).startswith(f"{path}:{line}: ")
    assert message in str(caught.value)


def test_a_file_without_fields_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "plain.md"
    path.write_text("Just text.\n")
    with pytest.raises(MarkdownError, match=r"plain\.md:1: Begin the file"):
        read_document(path)


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "binary.md"
    path.write_bytes(b"---\ntitle: x\n---\n\xff\xfe")
    with pytest.raises(MarkdownError, match=r"binary\.md:4: This is not UTF-8"):
        read_document(path)


def test_the_demo_files_can_all_be_read() -> None:
    articles = [read_article(path) for path in DEMO_FOLDER.glob("*.md")]
    page_ids = {article.slug: number for number, article in enumerate(articles)}
    assert {"the-four-key-hormones", "supply-and-demand", "prolactin"} <= page_ids.keys()
    for article in articles:
        assert article.sources, article.slug
        assert not article.reviewer, "only a named clinician reviews clinically"
        assert any(block["type"] == "heading" for block in article.document.blocks(page_ids=page_ids))

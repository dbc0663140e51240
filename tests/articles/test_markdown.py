"""Markdown files become fields and blocks, or say on which line they are wrong."""

import datetime
from itertools import pairwise
from pathlib import Path
from uuid import UUID

import pytest

from articles.article_texts import read_article
from articles.markdown import MarkdownError, RawBlock, read_document
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


def blocks_of(folder: Path, text: str, page_ids: dict[str, int] | None = None) -> list[RawBlock]:
    document = read_document(file_with(folder, text))
    return document.blocks(page_ids=page_ids or {}, find_picture={"duct.png": 3}.__getitem__)


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
published: 2026-11-22 10:30:00+01:00
id: 6a1fdd1c-0e0c-4b3c-9a55-6a0d6d0c5a11
sources:
  - title: A study
    authors: Cox
    publication: Physiology
    year: 1996
    url: "https://example.org/"
  - title: Another
    url: ""
"""
    values = read_article(file_with(tmp_path, "Text.", fields=fields)).values
    assert values["id"] == UUID("6a1fdd1c-0e0c-4b3c-9a55-6a0d6d0c5a11")
    assert values["title"] == "Let-down: how"
    assert values["tags"] == ["oxytocin", "1983"]
    assert values["reviewed_on"] == datetime.date(2026, 11, 22)
    assert values["reviewer"] == "C. Example, midwife"
    assert values["published"] == datetime.datetime(2026, 11, 22, 9, 30, tzinfo=datetime.UTC)
    assert values["sources"] == [
        {
            "title": "A study",
            "authors": "Cox",
            "publication": "Physiology",
            "year": 1996,
            "url": "https://example.org/",
        },
        {"title": "Another", "authors": "", "publication": "", "year": None, "url": ""},
    ]


def test_a_field_that_is_not_there_is_not_said(tmp_path: Path) -> None:
    assert read_article(file_with(tmp_path, "Text.", fields="title: Let-down\nreviewer:\n")).values == {
        "title": "Let-down",
        "reviewer": "",
    }


def test_line_ends_and_a_byte_order_mark_of_other_systems_are_no_matter(tmp_path: Path) -> None:
    path = tmp_path / "windows.md"
    path.write_bytes(b"\xef\xbb\xbf" + f"---\n{FIELDS}---\nOne.\n\nTwo.\n".replace("\n", "\r\n").encode())
    article = read_article(path)
    assert article.values["slug"] == "let-down"
    assert article.document.blocks(page_ids={}) == [{"type": "paragraph", "value": "<p>One.</p><p>Two.</p>"}]


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


def test_words_are_escaped(tmp_path: Path) -> None:
    (block,) = blocks_of(tmp_path, "5 < 6 & \\<script>alert(1)&lt;/script> *fine*\nnext\\\nline")
    assert block["value"] == "<p>5 &lt; 6 &amp; &lt;script&gt;alert(1)&lt;/script&gt; <i>fine</i> next<br/>line</p>"


def test_the_html_that_the_editor_has_signs_for_is_read(tmp_path: Path) -> None:
    (block,) = blocks_of(tmp_path, "10<sup>2</sup> H<SUB>2</SUB>O <b>a <em>b</em></b><br>c")
    assert block["value"] == "<p>10<sup>2</sup> H<sub>2</sub>O <b>a <i>b</i></b><br/>c</p>"


def test_a_comment_begins_a_new_block(tmp_path: Path) -> None:
    one, two = blocks_of(tmp_path, "One.\n\n<!-- -->\n\nTwo.")
    assert (one["value"], two["value"]) == ("<p>One.</p>", "<p>Two.</p>")


def test_a_heading_may_bring_its_anchor(tmp_path: Path) -> None:
    headings = blocks_of(tmp_path, "## The *ducts* {#ducts}\n\n## \\{#words}\n\n### {#alone}")
    assert [(heading["value"]["text"], heading["value"]["anchor"]) for heading in headings] == [
        ("The ducts", "ducts"),
        ("{#words}", ""),
        ("", "alone"),
    ]


def test_a_picture_has_alternative_text_caption_and_credit(tmp_path: Path) -> None:
    text = 'Lead.\n\n![A *duct*](duct.png "How \\"it\\" runs")\nCredit: C. Example\n\n![Again](duct.png)'
    _lead, first, second = blocks_of(tmp_path, text)
    value = {"image": 3, "alt": "A duct", "caption": 'How "it" runs', "credit": "C. Example"}
    assert first == {"type": "image", "value": value}
    assert second == {"type": "image", "value": {"image": 3, "alt": "Again", "caption": "", "credit": ""}}


def test_links_lead_to_the_web_or_to_an_article(tmp_path: Path) -> None:
    text = (
        '[one](https://example.org/?a=1&b="2") and [two](article:prolactin), [three](/membership/) and [four](/search/)'
    )
    (block,) = blocks_of(tmp_path, text, page_ids={"article:prolactin": 7, "/membership/": 8})
    assert block["value"] == (
        '<p><a href="https://example.org/?a=1&amp;b=&quot;2&quot;">one</a> and <a id="7" linktype="page">two</a>, '
        '<a id="8" linktype="page">three</a> and <a href="/search/">four</a></p>'
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
    first, second = blocks_of(
        tmp_path, "> Milk flows.\n> Always.\n> — A reader, 1983\n\n> Only words.\n> &mdash; And no name."
    )
    assert first == {"type": "quote", "value": {"text": "Milk flows.\nAlways.", "attribution": "A reader, 1983"}}
    assert second["value"] == {"text": "Only words.\n— And no name.", "attribution": ""}


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("One.\n\n# Too high", 10, "Headings are"),
        ("One.\n\n#### Too low", 10, "Headings are"),
        ("One.\n\n[two](article:nowhere)", 10, "no article “nowhere”"),
        ("One\nand\n[x](javascript:alert)", 10, "A link leads to"),
        ("[x](data:text/html,x)", 8, "A link leads to"),
        ("[x](<javascript&#58;alert>)", 8, "A link leads to"),
        ("[x](//example.org/)", 8, "A link leads to"),
        ("[x](prolactin.md)", 8, "A link leads to"),
        ('[x](https://example.org/ "title")', 8, "A link has no title"),
        ("One.\n\n<div>two</div>", 10, "cannot hold <div>two</div>"),
        ("One\n<script>alert(1)</script>", 9, "cannot hold <script>"),
        ("<b onclick=x>One</b>", 8, "cannot hold <b onclick=x>"),
        ("One <!-- remark -->", 8, "cannot hold <!-- remark -->"),
        ("<b>One", 8, "<b> is not closed"),
        ("One</b>", 8, "closes what was not opened"),
        ("<b><i>One</b></i>", 8, "closes what was not opened"),
        ("One.\n\n3. Three", 10, "begins with 1"),
        ("- a\n" + "".join("  " * depth + "- a\n" for depth in range(1, 12)), 17, "9 deep"),
        ("## A [link](/there/)", 8, "nothing but words"),
        ("One ![alt](duct.png).", 8, "in a paragraph of its own"),
        ("::: danger\nOne.\n:::", 8, "A callout is one of: doctor, note, warning."),
        ("One.\n\n::: note\nTwo.", 10, "close it with"),
        ("::: note\n## Part\n:::", 9, "cannot hold this (heading)"),
        ("Table: Lost\n\nOne.", 8, "right before its table"),
        ("One.\n\n---\n\nTwo.", 10, "cannot hold this (hr)"),
        ("One.\n\n```\ncode\n```", 10, "cannot hold this (fence)"),
        ("One `code`.", 8, "cannot hold this (code_inline)"),
        ("> - list", 8, "cannot hold this (bullet_list)"),
    ],
)
def test_a_wrong_text_names_file_and_line(tmp_path: Path, text: str, line: int, message: str) -> None:
    with pytest.raises(MarkdownError) as caught:
        blocks_of(tmp_path, text)
    assert str(caught.value).startswith(f"{tmp_path / 'article.md'}:{line}: ")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("fields", "line", "message"),
    [
        (FIELDS.replace("slug: let-down", "slug:"), 3, "“slug” is empty"),
        (FIELDS + "id: 12\n", 7, "“12” is no id"),
        (FIELDS + "published: soon\n", 7, "“published” must be a date"),
        (FIELDS + 'reviewer: "a\\0b"\n', 7, "a character in it that nobody can read"),
        (FIELDS + "reviewed_on: 2026-11-22 10:00\n", 7, "“reviewed_on” must be a date"),
        (FIELDS + "tags: " + "[" * 3000 + "\n", 2, "nested too deeply"),
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
        (FIELDS + "published: 9999-12-31 23:59:59-12:00\n", 7, "no such moment"),
        (FIELDS + "published: 0001-01-01 00:00:00+12:00\n", 7, "no such moment"),
        (FIELDS + "published: !!timestamp foo\n", 7, "cannot be read"),
        (FIELDS + "reviewer: !!int ''\n", 7, "cannot be read"),
        (FIELDS + "reviewer: !!bool maybe\n", 7, "cannot be read"),
        (FIELDS + "tags: &all [milk]\nid: *all\n", 8, "a * stands before a name"),
        (FIELDS + "sources: " + " " * 65_536 + "[]\n", 2, "longer than 65536 characters"),
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


def test_a_text_of_two_bytes_a_character_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "wide.md"
    path.write_bytes("---\ntitle: x\n---\nText.".encode("utf-16"))
    with pytest.raises(MarkdownError, match=r"wide\.md:1: This is not UTF-8 text: save it as UTF-8"):
        read_document(path)


def test_a_few_lines_cannot_stand_for_more_text_than_there_is_memory(tmp_path: Path) -> None:
    lines = ["a: &a [milk]"] + [f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]" for a, b in pairwise("abcdefghijkl")]
    sources = "sources: [{title: *l}]"
    with pytest.raises(MarkdownError, match=r"article\.md:\d+: The fields cannot be read: a \* stands before a name"):
        read_article(file_with(tmp_path, "Text.", fields=FIELDS + "\n".join([*lines, sources]) + "\n"))


def test_a_character_that_nobody_can_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MarkdownError, match=r"article\.md:8: Remove the character U\+0007"):
        read_document(file_with(tmp_path, "One \x07."))


def test_a_text_that_would_take_the_parser_minutes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MarkdownError, match=r"article\.md:1: There are more than 5000 signs “\[” in here"):
        read_document(file_with(tmp_path, "![" * 400_000))
    assert read_document(file_with(tmp_path, r"\[" * 6_000))


def test_a_huge_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    with pytest.raises(MarkdownError, match=r"article\.md:1: This file is larger than 1000 kB"):
        read_document(file_with(tmp_path, "milk " * 250_000))


def test_the_demo_files_can_all_be_read() -> None:
    articles = [read_article(path) for path in DEMO_FOLDER.glob("*.md")]
    page_ids = {f"article:{article.values['slug']}": number for number, article in enumerate(articles)}
    assert {"article:the-four-key-hormones", "article:supply-and-demand", "article:prolactin"} <= page_ids.keys()
    for article in articles:
        assert article.values["sources"], article.values["slug"]
        assert not article.values.get("reviewer"), "only a named clinician reviews clinically"
        assert any(block["type"] == "heading" for block in article.document.blocks(page_ids=page_ids))

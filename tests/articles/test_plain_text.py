"""Plain text becomes an article by rules that can be told in a few sentences."""

from pathlib import Path

import pytest

from articles.article_texts import ArticleText
from articles.exchange.files import find_files
from articles.exchange.importing import Defaults, Result, import_articles
from articles.exchange.plain_text import read_plain_article
from articles.markdown import MarkdownError, RawBlock
from articles.models import ArticleIndexPage, ArticlePage


def text_of(folder: Path, text: str) -> ArticleText:
    path = folder / "article.txt"
    path.write_bytes(text.encode())
    return read_plain_article(path)


def blocks_of(folder: Path, text: str) -> list[RawBlock]:
    return text_of(folder, text).document.blocks(page_ids={})


def heading(text: str) -> RawBlock:
    return {"type": "heading", "value": {"text": text, "level": "h2", "anchor": ""}}


def words(html: str) -> RawBlock:
    return {"type": "paragraph", "value": html}


def test_the_first_line_is_the_title_and_short_lines_are_headings(tmp_path: Path) -> None:
    text = "How milk moves\n\nA lead & more.\n\nThe ducts\n\nThey carry it.\nAll the way.\n\nMore.\n"
    article = text_of(tmp_path, text)
    assert article.values == {"title": "How milk moves"}
    assert article.suggestions == {"summary": "A lead & more."}
    assert article.document.blocks(page_ids={}) == [
        words("<p>A lead &amp; more.</p>"),
        heading("The ducts"),
        words("<p>They carry it. All the way.</p><p>More.</p>"),
    ]


def test_what_stands_before_the_title_leads_into_the_text(tmp_path: Path) -> None:
    article = text_of(tmp_path, "This is a lead.\n\nThe title\n\nA part\n\nWords.\n")
    assert article.values == {"title": "The title"}
    assert article.document.blocks(page_ids={}) == [
        words("<p>This is a lead.</p>"),
        heading("A part"),
        words("<p>Words.</p>"),
    ]


@pytest.mark.parametrize(
    "line", ["It ends.", "Does it?", "As follows:", "x" * 81, "Two\nlines", "- an item", "The end"]
)
def test_what_is_no_heading_is_text(tmp_path: Path, line: str) -> None:
    ending = "" if line == "The end" else "\n\nMore."
    kinds = [block["type"] for block in blocks_of(tmp_path, f"Title\n\nLead.\n\n{line}{ending}\n")]
    assert kinds == ["paragraph"]


def test_a_text_that_begins_with_a_lead_and_ends_with_an_invitation(
    article_index: ArticleIndexPage, tmp_path: Path
) -> None:
    """The shape of a page of a site, copied as it is read: short lines that follow each other, and one at the end."""
    path = tmp_path / "page.txt"
    path.write_text(
        "Two glands take part. Each has its own moment, and knowing them helps.\n\n"
        "The Two Glands\n\n"
        'Pituitary\n\nIt sends "signals" — prolactin (after birth) and oxytocin.\n\n'
        "Breast\n\nIt's where milk is made. More is taken, more is made.\n\n"
        "meet the others\n\n"
        "The Reading Circle\n\nCome along, and bring a friend.\n\nIt's open to everybody.\n\n"
        "Join the Circle",
        encoding="utf-8",
    )
    files = list(find_files([path]))
    defaults = Defaults(category="hormones", author="The team")
    (outcome,) = import_articles(index=article_index, files=files, publish=True, defaults=defaults)
    assert outcome.result == Result.CREATED
    article = ArticlePage.objects.get(slug="the-two-glands")
    assert article.title == "The Two Glands"
    assert article.summary == "Two glands take part. Each has its own moment, and knowing them helps."
    assert [
        block.value["text"] if block.block_type == "heading" else block.value.source.replace("</p><p>", " | ")
        for block in article.body
    ] == [
        "<p>Two glands take part. Each has its own moment, and knowing them helps.</p>",
        "Pituitary",
        '<p>It sends "signals" — prolactin (after birth) and oxytocin.</p>',
        "Breast",
        "<p>It's where milk is made. More is taken, more is made.</p>",
        "meet the others",
        "The Reading Circle",
        "<p>Come along, and bring a friend. | It's open to everybody. | Join the Circle</p>",
    ]
    (again,) = import_articles(index=article_index, files=files, publish=True, defaults=defaults)
    assert again.result == Result.UNCHANGED


def test_lists(tmp_path: Path) -> None:
    text = "Title\n\nThese:\n- one\n  goes on\n* two\n\n• three\n\n1. first\n2) second\n\nEnd of it, said.\n"
    assert blocks_of(tmp_path, text) == [
        words(
            "<p>These:</p><ul><li>one goes on</li><li>two</li><li>three</li></ul>"
            "<ol><li>first</li><li>second</li></ol><p>End of it, said.</p>"
        )
    ]


def test_markdown_and_html_are_only_words(tmp_path: Path) -> None:
    assert blocks_of(tmp_path, "Title\n\n**a** <b>b</b> [c](javascript:d).\n") == [
        words("<p>**a** &lt;b&gt;b&lt;/b&gt; [c](javascript:d).</p>")
    ]


def test_files_of_other_systems_are_read(tmp_path: Path) -> None:
    assert blocks_of(tmp_path, "\ufeffTitle\r\n\r\nOne.\r\nTwo.\r\n") == [words("<p>One. Two.</p>")]


def test_a_long_lead_makes_a_summary_of_whole_sentences(tmp_path: Path) -> None:
    lead = "First sentence. " + "Second one is long " * 20 + "."
    assert text_of(tmp_path, f"Title\n\n{lead}\n").suggestions == {"summary": "First sentence."}
    summary = text_of(tmp_path, f"Title\n\n{'word ' * 100}.\n").suggestions["summary"]
    assert summary.endswith("…")
    assert len(summary) <= 250


@pytest.mark.parametrize("text", ["", "\n\n", "Only one line", "A sentence.\n\nAnother one."])
def test_a_text_without_a_title_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(MarkdownError, match=r"article\.txt:1: There is no title"):
        text_of(tmp_path, text)


def test_importing_it_again_changes_nothing_and_keeps_what_editors_added(
    article_index: ArticleIndexPage, tmp_path: Path
) -> None:
    text_of(tmp_path, "How milk moves\n\nA lead.\n")
    files = list(find_files([tmp_path]))
    defaults = Defaults(category="hormones", author="The team")
    (created,) = import_articles(index=article_index, files=files, publish=True, defaults=defaults)
    assert created.result == Result.CREATED
    article = ArticlePage.objects.get(slug="how-milk-moves")
    article.summary = "Better."
    article.save_revision().publish()
    (again,) = import_articles(index=article_index, files=files, publish=True, defaults=defaults)
    assert again.result == Result.UNCHANGED
    assert ArticlePage.objects.get().summary == "Better."

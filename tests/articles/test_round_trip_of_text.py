"""What is written as Markdown is read again as it was, block for block."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings

from articles.blocks import keep_anchors
from articles.exchange.bodies import Heading, Library, read_body
from articles.exchange.rich_text import Addresses
from articles.exchange.writing import write_article, write_body
from articles.markdown import RawBlock, parse_document
from tests.articles.generated import bodies

ADDRESSES = {7: "article:prolactin", 8: "article:let-down", 9: "/membership/"}
PICTURES = {1: "images/duct.png", 2: "images/a picture (new) & <b>.png"}
PAGE_IDS = {address: number for number, address in ADDRESSES.items()}
LIBRARY = Library(addresses=Addresses(by_id=ADDRESSES, by_path={}), pictures=PICTURES)
PICTURE_IDS = {address: number for number, address in PICTURES.items()}


def with_anchors(blocks: list[RawBlock]) -> list[RawBlock]:
    """Give headings their anchors, as saving does."""
    keep_anchors([SimpleNamespace(block_type=block["type"], value=block["value"]) for block in blocks])
    return blocks


def read_again(text: str) -> list[RawBlock]:
    document = parse_document(text, path=Path("article.md"))
    return with_anchors(document.blocks(page_ids=PAGE_IDS, find_picture=PICTURE_IDS.__getitem__))


@settings(max_examples=150, derandomize=True, deadline=None)
@given(bodies(page_ids=tuple(ADDRESSES), image_ids=tuple(PICTURES)))
def test_every_body_comes_back_as_it_was(raw: list[RawBlock]) -> None:
    before = [block for block in read_body(with_anchors(raw), LIBRARY) if block]
    text = write_article(values={}, blocks=before)
    again = read_again(text)
    assert read_body(again, LIBRARY) == before
    assert write_article(values={}, blocks=[block for block in read_body(again, LIBRARY) if block]) == text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ('<p>Look!<a href="#part">here</a></p>', r"Look\![here](#part)"),
        ("<p><b>One<i>\x9a</i>two</b></p>", "**Onetwo**"),
        ('<p><b><a href="#part">One</a> </b>two</p>', "[**One**](#part) two"),
    ],
)
def test_words_that_only_look_like_something_else_stay_words(html: str, text: str) -> None:
    blocks = [block for block in read_body([{"type": "paragraph", "value": html}], LIBRARY) if block]
    assert write_body(blocks) == f"{text}\n"


def test_a_backslash_before_an_anchor_stays_a_word() -> None:
    block = Heading(text="\\", level="h2", anchor="part")
    text = write_body([block])
    assert text == "## \\\\ {#part}\n"
    assert read_body(read_again(f"---\n{{}}\n---\n{text}"), LIBRARY) == [block]


@pytest.mark.parametrize("html", ["", "<p></p>", "<p> <b>\x9a</b></p>"])
def test_a_callout_without_words_says_nothing(html: str) -> None:
    assert read_body([{"type": "callout", "value": {"kind": "note", "text": html}}], LIBRARY) == [None]

"""The addresses of headings."""

from typing import Any

from bs4 import BeautifulSoup
from django.test import Client

from articles.blocks import ANCHOR_LENGTH, TAKEN_ANCHORS, headings
from articles.models import ArticlePage, ArticleSource
from tests.pages import ArticleFactory


def heading(text: str, **more: str) -> tuple[str, Any]:
    return ("heading", {"text": text, "level": "h2", **more})


def anchors(article: ArticlePage) -> list[str]:
    return [each.anchor for each in headings(article.body)]


def test_an_anchor_is_made_from_the_text(publish_article: ArticleFactory) -> None:
    assert anchors(publish_article(body=[heading("Why “let-down” hurts!")])) == ["why-let-down-hurts"]


def test_the_same_text_twice_gives_two_anchors(publish_article: ArticleFactory) -> None:
    body = [heading("Milk"), heading("Milk"), heading("Milk 2"), heading("Milk")]
    assert anchors(publish_article(body=body)) == ["milk", "milk-2", "milk-2-2", "milk-3"]


def test_an_anchor_stays_when_the_text_changes(publish_article: ArticleFactory) -> None:
    article = publish_article(body=[heading("Milk"), heading("Night")])
    article.body[0].value["text"] = "All about milk"
    article.save_revision().publish()
    article = ArticlePage.objects.get(pk=article.pk)
    assert [(each.text, each.anchor) for each in headings(article.body)] == [
        ("All about milk", "milk"),
        ("Night", "night"),
    ]


def test_a_heading_put_before_another_does_not_take_its_anchor(publish_article: ArticleFactory) -> None:
    article = publish_article(body=[heading("Milk")])
    stored = article.body.raw_data[0]
    article.body = [{"type": "heading", "value": {"text": "Milk", "level": "h2", "anchor": ""}}, dict(stored)]
    article.save_revision().publish()
    assert anchors(ArticlePage.objects.get(pk=article.pk)) == ["milk-2", "milk"]


def test_a_duplicated_block_gets_an_anchor_of_its_own(publish_article: ArticleFactory) -> None:
    body = [heading("Milk", anchor="milk"), heading("Milk", anchor="milk")]
    assert anchors(publish_article(body=body)) == ["milk", "milk-2"]


def test_text_without_a_latin_letter_has_an_anchor_too(publish_article: ArticleFactory) -> None:
    assert anchors(publish_article(body=[heading("母乳"), heading("…")])) == ["section", "section-2"]


def test_an_anchor_never_meets_an_id_of_the_page_around_it(client: Client, publish_article: ArticleFactory) -> None:
    body = [heading(word.title()) for word in sorted(TAKEN_ANCHORS)]
    article = publish_article(body=body, tags=["milk"], sources=[ArticleSource(title="A study")])
    home_page = article.get_parent().get_parent().specific
    home_page.sections = body
    home_page.save_revision().publish()
    for address in (article.url, "/"):
        ids = [tag["id"] for tag in BeautifulSoup(client.get(address).content, "html.parser").select("[id]")]
        assert len(ids) > len(body)
        assert len(ids) == len(set(ids))


def test_long_headings_have_anchors_of_a_length_that_can_be_kept(publish_article: ArticleFactory) -> None:
    found = anchors(publish_article(body=[heading("milk " * 29), heading("milk " * 29)]))
    assert len(set(found)) == 2
    assert max(map(len, found)) <= ANCHOR_LENGTH


def test_a_draft_that_is_being_written_has_anchors(draft_article: ArticleFactory) -> None:
    draft = draft_article(body=[heading("Milk")]).get_latest_revision_as_object()
    assert anchors(draft) == ["milk"]

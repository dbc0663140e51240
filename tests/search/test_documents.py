"""What of a page goes into an index, and whether it does."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from wagtail.models import Page, PageViewRestriction

from articles.models import ArticlePage
from cms.searchable import Label, Section
from home.models import HomePage
from search.documents import document_of, documents, searchable_page_ids
from tests.pages import ArticleFactory


def test_an_article_becomes_a_document(publish_article: ArticleFactory) -> None:
    article = publish_article(
        title="Let-down",
        summary="How milk moves.",
        category="hormones",
        tags=["oxytocin"],
        body=[
            ("paragraph", "<p>The lead.</p>"),
            ("heading", {"text": "Reflex", "anchor": "", "level": "h2"}),
            ("paragraph", "<p>Oxytocin <b>moves</b> milk.</p>"),
        ],
    )
    document = document_of(article.pk)
    assert document is not None
    assert (document.page_id, document.title, document.summary) == (article.pk, "Let-down", "How milk moves.")
    assert document.category == Label("hormones", "Hormones")
    assert document.tags == (Label("oxytocin", "oxytocin"),)
    assert document.sections[0] == Section("", "", "The lead.")
    assert (document.sections[1].heading, document.sections[1].text) == ("Reflex", "Oxytocin moves milk.")
    assert document.sections[1].anchor
    assert document.published_at == article.first_published_at


def test_drafts_are_not_searchable(draft_article: ArticleFactory) -> None:
    assert document_of(draft_article().pk) is None


def test_unpublished_expired_and_restricted_pages_are_not_searchable(publish_article: ArticleFactory) -> None:
    unpublished, expired, restricted = (publish_article(title=title) for title in ("One", "Two", "Three"))
    unpublished.unpublish()
    Page.objects.filter(pk=expired.pk).update(expire_at=timezone.now() - timedelta(seconds=1))
    PageViewRestriction.objects.create(page=restricted, restriction_type="login")
    assert [document_of(page.pk) for page in (unpublished, expired, restricted)] == [None, None, None]
    assert searchable_page_ids() == []


def test_pages_without_sections_are_not_searchable(home_page: HomePage) -> None:
    assert document_of(home_page.pk) is None


def test_a_page_that_is_gone_is_not_searchable(db: None) -> None:
    assert document_of(987_654) is None


def test_the_hash_stays_with_the_content(publish_article: ArticleFactory) -> None:
    article = publish_article(title="One")
    first, second = document_of(article.pk), document_of(article.pk)
    assert first is not None
    assert second is not None
    assert first.content_hash == second.content_hash
    assert first.version < second.version


@pytest.mark.parametrize(
    "change",
    [
        {"title": "Other"},
        {"summary": "Other"},
        {"body": [("paragraph", "<p>Other</p>")]},
        {"expire_at": timezone.now() + timedelta(days=9)},
    ],
)
def test_the_hash_changes_with_the_content(publish_article: ArticleFactory, change: dict[str, object]) -> None:
    article = publish_article(title="One")
    before = document_of(article.pk)
    for field, value in change.items():
        setattr(article, field, value)
    article.save_revision().publish()
    after = document_of(article.pk)
    assert before is not None
    assert after is not None
    assert before.content_hash != after.content_hash


def test_characters_that_engines_use_for_marks_are_left_out(publish_article: ArticleFactory) -> None:
    article = publish_article(title="Let\ue000-\x1fdown", text="Mi\ue001lk, lac\u00adtation")
    document = document_of(article.pk)
    assert document is not None
    assert (document.title, document.sections[0].text) == ("Let - down", "Mi lk, lactation")


def test_many_pages_are_read_with_few_queries(publish_article: ArticleFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ArticlePage, "search_prefetch", ("category", "tags"), raising=False)
    pages = [publish_article(title=f"Article {number}", tags=["milk", "duct"]).pk for number in range(12)]
    with CaptureQueriesContext(connection) as few:
        assert len(list(documents(pages[:2]))) == 2
    with CaptureQueriesContext(connection) as many:
        assert len(list(documents(pages))) == 12
    assert len(many) == len(few)


def test_a_page_that_cannot_be_read_is_left_out(
    publish_article: ArticleFactory, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    broken, whole = publish_article(title="Broken"), publish_article(title="Whole")
    read = ArticlePage.search_sections

    def fail(page: ArticlePage) -> object:
        if page.pk == broken.pk:
            raise ValueError("cannot be read")
        return read(page)

    monkeypatch.setattr(ArticlePage, "search_sections", fail)
    assert [document.page_id for document in documents([broken.pk, whole.pk])] == [whole.pk]
    assert f"Page {broken.pk}" in caplog.text

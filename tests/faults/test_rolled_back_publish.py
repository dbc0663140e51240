"""What is rolled back never happened: not for readers, and not for the workers that run meanwhile."""

from collections.abc import Callable

import pytest
from django.db import transaction
from pytest_django import Settings

from articles.models import ArticlePage
from cms.pipeline.models import PageChange
from cms.pipeline.outbox import unfinished_page_ids
from search.indexing import ELASTICSEARCH_INDEX
from tests.faults.conftest import Newsroom, Processes, assert_index_equals_published, wait_until
from tests.pages import ArticleFactory
from tests.pipeline.test_claim import own_connections


def publish_again(page_id: int) -> None:
    article = ArticlePage.objects.get(pk=page_id)
    article.title = "Never"
    article.save_revision().publish()


def unpublish(page_id: int) -> None:
    ArticlePage.objects.get(pk=page_id).unpublish()


def delete(page_id: int) -> None:
    ArticlePage.objects.get(pk=page_id).delete()


@own_connections
@pytest.mark.parametrize("change", [publish_again, unpublish, delete])
def test_a_change_that_is_rolled_back_is_never_indexed(
    change: Callable[[int], None], newsroom: Newsroom, processes: Processes, settings: Settings
) -> None:
    processes.start_worker()
    wait_until(lambda: not unfinished_page_ids(consumer=ELASTICSEARCH_INDEX))
    before = dict(PageChange.objects.values_list("pk", "version"))
    with transaction.atomic():
        change(newsroom.article_ids[0])
        assert unfinished_page_ids(consumer=ELASTICSEARCH_INDEX)
        transaction.set_rollback(True)
    assert dict(PageChange.objects.values_list("pk", "version")) == before
    newsroom.publish(newsroom.article_ids[1])
    assert_index_equals_published(newsroom, settings)


@own_connections
def test_a_first_publication_that_is_rolled_back_leaves_no_phantom(
    newsroom: Newsroom, publish_article: ArticleFactory, processes: Processes, settings: Settings
) -> None:
    processes.start_worker()
    with transaction.atomic():
        never = publish_article(title="Never")
        transaction.set_rollback(True)
    newsroom.publish(newsroom.article_ids[0])
    assert_index_equals_published(newsroom, settings)
    assert not PageChange.objects.filter(page_id=never.pk).exists()

"""What the page cache's tests share: a browser behind the cache, which knows nothing at first."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cms.page_cache.generation import get_generation
from tests.page_cache.browsing import Browser, FrontHandler
from tests.page_cache.newsroom import Newsroom
from tests.page_cache.surfaces import SEARCHES, SUBJECT, WORKER_SECONDS, hidden, shown, shows
from tests.services.plugin import FOLDER, provide
from tests.services.redis import Redis
from tests.services.site import Site

# What a test that failed half way leaves hidden must not fail all others.
RESTORE = """
PageViewRestriction.objects.all().delete()
a = article("colostrum")
if not a.live or a.expire_at or a.title != "Colostrum" or a.get_parent().pk != index.pk:
    a.title, a.expire_at, a.expired = "Colostrum", None, False
    a.save_revision().publish()
    a.move(index.specific, pos="last-child")
"""
NewFront = Callable[..., FrontHandler]


@pytest.fixture
def new_front() -> NewFront:
    """A function that makes the page cache of one web process; all of them share what Redis or files share."""
    # The files still hold what another test kept.
    get_generation().renew()
    return FrontHandler


@pytest.fixture
def browser_behind(new_front: NewFront) -> Browser:
    """A browser, and the page cache of one web process before it."""
    return Browser(handler=new_front())


@pytest.fixture(scope="package")
def own_redis() -> Iterator[Redis]:
    """A Redis that only the site with Redis uses; a test may kill it and start it again."""
    redis = provide(lambda: Redis(folder=Path(os.environ[FOLDER])))
    redis.start()
    redis.wait()
    yield redis
    redis.stop()


@pytest.fixture(scope="package", params=["files", "redis"])
def newsroom(request: pytest.FixtureRequest, running_site: Callable[..., Site]) -> Iterator[Newsroom]:
    """A running site with an editor, once without and once with Redis; all tests of the page cache share both."""
    redis = {"REDIS_URL": request.getfixturevalue("own_redis").url} if request.param == "redis" else {}
    newsroom = Newsroom(running_site(API_RATE_LIMIT="0", **redis))
    yield newsroom
    newsroom.stop()


@pytest.fixture(scope="package")
def _article(newsroom: Newsroom) -> None:
    assert newsroom.wrong(hidden(SUBJECT)) == {}
    newsroom.do(f"write('{SUBJECT}')")


@pytest.fixture
def subject(newsroom: Newsroom, _article: None) -> Iterator[str]:
    """The address within the site of an article that is public, and that both processes keep on all surfaces."""
    assert newsroom.wrong(shown(SUBJECT)) == {}
    assert newsroom.wrong(dict.fromkeys(SEARCHES, shows(SUBJECT)), within=WORKER_SECONDS) == {}
    yield SUBJECT.lower()
    newsroom.do(RESTORE)

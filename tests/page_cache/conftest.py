"""What the page cache's tests share: a browser behind the cache, which knows nothing at first."""

from collections.abc import Callable

import pytest

from cms.page_cache.generation import get_generation
from tests.page_cache.browsing import Browser, FrontHandler

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

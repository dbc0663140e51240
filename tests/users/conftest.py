import pytest
from django.core.cache import cache


@pytest.fixture(autouse=True)
def no_attempts_yet() -> None:
    """Forget the attempts that other tests made: rate limits count them in the cache."""
    cache.clear()

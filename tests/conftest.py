"""The shared cast and pages; servers come from tests/services/plugin.py."""

import shutil

import pytest
from django.core.cache import caches
from pytest_django import Settings

from cms.page_cache.remembered import get_memory

pytest_plugins = ["tests.people", "tests.pages"]


@pytest.fixture(autouse=True)
def static_files_as_they_are(settings: Settings) -> None:
    """Serve static files from where they are written: the hashed copies are made when a site starts."""
    settings.STATIC_ROOT.mkdir(exist_ok=True)
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


@pytest.fixture(autouse=True)
def nothing_is_remembered(settings: Settings) -> None:
    """Forget what the test before left in the caches: counts of requests, and images of a database that is gone."""
    for cache in caches.all(initialized_only=True):
        cache.clear()
    shutil.rmtree(settings.API_COUNTS_DIR, ignore_errors=True)
    get_memory.cache_clear()

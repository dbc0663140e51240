"""The API keeps to its description whatever it is asked: schemathesis makes requests from /api/openapi.json."""

from collections.abc import Iterator
from copy import deepcopy

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from pytest_django import Settings
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import positive_data_acceptance
from wagtail.contrib.redirects.models import Redirect
from wagtail.images.models import Image

from cms.api.openapi import document
from search.forms import RESULTS_PER_PAGE
from search.interface import MAX_RESULTS
from tests.api.conftest import every_block
from tests.pages import ArticleFactory, StandardPageFactory

# What schemathesis calls the host that an application without a server runs on.
HOST = "localhost"
CONFIG = {
    "seed": 20260501,
    "generation": {"mode": "all", "max-examples": 100, "deterministic": True, "database": "none"},
    # Links between operations are not described: each reads, and none depends on another.
    "phases": {"stateful": {"enabled": False}},
}

api = schemathesis.openapi.from_dict(deepcopy(document()), config=SchemathesisConfig.from_dict(CONFIG))
api.app = get_wsgi_application()


@pytest.fixture
def site(
    publish_article: ArticleFactory, publish_page: StandardPageFactory, image: Image, settings: Settings
) -> Iterator[None]:
    """Something of every kind, for the examples in the description to find."""
    article = publish_article(title="Oxytocin", slug="oxytocin", tags=["oxytocin"], body=every_block(image=image))
    publish_article(title="Milk supply", body=every_block(image=image, link=article))
    publish_page(title="About")
    Redirect.add_redirect("/articles/old/", article)
    settings.ALLOWED_HOSTS = [HOST]
    settings.API_RATE_LIMIT = 0
    # The test's own transaction ends with its connection, which Django closes around a request.
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.usefixtures("site")
@api.parametrize()
def test_every_request_is_answered_as_described(case: schemathesis.Case) -> None:
    response = case.call()
    # That two parameters go together is something that no schema of a parameter can say.
    excluded: list[schemathesis.CheckFunction] = [positive_data_acceptance] if is_too_deep(case) else []
    case.validate_response(response, excluded_checks=excluded)
    assert response.status_code == 422 or not is_too_deep(case)


def is_too_deep(case: schemathesis.Case) -> bool:
    page, page_size = (str(case.query.get(*pair)) for pair in (("page", 1), ("page_size", RESULTS_PER_PAGE)))
    are_numbers = page.isdecimal() and page_size.isdecimal()
    return case.path == "/api/search/" and are_numbers and int(page) * int(page_size) > MAX_RESULTS

"""The JSON of /api/search/, on both engines."""

from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from tests.pages import ArticleFactory
from tests.search.conftest import IndexNow


def ask(client: Client, **parameters: str | int) -> dict[str, Any]:
    response = client.get("/api/search/", parameters)
    assert response.status_code == 200
    assert response["Content-Type"].startswith("application/json")
    answer: dict[str, Any] = response.json()
    return answer


@pytest.fixture
def article(publish_article: ArticleFactory, index_now: IndexNow) -> Any:
    page = publish_article(
        title="Let-down <i>",
        summary="How it begins.",
        body=[
            ("heading", {"text": "The reflex", "anchor": "reflex", "level": "h2"}),
            ("paragraph", "<p>Oxytocin moves milk.</p>"),
        ],
        tags=["flow"],
    )
    index_now()
    return page


def test_an_answer_has_the_shape_of_the_contract(
    client: Client, article: Any, site_engine: str, settings: Settings
) -> None:
    answer = ask(client, q="oxytocin", page_size=5)
    (result,) = answer.pop("results")
    took, score = answer.pop("took_ms"), result.pop("score")
    url = f"{settings.SITE_URL}{article.url}"
    assert answer == {
        "query": "oxytocin",
        "total": 1,
        "page": 1,
        "page_size": 5,
        "engine": site_engine,
        "confidence": "high",
        "did_you_mean": None,
        "facets": {
            "category": [{"value": "hormones", "label": "Hormones", "count": 1}],
            "tag": [{"value": "flow", "label": "flow", "count": 1}],
        },
    }
    assert result == {
        "id": article.pk,
        "title": "Let-down <i>",
        "url": url,
        "category": {"value": "hormones", "label": "Hormones"},
        "tags": [{"value": "flow", "label": "flow"}],
        "published_at": article.first_published_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "highlight": "<mark>Oxytocin</mark> moves milk.",
        "passages": [
            {
                "heading": "The reflex",
                "anchor": "reflex",
                "url": f"{url}#reflex",
                "text": "<mark>Oxytocin</mark> moves milk.",
            }
        ],
    }
    assert isinstance(took, int)
    assert score > 0


def test_it_corrects_and_judges(client: Client, article: Any) -> None:
    assert ask(client, q="oxytocn")["did_you_mean"] == "oxytocin"
    assert ask(client, q="xylophone")["confidence"] == "low"


def test_without_a_question_everything_is_listed(client: Client, article: Any) -> None:
    assert [result["id"] for result in ask(client)["results"]] == [article.pk]


def test_a_page_beyond_the_last_one_is_empty(client: Client, article: Any) -> None:
    answer = ask(client, q="oxytocin", page=3)
    assert (answer["total"], answer["page"], answer["results"]) == (1, 3, [])


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ({"page": "0"}, "page"),
        ({"page": "-1"}, "page"),
        ({"page": "x"}, "page"),
        ({"page": "9" * 5_000}, "page"),
        ({"page_size": "0"}, "page_size"),
        ({"page_size": "51"}, "page_size"),
        ({"page_size": "9999"}, "page_size"),
        ({"page": "21", "page_size": "50"}, "page"),
    ],
)
def test_what_cannot_be_asked_is_told(client: Client, db: None, parameters: dict[str, str], field: str) -> None:
    response = client.get("/api/search/", {"q": "milk", **parameters})
    assert response.status_code == 422
    assert response["Content-Type"] == "application/problem+json"
    problem = response.json()
    assert problem["status"] == 422
    assert [error["field"] for error in problem["errors"]] == [field]


def test_the_last_results_that_can_be_listed_can_be_asked_for(client: Client, article: Any) -> None:
    assert ask(client, q="oxytocin", page=20, page_size=50)["results"] == []


def test_an_unknown_category_finds_nothing(client: Client, article: Any) -> None:
    answer = ask(client, q="oxytocin", category="nonesuch", tag="nonesuch")
    assert (answer["total"], answer["results"]) == (0, [])


def test_other_methods_are_refused(client: Client, db: None) -> None:
    assert client.post("/api/search/").status_code == 405


def test_answers_are_asked_for_anew(client: Client, article: Any) -> None:
    assert client.get("/api/search/?q=milk")["Cache-Control"] == "max-age=0, must-revalidate"

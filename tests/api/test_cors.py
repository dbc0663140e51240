"""Scripts of other front ends in a browser: those that the operator named may read the API, and nothing else."""

import pytest
from django.test import Client
from pytest_django import Settings

FRIEND = "https://app.example.org"


@pytest.fixture(autouse=True)
def one_friend(settings: Settings, db: None) -> None:
    settings.CORS_ALLOWED_ORIGINS = [FRIEND]


@pytest.mark.parametrize("address", ["/api/articles/", "/api/search/", "/api/articles/nothing/", "/api/nothing/"])
def test_a_named_origin_may_read_answers_and_errors(client: Client, address: str) -> None:
    response = client.get(address, headers={"Origin": FRIEND})
    assert response["Access-Control-Allow-Origin"] == FRIEND
    assert "ETag" in response["Access-Control-Expose-Headers"]
    assert "Access-Control-Allow-Credentials" not in response
    assert "origin" in response["Vary"].lower()


@pytest.mark.parametrize(
    "origin", ["https://example.org", "http://app.example.org", f"{FRIEND}.evil.example", "null", "[", ""]
)
def test_any_other_may_not(client: Client, origin: str) -> None:
    response = client.get("/api/articles/", headers={"Origin": origin})
    assert response.status_code == 200
    assert "Access-Control-Allow-Origin" not in response


def test_nothing_but_the_api_is_shared(client: Client) -> None:
    for address in ("/", "/admin/", "/accounts/login/", "/healthz"):
        assert "Access-Control-Allow-Origin" not in client.get(address, headers={"Origin": FRIEND})


def test_a_browser_that_asks_first_learns_what_it_may(client: Client) -> None:
    asked = {"Origin": FRIEND, "Access-Control-Request-Method": "GET"}
    response = client.options("/api/articles/", headers=asked)
    assert response.status_code == 200
    assert response["Access-Control-Allow-Origin"] == FRIEND
    assert response["Access-Control-Allow-Methods"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize("header", ["if-none-match", "if-modified-since"])
def test_a_script_may_ask_whether_something_has_changed(client: Client, header: str) -> None:
    asked = {"Origin": FRIEND, "Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": header}
    allowed = client.options("/api/articles/", headers=asked)["Access-Control-Allow-Headers"].lower()
    assert header in allowed.split(", ")


def test_who_is_refused_for_asking_too_often_can_read_why(client: Client, settings: Settings) -> None:
    settings.API_RATE_LIMIT = 1
    responses = [client.get("/api/articles/", headers={"Origin": FRIEND}) for _ in range(2)]
    assert responses[1].status_code == 429
    assert responses[1]["Access-Control-Allow-Origin"] == FRIEND

"""docs/headless.md is held to what the API answers and what webhooks send."""

import ast
import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from django.test import Client
from ninja.operation import Operation
from pydantic import BaseModel
from wagtail.contrib.redirects.models import Redirect
from wagtail.images.models import Image

from articles.api import KEPT_SIZES
from articles.models import ArticlePage, ArticleSource
from articles.schemas import BLOCKS
from cms.api.limits import WINDOW_SECONDS
from cms.api.openapi import document
from cms.api.problems import ProblemSchema
from cms.api.router import api
from cms.environment import number
from cms.pipeline.consumers import policies
from cms.pipeline.models import Event
from cms.pipeline.webhooks import sending, signing
from cms.pipeline.webhooks.models import CONSUMER, TEST, Endpoint, Kind
from cms.pipeline.worker import drain
from cms.settings import CORS_EXPOSE_HEADERS
from home.api import MOST_PER_PAGE
from home.previews import PreviewSchema
from home.schemas import TYPES
from tests.pages import ArticleFactory, StandardPageFactory

DOCUMENT = (Path(__file__).resolve().parents[1] / "docs" / "headless.md").read_text()
EXAMPLES = re.findall(r"```http\nGET (\S+)\n```\n\n```json\n(.*?)```", DOCUMENT, re.DOTALL)


class Row(NamedTuple):
    """A row of a table."""

    first: str
    rest: str


def section(heading: str) -> str:
    """Return what stands under a heading, up to the next one of its level or above."""
    _before, marks, text = re.split(rf"^(#+) {re.escape(heading)}\n", DOCUMENT, flags=re.MULTILINE)
    return re.split(rf"^#{{1,{len(marks)}}} ", text, flags=re.MULTILINE)[0]


def rows(text: str) -> list[Row]:
    """Return the rows of the tables in a text, by what stands in ticks in the first column."""
    return [Row(*found) for found in re.findall(r"^\| `([^`]+)` \|(.*)\|$", text, re.MULTILINE)]


def operations() -> Iterator[tuple[str, Operation]]:
    for prefix, router in api._routers:
        for path, view in router.path_operations.items():
            for operation in view.operations:
                yield "/api" + re.sub("/+", "/", f"/{prefix}/{path}"), operation


def schema_of(address: str) -> type[BaseModel]:
    """Return the schema of what is answered at an address."""
    path = address.partition("?")[0]
    for pattern, operation in sorted(operations(), key=lambda found: "{" in found[0]):
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", pattern), path):
            schema: type[BaseModel] = operation.response_models[200]
            return schema
    raise AssertionError(f"Nobody answers at {address}")


def as_told_by(schema: type[BaseModel], example: Any) -> Any:
    """Return what a schema makes of an example: without what it does not know. Raises where something is missing."""
    return schema.model_validate(example).model_dump(mode="json", exclude_unset=True)


def without_moments(value: Any) -> Any:
    """Write all times in one way."""
    text = json.dumps(value)
    return json.loads(re.sub(r"(\d\d:\d\d:\d\d)(\.\d+)?(Z|\+00:00)", r"\1Z", text))


@pytest.fixture
def site(publish_article: ArticleFactory, publish_page: StandardPageFactory, image: Image) -> ArticlePage:
    """What the examples ask for."""
    publish_page(
        title="About", intro="Who we are.", body=[("heading", {"text": "People", "level": "h2", "anchor": ""})]
    )
    publish_article(title="Prolactin", slug="prolactin")
    article = publish_article(
        title="The let-down reflex",
        slug="let-down",
        tags=["oxytocin"],
        sources=[ArticleSource(title="A study")],
        body=[
            ("paragraph", "<p>Oxytocin <b>moves</b> milk.</p>"),
            ("image", {"image": image, "alt": "A duct", "caption": "", "credit": ""}),
        ],
    )
    Redirect.add_redirect("/let-down", redirect_to=article)
    drain()
    return article


def test_every_operation_and_parameter_is_told() -> None:
    told = {row.first: set(re.findall(r"`(\w+)`", row.rest)) for row in rows(section("What there is"))}
    for path, methods in document()["paths"].items():
        parameters = {each["name"] for each in methods["get"]["parameters"] if each["in"] == "query"}
        assert told[path] == parameters, path


def test_the_description_is_where_it_says(client: Client, db: None) -> None:
    assert client.get("/api/openapi.json").json()["openapi"].startswith("3.1")
    assert client.get("/api/docs/").status_code == 200
    assert "info.version" in section("What you can rely on")


@pytest.mark.parametrize(("address", "example"), EXAMPLES, ids=[address for address, _example in EXAMPLES])
def test_every_example_is_an_answer(client: Client, site: ArticlePage, address: str, example: str) -> None:
    shown = json.loads(example)
    answer = client.get(address)
    if answer.status_code == 200:
        assert without_moments(as_told_by(schema_of(address), {"response": shown})["response"]) == without_moments(
            shown
        )
    else:
        assert answer.status_code == shown["status"]
        assert as_told_by(ProblemSchema, shown) == shown == answer.json()
    assert answer.json().keys() == shown.keys()


def test_the_examples_are_there() -> None:
    assert len(EXAMPLES) >= 9
    assert len(EXAMPLES) == DOCUMENT.count("```http")


def test_every_type_of_page_and_block_is_told() -> None:
    assert {row.first for row in rows(section("Pages"))} == {told[0] for told in TYPES.values()} | {"other"}
    assert {row.first for row in rows(section("Articles"))} == set(BLOCKS)


def test_the_draft_is_told_with_its_members() -> None:
    shown = json.loads(re.findall(r"```json\n(.*?)```", section("Drafts"), re.DOTALL)[0])
    assert shown.keys() == PreviewSchema.model_fields.keys()
    assert shown["revision"].keys() == {"id", "saved_at"}


def test_limits_are_as_told() -> None:
    assert number("API_RATE_LIMIT", default=600, least=0, most=600) == 600
    assert WINDOW_SECONDS == 60
    assert "600 times in a minute" in section("How often")
    assert f"({MOST_PER_PAGE} at most)" in section("Pages")
    readable = re.search(r"Cookies are not used\. (.*)\n(.*)can be read", section("From a browser"))
    assert readable is not None
    assert set(re.findall(r"`([\w-]+)`", readable[0])) == set(CORS_EXPOSE_HEADERS)


@pytest.mark.parametrize("address", re.findall(r"`(/(?:feeds/|sitemap|robots)[\w./]+)`", DOCUMENT))
def test_feeds_are_where_it_says_and_answer_304(client: Client, site: ArticlePage, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 200
    assert client.get(address, headers={"If-None-Match": answer["ETag"]}).status_code == 304


def test_the_sizes_of_lists_that_are_kept_are_told() -> None:
    (told,) = re.findall(r"`page_size` of ([\d, or]+) at `/api/articles/`", section("Keeping answers"))
    assert [int(size) for size in re.findall(r"\d+", told)] == sorted(KEPT_SIZES)


# --- Webhooks --------------------------------------------------------------------------------------------------------


def test_every_event_is_told() -> None:
    assert [row.first for row in rows(section("Webhooks")) if "webhook" not in row.first] == Kind.values
    assert f"`{TEST}`" in section("Webhooks")


def test_a_message_has_the_members_that_are_told(site: ArticlePage) -> None:
    shown = json.loads(re.findall(r"```json\n(.*?)```", section("Webhooks"), re.DOTALL)[0])
    Endpoint.objects.create(name="Front end", url="https://example.org/hook")
    moved = ArticlePage.objects.get(pk=site.pk)
    moved.slug = "milk-ejection"
    moved.save_revision().publish()
    drain()
    sent = {event.event: event.payload["message"] for event in Event.objects.filter(consumer=CONSUMER)}
    published = sent[Kind.PUBLISHED]
    assert (published.keys(), published["data"].keys()) == (shown.keys(), shown["data"].keys())
    told = {row.first: re.findall(r"`(\w+)`", row.rest) for row in rows(section("Webhooks"))}
    assert {"id", "type", "url", *told[Kind.PUBLISHED]} == published["data"].keys()
    assert {*published["data"], *told[Kind.MOVED]} == sent[Kind.MOVED]["data"].keys()
    moved.unpublish()
    drain()
    gone = Event.objects.filter(consumer=CONSUMER, event=Kind.UNPUBLISHED).get().payload["message"]
    assert (gone["data"].keys(), told[Kind.UNPUBLISHED]) == ({"id", "type", "url"}, [])


def test_the_verification_is_that_of_the_example_that_is_tested() -> None:
    code = re.findall(r"```python\n(.*?)\n```", section("Webhooks"), re.DOTALL)
    source = (Path(__file__).resolve().parents[1] / "docs/examples/webhook_receiver.py").read_text()
    functions = {each.name: each for each in ast.parse(source).body if isinstance(each, ast.FunctionDef)}
    assert code == [ast.get_source_segment(source, functions["verify"])]


def test_attempts_and_waiting_are_as_told() -> None:
    policy = policies[CONSUMER]
    assert (policy.first_delay_seconds, policy.longest_delay_seconds, policy.most_attempts) == (5, 3600, None)
    assert (policy.give_up_after, signing.OVERLAP) == (timedelta(hours=24), timedelta(hours=24))
    assert sending.MOST_SECONDS == 10
    assert timedelta(hours=1) == sending.LONGEST_RETRY_AFTER
    text = " ".join(section("Webhooks").split())
    for told in (
        "2xx within 10 seconds",
        "after 5 seconds, then after longer and longer, at most an hour apart, for 24 hours",
        "`Retry-After` is heeded up to an hour",
        "For 24 hours messages are signed with both",
    ):
        assert told in text, told

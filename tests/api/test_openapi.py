"""What the API says of itself, to programs and to people."""

import re
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.test import Client

from articles.models import ArticleIndexPage
from cms.api.openapi import document


@pytest.fixture
def spec(client: Client, db: None) -> dict[str, Any]:
    response = client.get("/api/openapi.json")
    assert response.status_code == 200
    found: dict[str, Any] = response.json()
    return found


def operations(spec: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {f"{m} {path}": each for path, methods in spec["paths"].items() for m, each in methods.items()}


def test_it_names_every_address_and_only_reads(spec: dict[str, Any]) -> None:
    assert {
        "get /api/articles/", "get /api/articles/{slug}/", "get /api/pages/", "get /api/pages/find/",
        "get /api/preview/{token}/", "get /api/redirects/", "get /api/redirects/find/", "get /api/search/",
        "get /api/site/", "get /api/suggest/",
    } <= set(operations(spec))  # fmt: skip
    assert all(name.startswith("get ") for name in operations(spec))


def test_it_tells_of_wagtails_own_api(spec: dict[str, Any]) -> None:
    assert "/api/v2/" in spec["info"]["description"]


def test_it_has_a_version(spec: dict[str, Any]) -> None:
    assert re.fullmatch(r"1\.\d+\.\d+", spec["info"]["version"])
    assert spec["openapi"].startswith("3.1")


def test_every_operation_and_parameter_is_described(spec: dict[str, Any]) -> None:
    silent = []
    for name, operation in operations(spec).items():
        silent += [name] if not operation.get("description") or not operation.get("summary") else []
        silent += [
            f"{name} {each['name']}"
            for each in operation["parameters"]
            if not each.get("description") and each["name"] not in {"page", "page_size", "slug", "token"}
        ]
    assert silent == []


def test_every_operation_tells_of_its_problems(spec: dict[str, Any]) -> None:
    for name, operation in operations(spec).items():
        assert {"200", "404", "422", "429"} <= set(operation["responses"]), name
        for status, response in operation["responses"].items():
            if status >= "400":
                assert list(response["content"]) == ["application/problem+json"], name


def test_blocks_are_told_apart_by_their_type(spec: dict[str, Any]) -> None:
    block = spec["components"]["schemas"]["Block"]
    assert block["discriminator"]["propertyName"] == "type"
    assert set(block["discriminator"]["mapping"]) == {"heading", "paragraph", "image", "callout", "table", "quote"}
    body = spec["components"]["schemas"]["ArticleSchema"]["properties"]["body"]
    assert body["items"] == {"$ref": "#/components/schemas/Block"}
    for name in block["discriminator"]["mapping"].values():
        schema = spec["components"]["schemas"][name.removeprefix("#/components/schemas/")]
        assert {"id", "type", "value"} == set(schema["required"])


def test_every_reference_leads_somewhere(spec: dict[str, Any]) -> None:
    references = set(re.findall(r'"#/components/schemas/(\w+)"', str(spec).replace("'", '"')))
    assert references <= set(spec["components"]["schemas"])


def test_it_may_be_kept(client: Client, db: None) -> None:
    first = client.get("/api/openapi.json")
    assert client.get("/api/openapi.json", headers={"If-None-Match": first["ETag"]}).status_code == 304


def test_people_read_the_same_without_scripts_or_other_servers(client: Client, db: None) -> None:
    response = client.get("/api/docs/")
    assert response.status_code == 200
    soup = BeautifulSoup(response.content, "html.parser")
    assert not soup.select("script, [style], style, iframe")
    assert not [
        tag for tag in soup.select("[src], link[href]") if str(tag.get("src") or tag["href"]).startswith("http")
    ]
    text = soup.get_text()
    for name in operations(document()):
        assert name.split()[1] in text
    for name in document()["components"]["schemas"]:
        assert soup.select_one(f"#schema-{name}"), name


def test_every_link_in_the_page_leads_somewhere(client: Client, article_index: ArticleIndexPage) -> None:
    soup = BeautifulSoup(client.get("/api/docs/").content, "html.parser")
    ids = [str(tag["id"]) for tag in soup.select("[id]")]
    assert len(ids) == len(set(ids))
    for link in soup.select("main a"):
        address = str(link["href"])
        if address.startswith("#"):
            assert address[1:] in ids
        elif "redirects" not in address:  # there is none yet
            assert client.get(address).status_code == 200, address

"""What the API is: /api/openapi.json for programs, /api/docs/ for people, without anything from another server."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from cms.api.problems import CONTENT_TYPE
from cms.api.router import api
from cms.conditional import revalidated

REFERENCE = "#/components/schemas/"
DESCRIPTIONS = {
    "200": "As asked for.",
    "404": "There is nothing at this address, or nothing that readers may see.",
    "422": "A parameter is not valid; `errors` says which and why.",
    "429": "Asked too often; `Retry-After` says for how many seconds to wait.",
}
NOT_MODIFIED = {"description": "Nothing has changed since the answer that the request names."}


@require_safe
def openapi(request: HttpRequest) -> HttpResponse:
    return revalidated(request, JsonResponse(document()))


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """Show the same to people, as plain HTML."""
    spec = document()
    operations = [
        Operation(method=method, path=path, details=details)
        for path, methods in spec["paths"].items()
        for method, details in methods.items()
    ]
    schemas = [Schema(name=name, details=details) for name, details in sorted(spec["components"]["schemas"].items())]
    context = {
        "version": spec["info"]["version"],
        "description": paragraphs(spec["info"]["description"]),
        "operations": operations,
        "schemas": schemas,
    }
    return render(request, "api/docs.html", context)


@cache
def document() -> dict[str, Any]:
    """Return the OpenAPI document, with what the library does not say by itself."""
    spec: dict[str, Any] = api.get_openapi_schema(path_prefix="/api/")
    spec["servers"] = [{"url": settings.SITE_URL}]
    for path, methods in spec["paths"].items():
        may_be_kept = not path.startswith(settings.PRIVATE_PATHS)
        for operation in methods.values():
            operation["responses"] = dict(_responses(operation["responses"], may_be_kept=may_be_kept))
            operation["parameters"] = [_parameter(parameter) for parameter in operation["parameters"]]
    return spec


def _responses(responses: Mapping[Any, Any], *, may_be_kept: bool) -> Iterator[tuple[str, Any]]:
    for status, response in responses.items():
        name = str(status)
        content = response["content"]
        if status >= 400:
            content = {CONTENT_TYPE: content["application/json"]}
        yield name, {"description": DESCRIPTIONS[name], "content": content}
        if status == 200 and may_be_kept:
            yield "304", NOT_MODIFIED


def _parameter(parameter: Mapping[str, Any]) -> dict[str, Any]:
    """Return a parameter of an address: it is left out where it has no value, and is never null."""
    schema = dict(parameter["schema"])
    if "anyOf" in schema:
        (kind,) = (each for each in schema.pop("anyOf") if each != {"type": "null"})
        schema |= kind
    if schema.get("default", "") is None:
        del schema["default"]
    made = {name: parameter[name] for name in ("in", "name", "required", "description") if name in parameter}
    if "examples" in schema:
        made["example"] = schema["examples"][0]
    return {**made, "schema": schema}


# --- For people ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Words:
    """A part of a description of a kind of value; `schema` is the name of one that it leads to."""

    text: str
    schema: str = ""


@dataclass(frozen=True)
class Operation:
    method: str
    path: str
    details: Mapping[str, Any]

    @property
    def description(self) -> list[list[str]]:
        return paragraphs(self.details["description"])

    @property
    def anchor(self) -> str:
        return str(self.details["operationId"])

    @property
    def parameters(self) -> list[dict[str, Any]]:
        return [{**each, "kind": list(kind_of(each["schema"]))} for each in self.details["parameters"]]

    @property
    def answer(self) -> list[Words]:
        return list(kind_of(self.details["responses"]["200"]["content"]["application/json"]["schema"]))

    @property
    def example(self) -> str:
        """Return an address to try, with what it needs or else one thing that it takes; empty where a part of the path
        has no example.
        """
        parameters = self.details["parameters"]
        if any(each["in"] == "path" for each in parameters):
            return ""
        needed = [each for each in parameters if each["required"]]
        tried = needed or [each for each in parameters if "example" in each][:1]
        query = urlencode({each["name"]: each["example"] for each in tried}, safe="/")
        return f"{self.path}?{query}" if query else self.path


@dataclass(frozen=True)
class Schema:
    name: str
    details: Mapping[str, Any]

    @property
    def kind(self) -> list[Words]:
        return [] if self.members else list(kind_of(self.details))

    @property
    def members(self) -> list[dict[str, Any]]:
        needed = self.details.get("required", [])
        return [
            {**member, "name": name, "needed": name in needed, "kind": list(kind_of(member))}
            for name, member in self.details.get("properties", {}).items()
        ]


def paragraphs(text: str) -> list[list[str]]:
    """Return the paragraphs of a description, each in parts: every second one stands in backticks."""
    return [" ".join(paragraph.split()).split("`") for paragraph in text.split("\n\n")]


def kind_of(schema: Mapping[str, Any]) -> Iterator[Words]:
    """Yield, part by part, what a value of a schema is."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix(REFERENCE)
        yield Words(spoken(name), schema=name)
    elif alternatives := schema.get("anyOf") or schema.get("oneOf"):
        for place, alternative in enumerate(alternatives):
            yield from [Words(" or ")] if place else []
            yield from kind_of(alternative)
    elif "const" in schema or "enum" in schema:
        yield Words(" or ".join(f'"{value}"' for value in schema.get("enum", [schema.get("const")])))
    elif schema.get("type") == "array":
        yield Words("list of ")
        yield from kind_of(schema["items"])
    else:
        yield Words(" ".join(filter(None, [schema.get("type", "anything"), schema.get("format")])))


def spoken(name: str) -> str:
    """Return the name of a schema without what all of them end with."""
    return re.sub(r"Schema$", "", name)

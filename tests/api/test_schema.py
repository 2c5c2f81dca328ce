"""The OpenAPI document: valid, described, and true."""

from collections.abc import Iterator
from typing import Any

import openapi_spec_validator
import pytest
from openapi_schema_validator import OAS30Validator
from rest_framework.test import APIClient

REQUESTS = "/api/v1/requests/"
Document = dict[str, Any]


@pytest.fixture
def document(db: None) -> Document:
    answer = APIClient().get("/api/v1/schema/")
    parsed: Document = answer.json()
    return parsed


def operations(document: Document) -> Iterator[tuple[str, Document]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield f"{method} {path}", operation


def fits(document: Document, content: Document, body: object) -> None:
    """Raise unless the body is what the document says."""
    schema = content["application/json"]["schema"] | {"components": document["components"]}
    OAS30Validator(schema).validate(body)


def test_the_document_is_valid(document: Document) -> None:
    openapi_spec_validator.validate(document)


def test_the_document_names_all_there_is(document: Document) -> None:
    assert {name for name, _ in operations(document)} == {
        "post /api/v1/requests/",
        "post /api/v1/assertions/",
        "get /api/v1/requests/{reference}/",
        "get /api/v1/controller/",
        "get /api/v1/package/",
    }


def test_every_call_needs_a_token(document: Document) -> None:
    schemes = document["components"]["securitySchemes"]
    assert (schemes["token"]["type"], schemes["token"]["scheme"]) == ("http", "bearer")
    assert schemes["grant"]["scheme"] == "bearer"
    wanted = {name: operation["security"] for name, operation in operations(document)}
    assert wanted.pop("get /api/v1/package/") == [{"grant": []}]
    assert list(wanted.values()) == [[{"token": []}]] * 4


def test_every_field_and_every_answer_is_described(document: Document) -> None:
    fields = {
        f"{name}.{field}": schema.get("description")
        for name, shape in document["components"]["schemas"].items()
        for field, schema in shape.get("properties", {}).items()
    }
    answers = {
        f"{name} {status}": answer.get("description")
        for name, operation in operations(document)
        for status, answer in operation["responses"].items()
    }
    assert [place for place, said in (fields | answers).items() if not said] == []


def test_every_example_fits(document: Document) -> None:
    contents = [
        content
        for _, operation in operations(document)
        for content in (
            operation.get("requestBody", {}).get("content"),
            *(answer["content"] for answer in operation["responses"].values()),
        )
        if content and "application/json" in content  # a file is no JSON
    ]
    examples = [(content, one) for content in contents for one in content["application/json"]["examples"].values()]
    assert len(examples) >= len(contents)
    for content, one in examples:
        fits(document, content, one["value"])


def test_what_is_answered_is_what_the_document_says(
    document: Document, joypix: APIClient, sams: dict[str, Any]
) -> None:
    filing = document["paths"][REQUESTS]["post"]["responses"]
    reading = document["paths"][f"{REQUESTS}{{reference}}/"]["get"]["responses"]
    offering = document["paths"]["/api/v1/controller/"]["get"]["responses"]
    filed = joypix.post(REQUESTS, sams, format="json")
    where = filed.headers["Location"]

    answers = [
        (filing, filed),
        (filing, joypix.post(REQUESTS, {"right": "processing-information"}, format="json")),
        (filing, joypix.post(REQUESTS, {}, format="json")),
        (filing, joypix.post(REQUESTS, "{", content_type="text/plain")),
        (filing, joypix.post(REQUESTS, " " * (2 << 20), content_type="application/json")),
        (reading, joypix.get(where)),
        (reading, joypix.get(f"{REQUESTS}222-222-222/")),
        (reading, joypix.get(where, HTTP_ACCEPT="text/html")),
        (offering, joypix.get("/api/v1/controller/")),
        (offering, APIClient().get("/api/v1/controller/")),
    ]

    assert [answer.status_code for _, answer in answers] == [201, 201, 400, 415, 413, 200, 404, 406, 200, 401]
    for said, answer in answers:
        fits(document, said[str(answer.status_code)]["content"], answer.json())

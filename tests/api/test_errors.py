"""Every error under /api/ is JSON of one shape, wherever it arose."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.http import HttpResponse
from pytest_django import Settings
from rest_framework.test import APIClient

from dsr.api.errors import CODES
from tests.tree import ROOT

REQUESTS = "/api/v1/requests/"
JSON = "application/json"


def code(answer: HttpResponse) -> str:
    """The error's code, if the answer has the shape and nothing besides."""
    body = json.loads(answer.content)
    assert answer.headers["Content-Type"] == JSON
    assert list(body) == ["error"]
    assert list(body["error"]) == ["code", "message", "fields"]
    assert body["error"]["message"]
    return str(body["error"]["code"])


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"right=access",
        b'{"right": NaN}',
        b'{"right": "access", "right": "erasure"}',
        b'{"right": "\xff"}',
        b"[" * 100_000,
        b'{"right": ' + b"9" * 10_000 + b"}",
        '{"right": "access"}'.encode("utf-16"),
        b'\xef\xbb\xbf{"right": "access"}',
    ],
)
def test_what_is_not_plain_json_is_malformed(joypix: APIClient, body: bytes) -> None:
    answer = joypix.post(REQUESTS, body, content_type=JSON)

    assert (answer.status_code, code(answer)) == (400, "malformed")


@pytest.mark.parametrize("body", [b"[]", b'"access"', b"5", b"null", b"true"])
def test_json_that_is_no_object_is_invalid(joypix: APIClient, body: bytes) -> None:
    answer = joypix.post(REQUESTS, body, content_type=JSON)

    assert (answer.status_code, code(answer)) == (400, "invalid")


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "text/xml",
        "application/json5",
    ],
)
def test_only_json_is_taken(joypix: APIClient, content_type: str) -> None:
    answer = joypix.post(REQUESTS, b'{"right": "access"}', content_type=content_type)

    assert (answer.status_code, code(answer)) == (415, "unsupported_media_type")


def test_a_body_of_a_megabyte_and_more_is_too_large(joypix: APIClient, settings: Settings) -> None:
    body = b" " * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
    answer = joypix.post(REQUESTS, body, content_type=JSON)

    assert (answer.status_code, code(answer)) == (413, "too_large")


def test_a_page_is_not_served_to_who_asks_for_one(joypix: APIClient) -> None:
    answer = joypix.get("/api/v1/controller/", HTTP_ACCEPT="text/html")

    assert (answer.status_code, code(answer)) == (406, "not_acceptable")


@pytest.mark.parametrize("method", ["put", "patch", "delete", "options"])
def test_a_filed_request_cannot_be_changed(joypix: APIClient, method: str) -> None:
    answer = getattr(joypix, method)(f"{REQUESTS}222-222-222/")

    assert (answer.status_code, code(answer)) == (405, "method_not_allowed")


@pytest.mark.parametrize("address", ["/api/", "/api/v2/", "/api/v1/", "/api/v1/packages/", "/api/v1/requests/a/b/c"])
def test_an_unknown_address_is_no_page(joypix: APIClient, address: str) -> None:
    answer = joypix.get(address)

    assert (answer.status_code, code(answer)) == (404, "not_found")


def test_an_address_without_its_slash_is_unknown_and_leads_nowhere_else(joypix: APIClient) -> None:
    answer = joypix.post("/api/v1/requests", {"right": "access"}, format="json")

    assert (answer.status_code, code(answer)) == (404, "not_found")


def test_an_unknown_host_gets_no_page(joypix: APIClient) -> None:
    answer = joypix.get("/api/v1/controller/", SERVER_NAME="mallory.example")

    assert (answer.status_code, code(answer)) == (400, "bad_request")


def test_our_own_failure_is_no_page_and_tells_nothing_of_us(
    joypix: APIClient, sams: dict[str, Any], settings: Settings, tmp_path: Path
) -> None:
    settings.DSR_KEYS = tmp_path / "lost"  # the keys are gone: nothing can be sealed, so nothing is filed
    joypix.raise_request_exception = False

    answer = joypix.post(REQUESTS, sams, format="json")

    assert (answer.status_code, code(answer)) == (500, "server_error")
    assert "keys" not in answer.content.decode()
    assert answer.headers["Content-Length"] == str(len(answer.content))


def test_who_calls_too_often_is_told_when_to_come_back(joypix: APIClient, settings: Settings) -> None:
    settings.DSR_LIMITS = {"calls-of-token": "2/minute"}

    *_, answer = [joypix.get("/api/v1/controller/") for _ in range(3)]

    assert (answer.status_code, code(answer)) == (429, "throttled")
    assert 0 < int(answer.headers["Retry-After"]) <= 60


def test_calls_are_counted_where_every_process_sees_them(joypix: APIClient, settings: Settings) -> None:
    settings.DSR_LIMITS = {"calls-of-token": "2/minute"}
    for _ in range(2):
        joypix.get("/api/v1/controller/")
        cache.clear()  # what one process has by itself

    assert joypix.get("/api/v1/controller/").status_code == 429


def test_no_cache_keeps_an_answer(joypix: APIClient) -> None:
    assert joypix.get("/api/v1/controller/").headers["Cache-Control"] == "no-store"


def test_every_error_is_explained() -> None:
    page = (ROOT / "docs/api.md").read_text("utf-8")
    codes = {name for name, _ in CODES.values()} | {
        "invalid",
        "not_accepted",
        "malformed",
        "authentication_failed",
    }
    assert {name for name in codes if f"`{name}`" not in page} == set()

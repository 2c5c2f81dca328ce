"""A program takes a package once, by the token that the person's own proof made, and by nothing else."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.test import Client
from pytest_django import Settings
from rest_framework.test import APIClient

from dsr.models import Download, Grant, Package, Proof, SubjectRequest
from dsr.sealing import files, pairs
from dsr.steps.answering import grants
from tests.conftest import World
from tests.portal.conftest import page_of
from tests.portal.test_own import sign_in
from tests.steps import scenes

PACKAGE = "/api/v1/package/"
CONTENT = b"PK, what Sam asked for. " * 5_000


@pytest.fixture
def own(world: World) -> Iterator[SubjectRequest]:
    """Sam's answer is ready."""
    own = scenes.packaged(world, CONTENT)
    with time_machine.travel(world.at, tick=False):
        yield own


@pytest.fixture
def sam(own: SubjectRequest, world: World) -> Client:
    """Sam's browser, on the page of the request."""
    browser = Client()
    sign_in(browser, world, own)
    return browser


def token(sam: Client, own: SubjectRequest, world: World, *, opened: bool = True) -> str:
    """What the page shows when Sam chooses a program."""
    sam.post(page_of(own, "download/"))
    shown = sam.post(page_of(own, "download/code/"), {"code": world.code(), "program": "1"})
    assert shown["Cache-Control"] == "no-store"
    found = re.search(r"dsg_[0-9a-f]{32}\.[A-Z0-9-]+", shown.content.decode())
    assert found, shown.content.decode()
    if opened:
        assert grants.rewrap_next(at=world.at)
    return found[0]


def body(answer: Any) -> bytes:  # noqa: ANN401 — a response of the test client
    """All that was streamed."""
    return b"".join(answer.streaming_content)


def program(token: str) -> APIClient:
    """Whoever has it."""
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return client


def test_the_token_from_the_page_takes_the_package_once(sam: Client, own: SubjectRequest, world: World) -> None:
    given = program(token(sam, own, world))
    answer = given.get(PACKAGE)
    assert (answer.status_code, body(answer)) == (200, CONTENT)
    assert answer["Content-Length"] == str(len(CONTENT))
    assert answer["Cache-Control"] == "no-store"
    again = given.get(PACKAGE)
    assert (again.status_code, again.json()["error"]["code"]) == (410, "gone")
    assert given.get(PACKAGE, HTTP_RANGE="bytes=0-").status_code == 410
    assert Download.objects.count() == 1


def test_what_broke_off_goes_on_and_counts_once(sam: Client, own: SubjectRequest, world: World) -> None:
    given = program(token(sam, own, world))
    first = given.get(PACKAGE, HTTP_RANGE="bytes=0-4999")
    rest = given.get(PACKAGE, HTTP_RANGE="bytes=5000-", HTTP_IF_RANGE=first["ETag"])
    assert (first.status_code, rest.status_code) == (206, 206)
    assert body(first) + body(rest) == CONTENT
    assert Download.objects.count() == Package.objects.get().taken == 1


def test_it_says_when_to_come_back_until_a_worker_has_opened_it(sam: Client, own: SubjectRequest, world: World) -> None:
    answer = program(token(sam, own, world, opened=False)).get(PACKAGE)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "not_ready")
    assert int(answer["Retry-After"]) > 0


def test_a_token_ends_after_an_hour(sam: Client, own: SubjectRequest, world: World) -> None:
    given = program(token(sam, own, world))
    with time_machine.travel(world.later(seconds=grants.LASTS.total_seconds()), tick=False):
        assert given.get(PACKAGE).status_code == 410


def test_no_other_token_takes_one(sam: Client, own: SubjectRequest, world: World, joypix: APIClient) -> None:
    mine = token(sam, own, world)
    head, _, secret = mine.partition(".")
    foreign, _ = pairs.pair()
    wrong = (f"{head}.{foreign}", f"dsg_{'0' * 32}.{secret}", mine.removeprefix("dsg_"), "dsg_", f"{head}.", secret)
    for text in wrong:
        assert program(text).get(PACKAGE).status_code == 401, text
    assert joypix.get(PACKAGE).status_code == 401
    assert APIClient().get(PACKAGE).status_code == 401
    assert not Download.objects.exists()


def test_the_one_purpose_never_does_the_others_work(sam: Client, own: SubjectRequest, world: World) -> None:
    given = token(sam, own, world)
    grant, secret = grants.of_token(given) or pytest.fail("no token")
    sam.cookies["download"] = secret
    assert sam.get(page_of(own, f"download/{grant.pk}/file/")).status_code == 404
    Grant.objects.filter(pk=grant.pk).update(purpose=Grant.PAGE)
    assert program(given).get(PACKAGE).status_code == 401


def test_nothing_in_the_tables_opens_it(sam: Client, own: SubjectRequest, world: World) -> None:
    secret = token(sam, own, world).partition(".")[2]
    row = Grant.objects.get()
    assert secret not in str([getattr(row, field.attname) for field in Grant._meta.concrete_fields])
    assert secret not in str(dict(sam.session))
    assert row.proof is not None
    assert Proof.objects.filter(pk=row.proof.pk, purpose=Proof.DOWNLOAD).exclude(spent_at=None).exists()


def test_a_look_counts_nothing(sam: Client, own: SubjectRequest, world: World) -> None:
    answer = program(token(sam, own, world)).head(PACKAGE)
    assert (answer.status_code, answer["Content-Length"]) == (200, str(len(CONTENT)))
    assert not Download.objects.exists()


def test_behind_the_end_there_is_nothing(sam: Client, own: SubjectRequest, world: World) -> None:
    answer = program(token(sam, own, world)).get(PACKAGE, HTTP_RANGE=f"bytes={len(CONTENT)}-")
    assert (answer.status_code, answer.json()["error"]["code"]) == (416, "out_of_range")
    assert answer["Content-Range"] == f"bytes */{len(CONTENT)}"


def test_who_asks_too_often_waits(sam: Client, own: SubjectRequest, world: World, settings: Settings) -> None:
    settings.DSR_LIMITS = {"takings-of-token": "2/minute"}
    given = program(token(sam, own, world, opened=False))
    assert [given.get(PACKAGE).status_code for _ in range(3)] == [409, 409, 429]


def test_a_wrong_code_gives_no_token(sam: Client, own: SubjectRequest, world: World) -> None:
    sam.post(page_of(own, "download/"))
    answer = sam.post(page_of(own, "download/code/"), {"code": "AAAA AAAA", "program": "1"})
    assert "dsg_" not in answer.content.decode()
    assert not Grant.objects.exists()


def test_a_place_that_does_not_answer_is_asked_again_and_counts_nothing(
    sam: Client, own: SubjectRequest, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise OSError

    given = program(token(sam, own, world))
    with monkeypatch.context() as store:
        store.setattr(files, "opened_with", away)
        answer = given.get(PACKAGE)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "unreachable")
    assert int(answer["Retry-After"]) > 0
    assert not Download.objects.exists()
    assert given.get(PACKAGE).status_code == 200

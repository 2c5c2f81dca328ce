"""An app vouches through the API: by its token and its signature together."""

import logging
from collections.abc import Iterator

import pytest
import time_machine
from django.test import Client
from rest_framework.test import APIClient

from dsr.law.work import Scope
from dsr.models import Assertion, SubjectRequest
from dsr.steps.asking import ladder, tokens
from tests.conftest import NOW, SAM, World
from tests.steps.vouching import SAMS, forged, signed

ASSERTIONS = "/api/v1/assertions/"


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    """The API reads the clock itself; an assertion lives five minutes."""
    with time_machine.travel(NOW, tick=False):
        yield


def test_an_app_vouches_and_gets_a_link_that_opens_once(world: World, joypix: APIClient) -> None:
    answer = joypix.post(ASSERTIONS, {"assertion": signed(world)}, format="json")
    assert answer.status_code == 201
    link = answer.json()["link"]
    assert link.startswith("http://127.0.0.1:8000/joypix/from-app/")
    path = link.removeprefix("http://127.0.0.1:8000")
    assert Client().post(path).status_code == 302
    assert Client().post(path).status_code == 410


def test_a_token_without_the_apps_signature_vouches_for_nobody(world: World, joypix: APIClient) -> None:
    text = signed(world)
    joypix.post(ASSERTIONS, {"assertion": text}, format="json")
    for bad in (text, forged(world, aud="https://elsewhere.example"), "made.up.text", ""):
        assert joypix.post(ASSERTIONS, {"assertion": bad}, format="json").status_code == 400
    assert Assertion.objects.count() == 1
    assert APIClient().post(ASSERTIONS, {"assertion": signed(world)}, format="json").status_code == 401


def test_what_an_app_files_with_its_signature_counts_as_coming_from_the_account(
    world: World, joypix: APIClient
) -> None:
    asked = {"right": "access", "identities": [{"kind": "email", "value": SAM}], "assertion": signed(world)}
    assert joypix.post("/api/v1/requests/", asked, format="json").status_code == 201
    own = SubjectRequest.objects.get()
    assert set(own.identities.values_list("kind", "rung")) == {(kind, "app") for kind in SAMS}
    assert own.state == "received"  # the mailbox is proven by its code all the same
    assert not own.identities.get(kind="email").proven_at
    assert ladder.reached(own)
    replayed = joypix.post("/api/v1/requests/", asked, format="json")
    assert (replayed.status_code, SubjectRequest.objects.count()) == (400, 1)


def test_the_secret_part_of_a_hand_over_stands_in_no_log(world: World, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        Client().get("/nowhere/from-app/a-very-secret-token/")
        Client().post("/joypix/from-app/a-very-secret-token/")
    assert "a-very-secret-token" not in caplog.text


def test_a_token_that_only_files_spends_no_assertion(world: World) -> None:
    text = tokens.issue("joypix", "form", at=NOW, scopes=[Scope.FILE])
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {text}")
    asked = {"right": "access", "identities": [{"kind": "email", "value": SAM}]}
    answer = client.post("/api/v1/requests/", asked | {"assertion": signed(world)}, format="json")
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden")
    assert not Assertion.objects.exists()
    assert client.post("/api/v1/requests/", asked, format="json").status_code == 201

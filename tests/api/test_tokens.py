"""Tokens: made once, kept as a hash, revoked at once."""

import shutil
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from pytest_django import Settings
from rest_framework.test import APIClient

from dsr.api.urls import urlpatterns as api
from dsr.law.actors import Actor
from dsr.law.rights import Right
from dsr.law.work import Scope
from dsr.models import ApiToken, SubjectRequest
from dsr.steps.asking import tokens
from tests.conftest import NOW, SAM
from tests.tree import ROOT

OFFERED = "/api/v1/controller/"


def made(capsys: pytest.CaptureFixture[str], controller: str = "joypix", name: str = "app server") -> str:
    call_command("make_token", controller=controller, name=name)
    return capsys.readouterr().out.strip()


@pytest.mark.django_db
def test_a_made_token_opens_the_api_of_its_controller(capsys: pytest.CaptureFixture[str]) -> None:
    text = made(capsys)

    answer = APIClient().get(OFFERED, HTTP_AUTHORIZATION=f"Bearer {text}")

    assert answer.json()["slug"] == "joypix"


@pytest.mark.django_db
def test_nobody_can_read_a_token_out_of_the_tables(capsys: pytest.CaptureFixture[str]) -> None:
    text = made(capsys)

    row = ApiToken.objects.values().get()
    assert row["token_hash"] == ApiToken.hashed(text)
    assert text.removeprefix("dsr_") not in str(row)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("controller", "name", "why"),
    [
        ("nobody", "app server", "there is no controller 'nobody'; there are joypix, pixplus"),
        ("joypix", " ", "a token needs a name"),
        ("joypix", "x" * 81, "a token needs a name"),
    ],
)
def test_a_token_is_made_for_a_controller_and_a_purpose(controller: str, name: str, why: str) -> None:
    with pytest.raises(CommandError, match=why):
        call_command("make_token", controller=controller, name=name)


@pytest.mark.django_db
def test_two_tokens_of_one_name_cannot_be_confused(capsys: pytest.CaptureFixture[str]) -> None:
    made(capsys)

    with pytest.raises(CommandError, match="has a token named 'app server' already"):
        made(capsys)


@pytest.mark.django_db
def test_a_revoked_token_opens_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    text = made(capsys)
    call_command("revoke_token", controller="joypix", name="app server")

    answer = APIClient().get(OFFERED, HTTP_AUTHORIZATION=f"Bearer {text}")

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer ")
    assert answer.json()["error"]["code"] == "authentication_failed"


@pytest.mark.django_db
def test_a_name_is_free_again_after_its_token_was_revoked(capsys: pytest.CaptureFixture[str]) -> None:
    old = made(capsys)
    call_command("revoke_token", controller="joypix", name="app server")
    capsys.readouterr()

    assert made(capsys) != old


@pytest.mark.django_db
@pytest.mark.parametrize("scope", list(Scope))
def test_a_token_does_what_it_was_made_for_and_nothing_else(scope: Scope) -> None:
    client, text = APIClient(), tokens.issue("joypix", "app server", at=NOW, scopes=[scope])
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {text}")
    calls = {
        Scope.FILE: client.post("/api/v1/requests/", {}, format="json"),
        Scope.READ: client.get("/api/v1/requests/R3K-2WN-P5M/"),
        Scope.OFFERS: client.get(OFFERED),
        Scope.VOUCH: client.post("/api/v1/assertions/", {}, format="json"),
    }
    assert [one for one, answer in calls.items() if answer.status_code != 403] == [scope]
    assert {answer.json()["error"]["code"] for one, answer in calls.items() if one != scope} == {"forbidden"}


def test_no_token_of_a_controller_opens_a_persons_data(
    answered: Callable[..., SubjectRequest], capsys: pytest.CaptureFixture[str]
) -> None:
    subject_request, client = answered(Right.ACCESS), APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {made(capsys)}")
    given = {"reference": subject_request.reference, "item": uuid4(), "token": "none"}
    places = [reverse(f"api:{one.name}", kwargs={k: given[k] for k in given if k in str(one.pattern)}) for one in api]
    answers = [client.get(place) for place in places] + [client.post(place, {}, format="json") for place in places]
    told = "".join(answer.content.decode() for answer in answers if answer.status_code != 405)
    assert subject_request.reference in told
    assert [
        word for word in (SAM, "Sam Example", "users", "order") if word in told.replace("sam@example.org", "")
    ] == []
    assert client.get("/api/v1/package/").status_code == 401


@pytest.mark.django_db
def test_what_does_not_stand_cannot_be_revoked() -> None:
    with pytest.raises(CommandError, match="no token named 'app server'"):
        call_command("revoke_token", controller="joypix", name="app server")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer dsr_wrong",
        "Basic ZHNyOmRzcg==",
        "dsr_wrong",
        "Bearer dsr_\xfc\xff",
        "Bearer a b",
    ],
)
def test_mallory_without_a_token_is_asked_for_one(header: str) -> None:
    answer = APIClient().get(OFFERED, HTTP_AUTHORIZATION=header)

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer ")
    assert set(answer.json()["error"]) == {"code", "message", "fields"}


def test_danas_cookies_open_nothing_here(dana: Actor, sign_in: Callable[[str], Client]) -> None:
    assert dana.id
    assert sign_in("dana").get(OFFERED).status_code == 401


@pytest.mark.django_db
def test_a_token_ends_with_its_controller(settings: Settings, tmp_path: Path) -> None:
    text = tokens.issue("pixplus", "app server", at=NOW)
    shutil.copytree(ROOT / "controllers" / "joypix", tmp_path / "joypix")
    settings.DSR_CONTROLLERS = tmp_path

    assert APIClient().get(OFFERED, HTTP_AUTHORIZATION=f"Bearer {text}").status_code == 401

"""Filing a request from a controller's own app (J10, M7)."""

import json
import re
from typing import Any
from urllib.parse import urlsplit

import pytest
import time_machine
from django.core import mail
from django.test import Client
from rest_framework.test import APIClient

from dsr.law.states import State
from dsr.models import ApiToken, Notice, SubjectRequest
from dsr.steps.post import notices
from tests.conftest import NOW, SAM

REQUESTS = "/api/v1/requests/"


def code_in_the_post() -> str:
    while notices.send_next(at=NOW):
        pass
    found = re.search(r"^ +([2-9A-Z]{4} [2-9A-Z]{4})$", str(mail.outbox[-1].body), re.MULTILINE)
    assert found
    return found[1]


@time_machine.travel(NOW, tick=False)
def test_an_app_gets_reference_and_due_date_for_sams_request(joypix: APIClient, sams: dict[str, Any]) -> None:
    answer = joypix.post(REQUESTS, sams, format="json")

    reference = SubjectRequest.objects.get().reference
    assert answer.status_code == 201
    assert answer.json() == {
        "reference": reference,
        "right": "access",
        "state": "received",
        "received_at": "2026-11-03T09:00:00Z",
        "due_on": "2026-11-25",  # 15 business days; 11 November is a holiday in the United States
        "promise_on": "2026-11-25",
        "statutory_on": None,
        "prove_url": f"http://127.0.0.1:8000/joypix/requests/{reference}/prove/",
    }
    assert answer.headers["Location"] == f"/api/v1/requests/{reference}/"


def test_what_an_app_files_is_what_staff_see(joypix: APIClient, sams: dict[str, Any]) -> None:
    sams["identities"].append({"kind": "account", "value": " jp000123 "})
    joypix.post(REQUESTS, sams, format="json")

    filed = SubjectRequest.objects.get()
    assert (filed.controller, filed.channel, filed.details()) == ("joypix", "api", "Everything, please.")
    assert {one.kind: one.value() for one in filed.identities.all()} == {"email": SAM, "account": "jp000123"}
    assert filed.events.get(tag="request:received").actor == f"token:{ApiToken.objects.get().pk}"


@time_machine.travel(NOW, tick=False)
def test_sam_proves_on_the_portal_what_the_app_filed(joypix: APIClient, sams: dict[str, Any]) -> None:
    receipt = joypix.post(REQUESTS, sams, format="json").json()

    Client().post(urlsplit(receipt["prove_url"]).path, {"code": code_in_the_post()})

    assert joypix.get(f"{REQUESTS}{receipt['reference']}/").json()["state"] == "verified"


def test_information_about_processing_is_answered_without_a_proof(joypix: APIClient) -> None:
    answer = joypix.post(REQUESTS, {"right": "processing-information"}, format="json").json()

    assert (answer["state"], answer["prove_url"]) == ("delivered", None)


def email(value: object) -> dict[str, Any]:
    return {"right": "access", "identities": [{"kind": "email", "value": value}]}


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "right"),
        ({"right": "everything"}, "right"),
        ({"right": ["access"]}, "right"),
        ({"right": "access", "identities": SAM}, "identities"),
        ({"right": "access", "identities": [SAM]}, "identities.0"),
        ({"right": "access", "identities": [{"kind": "email"}]}, "identities.0.value"),
        ({"right": "access", "identities": [{"kind": "passport", "value": "1"}]}, "identities.0.kind"),
        ({"right": "access", "identities": [{"kind": "device", "value": "1"}]}, "identities.0.kind"),
        (
            {"right": "access", "identities": [{"kind": "email", "value": SAM, "proven": True}]},
            "identities.0.proven",
        ),
        (
            {"right": "access", "identities": [{"kind": "account", "value": str(n)} for n in range(11)]},
            "identities",
        ),
        (email("sam"), "identities.0.value"),
        (email("sam@example.com, mallory@example.com"), "identities.0.value"),
        (email("sam@example.com\r\nBcc: mallory@example.com"), "identities.0.value"),
        (email("ѕаm@example.com\ud800"), "identities.0.value"),
        (email(5), "identities.0.value"),
        (email(None), "identities.0.value"),
        (email(SAM) | {"details": "x" * 5001}, "details"),
        (email(SAM) | {"details": "\ud800"}, "details"),
        (email(SAM) | {"details": "a\x00b"}, "details"),
        (email(SAM) | {"details": {"text": "Everything"}}, "details"),
        (email(SAM) | {"controller": "pixplus"}, "controller"),
        (email(SAM) | {"state": "verified"}, "state"),
        (email(SAM) | {"Right": "erasure"}, "Right"),
    ],
)
def test_an_error_names_the_field_to_mend(joypix: APIClient, body: dict[str, Any], path: str) -> None:
    answer = joypix.post(REQUESTS, json.dumps(body), content_type="application/json")

    error = answer.json()["error"]
    assert (answer.status_code, error["code"], list(error["fields"])) == (400, "invalid", [path])
    assert all(error["fields"][path])


@pytest.mark.parametrize(
    ("identities", "said"),
    [
        ([], "We need one e-mail address"),
        ([{"kind": "account", "value": "jp000123"}], "We need one e-mail address"),
        ([{"kind": "email", "value": SAM}, {"kind": "email", "value": "mallory@example.com"}], "We need one"),
    ],
)
def test_a_request_needs_one_mailbox_to_be_proven_by(
    joypix: APIClient, identities: list[dict[str, str]], said: str
) -> None:
    answer = joypix.post(REQUESTS, {"right": "erasure", "identities": identities}, format="json")

    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["fields"]) == (400, "not_accepted", {})
    assert error["message"].startswith(said)


def test_nothing_is_kept_of_what_was_refused(joypix: APIClient, sams: dict[str, Any]) -> None:
    joypix.post(REQUESTS, sams | {"right": "erasure", "identities": []}, format="json")

    assert (SubjectRequest.objects.count(), Notice.objects.count()) == (0, 0)


def test_sam_and_the_app_may_write_in_any_script(joypix: APIClient) -> None:
    words = "请给我我的数据 · من فضلك · 🙂 <script>alert(1)</script>"
    answer = joypix.post(REQUESTS, email(SAM) | {"details": words}, format="json")

    assert answer.json()["state"] == State.RECEIVED
    assert SubjectRequest.objects.get().details() == words


@time_machine.travel(NOW, tick=False)
def test_an_app_files_a_withdrawal_by_naming_what_is_withdrawn(joypix: APIClient, sams: dict[str, Any]) -> None:
    asked = {**sams, "right": "consent-withdrawal", "purposes": ["marketing"]}
    assert joypix.post(REQUESTS, asked, format="json").status_code == 201
    withdrawn = SubjectRequest.objects.get().withdrawals.values_list("purpose", flat=True)
    assert list(withdrawn) == ["marketing"]


@pytest.mark.parametrize("wrong", [{"purposes": []}, {"purposes": ["camera"]}, {"right": "erasure", "scope": "half"}])
def test_what_cannot_be_stopped_or_erased_here_is_not_filed(
    joypix: APIClient, sams: dict[str, Any], wrong: dict[str, Any]
) -> None:
    answer = joypix.post(REQUESTS, {**sams, "right": "consent-withdrawal", **wrong}, format="json")
    assert 400 <= answer.status_code < 500
    assert not SubjectRequest.objects.exists()


def test_an_app_tells_where_the_person_lives_and_the_law_of_that_place_counts(
    joypix: APIClient, sams: dict[str, Any]
) -> None:
    assert (
        joypix.post(REQUESTS, sams | {"region": "california", "language": "zh-hans"}, format="json").status_code == 201
    )
    subject_request = SubjectRequest.objects.get()
    assert (subject_request.region, subject_request.language) == ("california", "zh-hans")
    assert {row.regime for row in subject_request.deadlines.all()} == {"house", "ccpa"}


@pytest.mark.parametrize(
    "wrong", [{"region": "atlantis"}, {"language": "tlh"}, {"received_at": "2026-10-01T09:00:00Z"}]
)
def test_an_app_chooses_no_place_language_or_receipt_that_is_not_offered(
    joypix: APIClient, sams: dict[str, Any], wrong: dict[str, str]
) -> None:
    assert joypix.post(REQUESTS, sams | wrong, format="json").status_code == 400
    assert not SubjectRequest.objects.exists()


def test_an_app_reads_what_is_offered_where(pixplus: APIClient) -> None:
    regions = {each["region"]: each for each in pixplus.get("/api/v1/controller/").json()["regions"]}
    granted = {offer["right"]: offer["granted_by"] for offer in regions["china"]["rights"]}
    assert granted["portability"] == "law"
    assert granted["complaint"] == "law"
    assert regions["china"]["title"] == "China (mainland)"

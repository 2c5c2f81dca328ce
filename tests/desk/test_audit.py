"""Auditors see how far the record is signed and take it along; taking it along is recorded."""

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.test import Client

from accounts.models import Role
from dsr.law.actors import PORTAL, Actor, ActorKind
from dsr.law.rights import Right
from dsr.models import Event, SubjectRequest
from dsr.record import note
from dsr.steps.recording import record, sequencer, signing
from tests.conftest import NOW, SAM, World

Browser = Callable[..., Client]
AUDITORS = {Role.AUDITOR, Role.PRIVACY_OFFICER}


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def signed(world: World) -> SubjectRequest:
    """Requests to both controllers, under a checkpoint."""
    world.file(Right.ACCESS, "pixplus")
    subject_request = world.file(Right.ACCESS)
    record.write(
        subject_request, "item:excluded", by=Actor(ActorKind.STAFF, "9"), at=world.at, secret={"reason": f"{SAM} rang"}
    )
    sequencer.sequence(at=world.at)
    return subject_request


def content(answer: Any) -> str:  # noqa: ANN401 — a response of the test client
    raw = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return str(raw.decode())


def test_the_page_shows_size_age_and_the_public_keys(browser: Browser, signed: SubjectRequest) -> None:
    newest = sequencer.newest()
    assert newest is not None
    page = content(browser(Role.AUDITOR).get("/desk/audit/"))
    assert newest.root in page
    assert f"<dd>{newest.size}</dd>" in page
    assert str(signing.log_keys()[0]) in page
    assert "Proof of the record" in page


def test_before_anything_is_signed_the_page_says_so(browser: Browser, db: None) -> None:
    assert "Nothing is signed yet" in content(browser(Role.AUDITOR).get("/desk/audit/"))


@pytest.mark.parametrize("role", Role)
def test_only_those_whose_duty_it_is_get_there(browser: Browser, signed: SubjectRequest, role: Role) -> None:
    client = browser(role)
    expected = 200 if role in AUDITORS else 403
    assert client.get("/desk/audit/").status_code == expected
    assert client.get("/desk/audit/checkpoint/").status_code == expected
    assert client.post("/desk/audit/joypix/").status_code == expected
    assert client.post("/desk/audit/pixplus/").status_code == 403
    told = client.post(f"/desk/requests/{signed.reference}/timeline/").status_code
    assert told == expected


def test_the_checkpoint_is_a_signed_note(browser: Browser, signed: SubjectRequest) -> None:
    answer = browser(Role.AUDITOR).get("/desk/audit/checkpoint/")
    head = note.verified_head(content(answer), signing.log_keys())
    assert head.size == Event.objects.filter(sequenced__isnull=False).count()
    assert "attachment" in answer["Content-Disposition"]


def test_an_exported_record_holds_one_controllers_entries_and_proves_the_whole(
    browser: Browser, signed: SubjectRequest, tmp_path: Path
) -> None:
    exported = content(browser(Role.AUDITOR).post("/desk/audit/joypix/"))
    lines = [json.loads(line) for line in exported.splitlines()][1:]
    assert {line["content"]["controller"] for line in lines if "content" in line} == {"joypix"}
    assert any("content" not in line for line in lines)
    assert SAM not in exported
    file = tmp_path / "record.jsonl"
    file.write_text(exported, "utf-8")
    said = io.StringIO()
    call_command("verify_audit", "--file", str(file), stdout=said)
    assert "all as written and signed" in said.getvalue()
    event = Event.objects.get(tag="audit:exported")
    assert event.controller == "joypix"
    assert event.actor.startswith("staff:")


def test_a_link_exports_nothing(browser: Browser, signed: SubjectRequest) -> None:
    client = browser(Role.AUDITOR)
    assert client.get("/desk/audit/joypix/").headers["Location"] == "/desk/audit/"
    page = f"/desk/requests/{signed.reference}/"
    assert client.get(f"{page}timeline/").headers["Location"] == page
    assert not Event.objects.filter(tag__in=["audit:exported", "timeline:exported"]).exists()


def test_the_story_of_a_request_is_told_with_reasons_and_recorded(browser: Browser, signed: SubjectRequest) -> None:
    story = content(browser(Role.AUDITOR).post(f"/desk/requests/{signed.reference}/timeline/"))
    assert f"Reason: {SAM} rang" in story
    assert "The request arrived on the web" in story
    assert signed.events.filter(tag="timeline:exported").count() == 1


def test_a_reason_is_shown_to_whom_may_see_personal_data(browser: Browser, signed: SubjectRequest) -> None:
    page = f"/desk/requests/{signed.reference}/"
    assert f"{SAM} rang" in content(browser(Role.AGENT).get(page))
    assert f"{SAM} rang" not in content(browser(Role.ENGINEER).get(page))


def test_what_is_about_no_controller_is_in_every_auditors_table(browser: Browser, db: None) -> None:
    record.write_for("", "staff:sign-in-failed", by=PORTAL, at=NOW)
    assert "A sign-in to the desk failed" in content(browser(Role.AUDITOR).get("/desk/dsr/event/"))

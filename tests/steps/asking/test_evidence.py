"""Evidence is sealed, seen only by who may, and gone with the decision."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings

from dsr.law.actors import SUBJECT, Actor
from dsr.law.grounds import Ground
from dsr.law.work import Asker
from dsr.models import Event, Evidence, SubjectRequest, sealed
from dsr.sealing.fields import Unsealable
from dsr.steps import permissions
from dsr.steps.asking import cancellation, evidence, intake, representation, verification
from dsr.steps.asking.evidence import NotTaken
from dsr.steps.deciding import review
from dsr.steps.fulfilling import parts
from tests.conftest import World
from tests.steps.representing import PDF, asked_by

Commits = AbstractContextManager[object]
Ends = Callable[[World, SubjectRequest, Actor], object]


def test_a_document_lies_sealed_and_opens_for_who_may_see_it(world: World, dana: Actor) -> None:
    subject_request = asked_by(world, Asker.AGENT)
    document = subject_request.evidence.get()
    lies = sealed.file_path(document.pk).read_bytes()
    assert b"canary" in PDF
    assert b"canary" not in lies
    assert evidence.read(document, by=dana, at=world.at) == PDF
    assert document.content_type == "application/pdf"


def test_every_look_at_a_document_is_in_the_record(world: World, dana: Actor) -> None:
    subject_request = asked_by(world, Asker.AGENT)
    evidence.read(subject_request.evidence.get(), by=dana, at=world.at)
    assert subject_request.events.get(tag="evidence:viewed").actor == str(dana)


def test_who_has_no_duty_to_view_sees_no_document(world: World, engineer: Actor) -> None:
    document = asked_by(world, Asker.AGENT).evidence.get()
    with pytest.raises(permissions.Forbidden):
        evidence.read(document, by=engineer, at=world.at)
    assert not Event.objects.filter(tag="evidence:viewed").exists()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "no PDF, PNG or JPEG"),
        (b"<html><script>alert(1)</script>", "no PDF, PNG or JPEG"),
        (b"MZ\x90\x00 a program named scan.pdf", "no PDF, PNG or JPEG"),
        (b"%PDF-1.7" + b"x" * evidence.MOST, "too large"),
    ],
)
def test_a_document_is_judged_by_what_it_holds(content: bytes, says: str) -> None:
    with pytest.raises(NotTaken, match=says):
        evidence.content_type_of(content)


@pytest.mark.parametrize(
    ("content", "kind"),
    [(PDF, "application/pdf"), (b"\x89PNG\r\n\x1a\n...", "image/png"), (b"\xff\xd8\xff\xe0...", "image/jpeg")],
)
def test_scans_and_photographs_are_taken(content: bytes, kind: str) -> None:
    assert evidence.content_type_of(content) == kind


def accepted(world: World, subject_request: SubjectRequest, dana: Actor) -> None:
    world.prove(subject_request)
    review.accept(subject_request, by=dana, at=world.at)


def refused(world: World, subject_request: SubjectRequest, dana: Actor) -> None:
    world.prove(subject_request)
    review.refuse(subject_request, ground=Ground.NOT_IDENTIFIABLE, by=dana, at=world.at)


def cancelled(world: World, subject_request: SubjectRequest, _: Actor) -> None:
    cancellation.cancel(subject_request, by=SUBJECT, at=world.at)


def denied(world: World, subject_request: SubjectRequest, _: Actor) -> None:
    representation.deny(subject_request, world.code(), at=world.at)


def lapsed(world: World, _: SubjectRequest, __: Actor) -> None:
    assert verification.lapse_next(at=world.later(days=8))


@pytest.mark.parametrize("ends", [accepted, refused, cancelled, denied, lapsed])
def test_with_the_decision_the_file_and_its_key_are_gone(
    world: World, dana: Actor, ends: Ends, django_capture_on_commit_callbacks: Callable[..., Commits]
) -> None:
    subject_request = asked_by(world, Asker.AGENT)
    document = subject_request.evidence.get()
    path = sealed.file_path(document.pk)
    assert path.exists()
    with django_capture_on_commit_callbacks(execute=True):
        ends(world, subject_request, dana)
    document.refresh_from_db()
    assert not path.exists()
    assert (document.wrapped_key, document.sha256, document.size) == ("", "", 0)
    assert document.destroyed_at == world.at
    with pytest.raises(Unsealable):
        evidence.read(document, by=dana, at=world.at)


def test_a_standing_document_is_not_swept_away_with_orphans(world: World) -> None:
    document = asked_by(world, Asker.AGENT).evidence.get()
    parts.tidy(at=world.at + timedelta(days=400))
    assert sealed.file_path(document.pk).exists()


def test_no_document_touches_the_disk_unsealed(world: World) -> None:
    asked_by(world, Asker.GUARDIAN)
    lying = [path.read_bytes() for path in Path(settings.DSR_VAR).rglob("*") if path.is_file()]
    assert not any(b"canary" in content for content in lying)
    assert Evidence.objects.count() == 1


@pytest.fixture
def something_in_the_way() -> Iterator[None]:
    """Where sealed files lie stands a file."""
    folder = sealed.file_path(uuid4()).parents[1]
    folder.mkdir(parents=True, exist_ok=True)
    elsewhere = folder.rename(folder.with_name("elsewhere"))
    folder.write_text("in the way", "ascii")
    yield
    folder.unlink()
    elsewhere.rename(folder)


@pytest.mark.usefixtures("something_in_the_way")
def test_whoever_cannot_be_given_a_place_for_a_document_is_told_and_no_request_is_left_half(world: World) -> None:
    with pytest.raises(intake.NotAccepted, match="Try again in a few minutes"):
        asked_by(world, Asker.AGENT)
    assert not SubjectRequest.objects.exists()

"""Letters go out once, tell strangers nothing, and never stand in a request's way."""

import json
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from pytest_django import Settings

from dsr.datamap.schema import IdentityKind
from dsr.law.actors import SUBJECT
from dsr.law.grounds import Ground
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import Letter, NoticeState
from dsr.models import Event, Notice, Proof
from dsr.steps.asking import intake, verification
from dsr.steps.asking.verification import Confirmation
from dsr.steps.post import notices
from tests.conftest import SAM, World
from tests.steps import scenes


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port of the loopback on which nobody listens: bound, never listening."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield int(held.getsockname()[1])


@pytest.fixture
def no_mail_server(settings: Settings, closed_port: int) -> None:
    """Letters meet a mail server that is down."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", closed_port


def test_a_letter_is_sent_once(world: World) -> None:
    world.file(Right.ACCESS)
    assert notices.send_next(at=world.at)
    assert not notices.send_next(at=world.later(days=1))
    assert len(mail.outbox) == 1
    assert Event.objects.filter(tag="notice:sent").count() == 1


def test_a_letter_goes_to_the_typed_address_alone(world: World) -> None:
    world.file(Right.ACCESS)
    world.letters()
    (message,) = mail.outbox
    assert (message.to, message.cc, message.bcc) == ([SAM], [], [])


def test_every_attempt_carries_the_same_message_id(world: World, settings: Settings, no_mail_server: None) -> None:
    world.file(Right.ACCESS)
    notice = Notice.objects.get()
    first = notices._message(notice, world.at).message()["Message-ID"]  # noqa: SLF001 — what a failed attempt had carried
    notices.send_next(at=world.at)
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    notices.send_next(at=world.later(hours=1))
    assert mail.outbox[0].message()["Message-ID"] == first
    assert str(notice.pk) in first


def test_a_mail_server_that_is_down_stands_in_nobodys_way(world: World, no_mail_server: None) -> None:
    subject_request = world.file(Right.ACCESS)
    assert notices.send_next(at=world.at)
    subject_request.refresh_from_db()
    notice = Notice.objects.get()
    assert (subject_request.state, notice.state) == (State.RECEIVED, NoticeState.QUEUED)
    assert SAM not in notice.note


def test_unsent_letters_are_tried_again_with_growing_pauses_until_staff_must_look(
    world: World, no_mail_server: None
) -> None:
    world.file(Right.ACCESS)
    pauses = []
    for _ in range(notices.TRIES - 1):
        notices.send_next(at=world.at)
        notice = Notice.objects.get()
        assert not notices.send_next(at=world.at)
        pauses.append((notice.not_before - world.at).total_seconds())
        world.at = notice.not_before
    assert pauses == sorted(pauses)
    assert pauses[0] == 10
    assert pauses[-1] == 3600
    notices.send_next(at=world.at)
    assert Notice.objects.get().state == NoticeState.FAILED


def test_a_letter_goes_out_once_the_mail_server_is_back(world: World, settings: Settings, no_mail_server: None) -> None:
    world.file(Right.ACCESS)
    notices.send_next(at=world.at)
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert not notices.send_next(at=world.at)
    assert notices.send_next(at=world.later(minutes=1))
    assert len(mail.outbox) == 1


def test_a_letter_whose_sender_died_is_in_doubt_and_never_repeated_by_itself(world: World) -> None:
    world.file(Right.ACCESS)
    Notice.objects.update(state=NoticeState.SENDING, lease_until=datetime(2000, 1, 1, tzinfo=UTC))
    for _ in range(3):
        assert not notices.send_next(at=world.later(days=1))
    assert Notice.objects.get().state == NoticeState.IN_DOUBT
    assert mail.outbox == []


def test_a_letter_that_is_being_sent_is_left_to_its_sender(world: World) -> None:
    world.file(Right.ACCESS)
    Notice.objects.update(state=NoticeState.SENDING, lease_until=datetime(2100, 1, 1, tzinfo=UTC))
    assert not notices.send_next(at=world.later(hours=1))
    assert Notice.objects.get().state == NoticeState.SENDING


def test_a_sender_that_comes_back_late_records_nothing(world: World) -> None:
    world.file(Right.ACCESS)
    stale = Notice.objects.get()
    Notice.objects.update(state=NoticeState.IN_DOUBT)
    notices._sent(stale, world.at)  # noqa: SLF001 — the end of an attempt whose lease was over
    assert Notice.objects.get().state == NoticeState.IN_DOUBT
    assert not Event.objects.filter(tag="notice:sent").exists()


def test_the_words_of_a_letter_are_forgotten_once_it_is_sent(world: World) -> None:
    world.file(Right.ACCESS)
    assert "reference" in json.loads(Notice.objects.get().context())
    world.letters()
    assert Notice.objects.get().context_sealed == ""


def test_an_address_does_not_stand_in_the_outbox_in_the_clear(world: World) -> None:
    world.file(Right.ACCESS)
    assert SAM not in str(Notice.objects.values().get())


def test_no_code_exists_before_its_letter_is_sent(world: World) -> None:
    world.file(Right.ACCESS)
    context = json.loads(Notice.objects.get().context())
    assert "code" not in context
    assert Proof.objects.get(pk=context["proof"]).code_hash == ""


def test_the_ten_minutes_of_a_code_run_from_the_sending(world: World) -> None:
    subject_request = world.file(Right.ACCESS)
    world.later(hours=2)  # the mail waited
    code = world.code()
    assert verification.confirm(subject_request, code, at=world.later(minutes=9)) is Confirmation.CONFIRMED


def test_a_letter_that_carries_only_a_code_is_not_sent_once_a_newer_one_is_asked_for(
    world: World, settings: Settings, no_mail_server: None
) -> None:
    subject_request = world.file(Right.ACCESS)
    verification.ask(subject_request, at=world.later(minutes=1))
    for _ in range(2):
        notices.send_next(at=world.at)
    verification.ask(subject_request, at=world.later(minutes=1))
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    world.later(minutes=1)
    assert sum("Your code" in message.subject for message in _sent(world)) == 1
    assert Notice.objects.filter(letter=Letter.CODE, state=NoticeState.FAILED).count() == 1


def _sent(world: World) -> list[EmailMessage]:
    world.letters()
    return mail.outbox


@pytest.mark.parametrize("letter", list(Letter))
def test_no_subject_line_names_a_person_or_a_code(world: World, letter: Letter) -> None:
    subject_request = world.file(Right.ACCESS, details="I am Sam Ortiz.")
    subject_request.ground = Ground.EXCESSIVE
    told: dict[str, Any] = {
        "code": "1234 5678",
        "code_minutes": 10,
        "expires_on": "Friday",
        "why": "-",
        "about": "accepted",
    }
    notices.queue(subject_request, letter, at=world.at, **told)
    world.letters()
    lines = [message.subject for message in mail.outbox]
    assert not [line for line in lines for word in ("sam", "ortiz", "1234", "5678") if word in line.lower()]
    assert all(subject_request.reference in line or "code" in line.lower() for line in lines)


@pytest.mark.parametrize(
    "typed",
    [
        "sam@example.com\nBcc: mallory@example.com",
        "sam@example.com\r\nBcc: mallory@example.com",
        "sam@example.com, mallory@example.com",
        "sam@example.com;mallory@example.com",
        '"Sam" <mallory@example.com>',
        "sam@example.com\x00mallory@example.com",
        "sam@example.com%0aBcc:mallory@example.com@evil.example",
        "sam@example.com\u2028Bcc: mallory@example.com",
    ],
)
def test_no_address_smuggles_in_another(db: None, world: World, typed: str) -> None:
    filed = intake.Intake("joypix", Right.ACCESS, ((IdentityKind.EMAIL, typed),))
    with pytest.raises(intake.NotAccepted):
        intake.receive(filed, by=SUBJECT, at=world.at)
    assert not Notice.objects.exists()


def test_what_sam_writes_never_becomes_a_header(world: World) -> None:
    world.file(Right.ACCESS, details="x\r\nBcc: mallory@example.com\r\n\r\n<script>")
    world.letters()
    (message,) = mail.outbox
    assert "mallory" not in message.message().as_string()


def test_two_workers_send_a_letter_once(world: World) -> None:
    world.file(Right.ACCESS)
    rival = Notice.objects.filter(state=NoticeState.QUEUED)
    taken = datetime(2100, 1, 1, tzinfo=UTC)
    with scenes.a_rival_before('"fence" = ', lambda: rival.update(state=NoticeState.SENDING, lease_until=taken)):
        assert not notices.send_next(at=world.at)
    assert mail.outbox == []

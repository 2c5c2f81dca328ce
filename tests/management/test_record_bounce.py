"""A mail server hands over what came back (RFC 3464), and the letter is marked."""

import io
import sys

import pytest
from django.core.management import call_command
from django.utils import timezone

from accounts.models import Staff
from dsr.law.actors import Actor
from dsr.law.rights import Right
from dsr.law.work import Letter, NoticeState
from dsr.models import Event, Notice
from dsr.steps.post import bounces, notices
from tests.conftest import NOW, World
from tests.steps import scenes

REPORT = """\
From: MAILER-DAEMON@mail.example.com
To: privacy@localhost
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="=="

--==
Content-Type: text/plain

I am sorry, sam@example.com could not be reached.

--==
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example.com

Final-Recipient: rfc822; sam@example.com
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 no such user sam@example.com

--==
Content-Type: {kind}

Message-ID: <{letter}@{domain}>
To: sam@example.com

--==--
"""


def bounce(
    letter: str, action: str = "failed", status: str = "5.1.1", kind: str = "text/rfc822-headers", domain: str = ""
) -> bytes:
    named = domain or notices.domain()
    return REPORT.format(letter=letter, action=action, status=status, kind=kind, domain=named).encode()


def record_bounce(monkeypatch: pytest.MonkeyPatch, raw: bytes) -> str:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw)))
    said = io.StringIO()
    call_command("record_bounce", stdout=said)
    return said.getvalue()


@pytest.fixture
def sent(world: World, dana: Actor) -> Notice:
    """A letter that left; Dana, who has an address, owns its request."""
    subject_request = scenes.accepted(world, dana, Right.COMPLAINT)
    world.letters()
    Staff.objects.filter(username="dana").update(email="dana@example.com")
    return Notice.objects.get(subject_request=subject_request, letter=Letter.ACCEPTED)


@pytest.mark.parametrize("kind", ["text/rfc822-headers", "message/rfc822"])
def test_a_letter_that_came_back_is_marked_with_its_status_and_no_text(
    sent: Notice, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    record_bounce(monkeypatch, bounce(str(sent.pk), kind=kind))
    sent.refresh_from_db()
    event = Event.objects.get(tag="notice:bounced")
    assert (sent.state, sent.note) == (NoticeState.BOUNCED, "It came back (5.1.1).")
    assert "sam" not in str(event.details) + sent.note


def test_the_owner_is_told_once(sent: Notice, monkeypatch: pytest.MonkeyPatch, world: World) -> None:
    for _ in range(2):
        record_bounce(monkeypatch, bounce(str(sent.pk)))
    world.at = max(world.at, timezone.now())  # the command reads the clock of the machine
    world.letters()
    (message,) = [each for each in scenes.outbox() if each.to == ["dana@example.com"]]
    assert sent.subject_request.reference in message.subject
    assert "sam@" not in str(message.body)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff\x00 no mail at all",
        b"Subject: hello\n\nJust a mail.",
        bounce("00000000-0000-0000-0000-000000000000"),
        bounce("------------------------------------"),
        bounce("x"),
    ],
)
def test_what_names_no_letter_of_ours_changes_nothing_and_ends_well(
    sent: Notice, monkeypatch: pytest.MonkeyPatch, raw: bytes
) -> None:
    assert "Nothing here" in record_bounce(monkeypatch, raw)
    sent.refresh_from_db()
    assert sent.state == NoticeState.SENT


def nested(depth: int) -> bytes:
    """Parts within parts, and the report innermost."""
    heads = (f'Content-Type: multipart/mixed; boundary="{n}"\n\n--{n}\n' for n in range(depth))
    return "".join(heads).encode() + bounce("x")


def test_a_notification_nested_deeper_than_anybody_reads_ends_well_and_leaves_a_line(
    sent: Notice, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert "Nothing here" in record_bounce(monkeypatch, nested(2_000))
    assert "nested too deep" in caplog.text


def test_of_a_huge_notification_only_the_beginning_is_read(sent: Notice) -> None:
    late = b"Subject: hello\n" + b"X-Filler: " + b"x" * bounces.MOST + b"\n" + bounce(str(sent.pk))
    assert not bounces.take(late, at=NOW)
    assert bounces.take(bounce(str(sent.pk)) + b"x" * bounces.MOST, at=NOW)


@pytest.mark.parametrize("action", ["delayed", "delivered", "relayed"])
def test_only_a_failed_delivery_counts(sent: Notice, monkeypatch: pytest.MonkeyPatch, action: str) -> None:
    record_bounce(monkeypatch, bounce(str(sent.pk), action))
    assert Notice.objects.get(pk=sent.pk).state == NoticeState.SENT


def test_another_domains_message_id_is_not_ours(sent: Notice, monkeypatch: pytest.MonkeyPatch) -> None:
    record_bounce(monkeypatch, bounce(str(sent.pk), domain="evil.example"))
    assert Notice.objects.get(pk=sent.pk).state == NoticeState.SENT

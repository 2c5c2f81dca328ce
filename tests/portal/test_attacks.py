"""Rows of the list of attacks that no other test shows: strangers learn nothing, scanners spend nothing."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from dsr.connectors import registry
from dsr.datamap.schema import IdentityKind
from dsr.law.actors import SUBJECT, Actor
from dsr.law.rights import Right
from dsr.law.work import Channel, Letter
from dsr.models import Notice, Proof, SubjectRequest
from dsr.steps.asking import intake, verification
from tests.conftest import SAM, World
from tests.portal.conftest import page_of
from tests.tree import imported, sources

NOBODY = "nob@example.com"  # as long as Sam's
File = Callable[..., SubjectRequest]
Heard = tuple[str, list[str], list[tuple[str, int]]]


def bare(text: str) -> str:
    """Without what differs from request to request and from person to person."""
    text = re.sub(r"[2-9A-HJ-NP-Z]{3}-[2-9A-Z]{3}-[2-9A-Z]{3}", "REF", text.replace(SAM, "WHO").replace(NOBODY, "WHO"))
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"|nonce="[^"]+"|[2-9A-Z]{4} [2-9A-Z]{4}\n', "", text)


def heard(email: str, file: File, sam: Client, world: World) -> Heard:
    """All that somebody outside, or beside, can see of filing a request for this address: pages, statements, mail."""
    mail.outbox.clear()
    with CaptureQueriesContext(connection) as asked:
        own = file(email=email)
        page = sam.get(page_of(own, "prove/"))
        wrong = sam.post(page_of(own, "prove/"), {"code": "22222222"})
        found = sam.post("/joypix/find/", {"reference": own.reference, "email": email}, follow=True)
    world.letters()
    pages = "".join(f"{each.status_code} {bare(each.content.decode())}" for each in (page, wrong, found))
    shapes = [re.sub(r"'[^']*'|\b\d[\d.]*\b|[0-9a-f]{32,}|\bs\d+_x\d+", "?", each["sql"]) for each in asked]
    return pages, shapes, [(bare(str(one.subject) + str(one.body)), len(one.to)) for one in mail.outbox]


def test_whether_an_address_is_known_shows_in_no_page_no_statement_and_no_letter_and_no_system_is_asked(
    world: World, sam: Client, file: File, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A6. Where both take the same statements in the same order, they take the same time; benchmarks measure it."""

    def asked(*_: object) -> None:
        pytest.fail("a system was asked before the proof")

    monkeypatch.setattr(registry, "build", asked)
    for email in (SAM, NOBODY):  # what is remembered in a process, and counted in an hour, is there from now on
        heard(email, file, sam, world)
    known, unknown = heard(SAM, file, sam, world), heard(NOBODY, file, sam, world)
    for one, other in zip(known, unknown, strict=True):
        assert one == other
    assert len(known[1]) > 50
    assert len(known[2]) == 2  # a receipt with its code, and a code to sign in


def test_three_scanners_that_open_every_link_spend_nothing(
    world: World, sam: Client, mallory: Client, file: File
) -> None:
    """A16."""
    own = file()
    code = world.code()
    links = {each for text in world.letters() for each in re.findall(r"http://127.0.0.1:8000(/\S+)", text)}
    assert links
    for link in [*links, page_of(own, "prove/"), page_of(own, "deny/")]:
        for _ in range(3):
            mallory.get(link)
        assert mallory.head(link).status_code in {200, 404}
    assert SubjectRequest.objects.get().state == "received"
    assert Proof.objects.get().tries == 0
    assert sam.post(page_of(own, "prove/"), {"code": code})["Location"] == page_of(own)


def test_while_no_mail_leaves_every_answer_is_the_same(
    world: World, sam: Client, file: File, monkeypatch: pytest.MonkeyPatch
) -> None:
    """I14: a letter is queued, so a mail server that is down shows on no page."""

    def answers(own: SubjectRequest) -> list[tuple[int, str]]:
        said = [sam.get(page_of(own, "prove/")), sam.post(page_of(own, "new-code/"), follow=True)]
        return [(one.status_code, bare(one.content.decode())) for one in said]

    up = answers(file())
    monkeypatch.setattr("django.core.mail.message.EmailMessage.send", refused)
    down = answers(file())
    world.letters()
    assert up == down
    assert Notice.objects.filter(letter=Letter.RECEIVED, state="queued").exists()


def refused(*_: object, **__: object) -> None:
    """A mail server that is down."""
    raise ConnectionRefusedError


def test_a_telephone_number_alone_opens_nothing_and_is_proven_by_no_code(world: World) -> None:
    """A11: numbers change hands; nothing is ever sent to one."""
    number = ((IdentityKind.PHONE, "+15550100"),)
    for right in (Right.ACCESS, Right.ERASURE, Right.PORTABILITY, Right.RECTIFICATION):
        with pytest.raises(intake.NotAccepted):
            intake.receive(intake.Intake("joypix", right, number), by=SUBJECT, at=world.at)
    beside = intake.Intake("joypix", Right.ACCESS, ((IdentityKind.EMAIL, SAM), *number))
    own = intake.receive(beside, by=SUBJECT, at=world.at)
    world.prove(own)
    assert own.identities.get(kind="phone").proven_at is None


def test_a_mail_that_says_it_is_from_sam_opens_a_request_and_moves_nothing(world: World, dana: Actor) -> None:
    """A2: staff enter what a mail says; who sent it is proven by the code to that address, as for everybody."""
    spoofed = intake.Intake("joypix", Right.ERASURE, ((IdentityKind.EMAIL, SAM),), channel=Channel.EMAIL)
    own = intake.receive(spoofed, by=dana, at=world.at)
    assert (own.state, own.identities.get().proven_at) == ("received", None)
    world.letters()
    assert [each.to for each in mail.outbox] == [[SAM]]
    world.later(days=8)
    assert verification.lapse_next(at=world.at)
    assert not own.items.exists()


def test_no_part_of_the_portal_reads_a_mailbox() -> None:
    """A2: no header of a mail is ever believed, for none is read."""
    readers = {"imaplib", "poplib", "mailbox", "smtpd", "aiosmtpd"}
    named = {
        name.partition(".")[0]
        for folder in ("dsr", "accounts")
        for path in sources(folder)
        for _, name in imported(path)
    }
    assert named & readers == set()


def test_a_link_of_a_mail_opens_for_days_and_its_code_for_minutes(
    world: World, sam: Client, file: File, clock: time_machine.Traveller
) -> None:
    own = file()
    code = world.code()
    clock.shift(timedelta(days=6))
    world.later(days=6)
    late = Client()
    assert late.get(page_of(own, "prove/")).status_code == 200
    assert late.post(page_of(own, "prove/"), {"code": code}).status_code == 200
    assert SubjectRequest.objects.get().state == "received"
    verification.ask(own, at=world.at)
    assert late.post(page_of(own, "prove/"), {"code": world.code()}).status_code == 302

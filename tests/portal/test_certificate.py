"""The person takes the certificate, and anybody can have it checked."""

import re
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.template.loader import render_to_string
from django.test import Client

from dsr.law.actors import Actor
from dsr.law.grounds import Ground
from dsr.law.rights import Right
from dsr.models import Certificate, Event, Leaf, SubjectRequest, installer
from dsr.portal.views import certificate as view
from dsr.portal.views.certificate import CertificateForm
from dsr.portal.words import WORDS
from dsr.record import certificate
from dsr.steps import sweeping
from dsr.steps.deciding import review
from dsr.steps.recording import sequencer, signing
from tests.conftest import World
from tests.portal.conftest import page_of

PAGE = "/certificate/"


@pytest.fixture
def refused(
    file: Callable[..., SubjectRequest], prove: Callable[[SubjectRequest], None], dana: Actor, world: World
) -> SubjectRequest:
    """Sam's request, proven and refused."""
    subject_request = file()
    prove(subject_request)
    subject_request.refresh_from_db()
    review.refuse(subject_request, ground=Ground.IDENTITY_NOT_PROVEN, by=dana, at=world.at)
    return subject_request


@pytest.fixture
def jws(refused: SubjectRequest, world: World) -> str:
    """Its certificate."""
    sequencer.sequence(at=world.at)
    sweeping.certify(at=world.at)
    return Certificate.objects.get(subject_request=refused).jws


def text(answer: Any) -> str:  # noqa: ANN401 — a response of the test client
    return str(answer.content.decode())


def test_sam_is_told_that_a_certificate_comes_and_then_takes_it(
    sam: Client, refused: SubjectRequest, world: World
) -> None:
    assert "You also get a certificate" in text(sam.get(page_of(refused)))
    assert sam.post(page_of(refused, "certificate/"))["Location"] == page_of(refused)
    sequencer.sequence(at=world.at)
    sweeping.certify(at=world.at)
    assert "Download the certificate" in text(sam.get(page_of(refused)))
    answer = sam.post(page_of(refused, "certificate/"))
    genuine = certificate.verify(text(answer), signing.certificate_keys(), signing.log_keys())
    assert genuine.statement["reference"] == refused.reference
    assert answer["Content-Disposition"] == f'attachment; filename="joypix-{refused.reference}.jws"'
    assert answer["Cache-Control"] == "no-store"
    assert Event.objects.filter(tag="certificate:downloaded", actor="subject").count() == 1


def test_mallory_cannot_take_sams_certificate(mallory: Client, refused: SubjectRequest, jws: str) -> None:
    assert mallory.post(page_of(refused, "certificate/")).status_code == 404


def test_a_link_takes_nothing(sam: Client, refused: SubjectRequest, jws: str) -> None:
    assert sam.get(page_of(refused, "certificate/")).status_code == 405


def test_anybody_reads_in_plain_words_what_a_genuine_one_states(
    mallory: Client, refused: SubjectRequest, jws: str
) -> None:
    page = text(mallory.post(PAGE, {"text": f"  {jws}\n"}))
    for words in ("This certificate is genuine", "It still stands there", refused.reference, "Refused", "JoyPix"):
        assert words in page
    assert "See the data we hold about you" in page


def test_the_file_does_as_well_as_its_text(mallory: Client, jws: str) -> None:
    page = text(mallory.post(PAGE, {"file": SimpleUploadedFile("sam.jws", jws.encode())}))
    assert "This certificate is genuine" in page


@pytest.mark.parametrize("bent", [lambda jws: jws[:-9] + "AAAAAAAAA", lambda jws: jws[: len(jws) // 2], lambda _: "ä€"])
def test_what_was_changed_is_not_genuine(mallory: Client, jws: str, bent: Callable[[str], str]) -> None:
    page = text(mallory.post(PAGE, {"text": bent(jws)}))
    assert "This is not a genuine certificate" in page
    assert "What it states" not in page


def test_a_file_that_is_none_is_not_genuine(mallory: Client, jws: str) -> None:
    page = text(mallory.post(PAGE, {"file": SimpleUploadedFile("x.jws", b"\xff\xfe\0" * 200_000)}))
    assert "This is not a genuine certificate" in page


def test_an_entry_that_was_taken_out_of_the_record_is_said_to_be_missing(mallory: Client, jws: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER dsr_leaf_no_delete")
    Leaf.objects.filter(position=Certificate.objects.get().position).delete()
    installer.install(connection)
    assert "Its entry is not in our record now" in text(mallory.post(PAGE, {"text": jws}))


def test_an_empty_form_says_what_to_do(mallory: Client, db: None) -> None:
    page = text(mallory.post(PAGE, {}))
    assert "Error:" in page
    assert "Paste the certificate, or choose its file" in page


def test_checking_stores_nothing(mallory: Client, jws: str) -> None:
    before = Event.objects.count()
    answer = mallory.post(PAGE, {"text": jws})
    assert Event.objects.count() == before
    assert "sessionid" not in answer.cookies
    assert answer["Cache-Control"] == "no-store"


def test_the_page_shows_the_public_keys(mallory: Client, db: None) -> None:
    page = text(mallory.get(PAGE))
    for key in (*signing.certificate_keys(), *signing.log_keys()):
        assert str(key) in page


def test_the_persons_own_looks_are_one_event_an_hour(
    sam: Client, refused: SubjectRequest, world: World, clock: time_machine.Traveller
) -> None:
    def looks() -> int:
        return refused.events.filter(tag="request:seen", actor="subject").count()

    before = looks()
    for _ in range(3):
        sam.get(page_of(refused))
    assert looks() == max(before, 1)
    for _ in range(3):  # within the idle time of a session
        clock.shift(1201)
        sam.get(page_of(refused))
    assert looks() == max(before, 1) + 1


def test_a_look_of_a_stranger_is_no_look(mallory: Client, refused: SubjectRequest) -> None:
    before = refused.events.count()
    mallory.get(page_of(refused))
    assert refused.events.count() == before


def test_a_right_is_named_for_each_kind_of_certificate() -> None:
    """The page words every right; a new one must not break it."""
    assert set(WORDS) == set(Right)


def test_the_page_says_who_was_not_told_and_when_a_recipients_copy_expires() -> None:
    never = {"recipient": "a", "title": "A", "told_by": "none", "why_not": "It holds no names."}
    later = {"recipient": "b", "title": "B", "told_by": "hand"}
    keeps = {"recipient": "c", "title": "C", "told_by": "email", "told_on": "2026-11-09", "answer": "cannot-delete"}
    keeps["expires_on"] = "2027-01-31"
    statement = {"reference": "JP-1", "right": "erasure", "state": "delivered", "recipients": [never, later, keeps]}
    statement |= dict.fromkeys(("received_on", "answered_on", "promised_by"), "2026-11-09")
    shown = render_to_string("portal/certificate.html", {"stated": view.stated(statement), "form": CertificateForm()})
    page = " ".join(re.sub("<[^>]+>", " ", shown).split())
    assert "Not told A: It holds no names." in page
    assert "Still to be told B" in page
    assert "Recipient told C: It cannot be deleted; it expires by itself (gone by itself on 31 January 2027)" in page


def test_the_page_says_which_dates_were_missed() -> None:
    promise = {"regime": "house", "title": "house", "duty": "answer", "missed_on": "2026-11-25"}
    receipt = {"regime": "ccpa", "title": "CCPA", "duty": "confirm", "missed_on": "2026-11-18"}
    statement = {"reference": "JP-1", "right": "erasure", "state": "delivered", "missed": [receipt, promise]}
    statement |= dict.fromkeys(("received_on", "answered_on", "promised_by"), "2026-11-09")
    shown = render_to_string("portal/certificate.html", {"stated": view.stated(statement), "form": CertificateForm()})
    page = " ".join(re.sub("<[^>]+>", " ", shown).split())
    assert "Date to confirm receipt, missed 18 November 2026 (CCPA)" in page
    assert "Date for the answer, missed 25 November 2026 (Our own promise)" in page

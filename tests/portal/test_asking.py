import re
from collections.abc import Callable

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from dsr.law.rights import Right
from dsr.models import SubjectRequest
from tests.conftest import SAM, World
from tests.portal.conftest import begin, page_of

File = Callable[..., SubjectRequest]

IMPOSSIBLE = [
    ("sam", "form name@example.com"),
    ("sam@@example.com", "form name@example.com"),
    ("m\u0131ke@example.com", "cannot write to an address"),
    ("sam@example\uff0ecom", "looks like another one"),
    ("s\u00adam@example.com", "cannot be seen"),
    ("sam@exam\u202eple.com", "cannot be seen"),
    ("", "Enter your e-mail address"),
]


@pytest.mark.parametrize(("typed", "says"), IMPOSSIBLE)
def test_an_impossible_address_is_explained_where_it_was_typed_and_kept(sam: Client, typed: str, says: str) -> None:
    page = sam.post("/joypix/ask/access/email/", {"email": typed}).content.decode()
    assert "<title>Error: " in page
    assert "There is a problem" in page
    assert re.search(rf'<a href="#email">[^<]*{says}', page)
    assert f'value="{typed}"' in page


def test_a_text_that_must_be_written_is_asked_for_again(sam: Client) -> None:
    page = sam.post("/joypix/ask/complaint/details/", {"details": ""}).content.decode()
    assert '<a href="#details">Write what it is about' in page


def test_a_text_that_is_too_long_is_kept_with_its_length(sam: Client) -> None:
    page = sam.post("/joypix/ask/complaint/details/", {"details": "x" * 5001}).content.decode()
    assert "Shorten your text to 5000 characters. It has 5001." in page
    assert "x" * 5001 in page


def test_a_consent_is_withdrawn_by_choosing_it(sam: Client, file: File) -> None:
    page = sam.post("/joypix/ask/consent-withdrawal/details/", {}).content.decode()
    assert '<a href="#purposes_0">Choose what we should stop' in page
    purpose = re.search(r'type="checkbox" value="([^"]+)"', page)
    assert purpose
    subject_request = file(Right.CONSENT_WITHDRAWAL, details="Thank you", purposes=[purpose[1]])
    assert f"[{purpose[1]}]\n\nThank you" in subject_request.details()


def test_a_request_sent_has_a_reference_and_a_due_date_in_words(sam: Client, file: File) -> None:
    subject_request = file(details="Everything of 2026, please")
    page = sam.get(page_of(subject_request, "prove/")).content.decode()
    assert subject_request.reference in page
    # 15 business days after 3 November 2026 in the US: Veterans Day and Thanksgiving do not count (J1).
    assert "We answer by Wednesday 25 November 2026" in page
    assert SAM in page
    assert subject_request.details() == "Everything of 2026, please"


def test_an_answer_can_be_changed_before_it_is_sent(sam: Client) -> None:
    begin(sam, "/joypix/ask/access/")
    for question, given in (("email", {"email": SAM}), ("identities", {}), ("details", {"details": "First"})):
        sam.post(f"/joypix/ask/access/{question}/", given)
    response = sam.post("/joypix/ask/access/details/", {"details": "Second"})
    assert response["Location"] == "/joypix/ask/access/check/"
    page = sam.get("/joypix/ask/access/check/").content.decode()
    assert "Second" in page
    assert "First" not in page


def test_a_request_is_sent_once_however_often_the_button_is_pressed(sam: Client, file: File) -> None:
    file()
    again = sam.post("/joypix/ask/access/check/")
    assert again["Location"] == "/joypix/ask/access/region/"
    assert SubjectRequest.objects.count() == 1


def test_erasure_says_beforehand_what_goes_what_stays_why_and_until_when(sam: Client) -> None:
    begin(sam, "/joypix/ask/erasure/")
    scope = ("scope", {"scope": "everything"})
    for question, given in (("email", {"email": SAM}), ("identities", {}), scope, ("details", {})):
        sam.post(f"/joypix/ask/erasure/{question}/", given)
    page = sam.get("/joypix/ask/erasure/check/").content.decode()
    assert "What stays, why and until when" in page
    assert "3 years after" in page
    assert "What you may have made public" in page


def test_what_was_typed_lies_sealed_in_the_session(sam: Client) -> None:
    sam.post("/joypix/ask/access/email/", {"email": SAM})
    kept = " ".join(str(session.get_decoded()) for session in Session.objects.all())
    assert "draft:joypix:access" in kept
    assert SAM not in kept


def test_information_about_the_processing_needs_no_name_and_can_be_recorded(sam: Client) -> None:
    page = sam.get("/pixplus/processing/").content.decode()
    assert "RunningHub" in page
    sam.post("/pixplus/processing/")
    subject_request = SubjectRequest.objects.get()
    assert subject_request.closed
    assert not subject_request.identities.exists()
    assert subject_request.reference in sam.get("/pixplus/processing/").content.decode()


@pytest.mark.parametrize("right", [right for right in Right if right is not Right.PROCESSING_INFORMATION])
def test_every_kind_of_request_can_be_filed(file: File, right: Right) -> None:
    extra = {"purposes": ["marketing"]} if right is Right.CONSENT_WITHDRAWAL else {}
    assert file(right, details="Words", **extra).right == right


def test_an_identifier_besides_the_address_is_filed_and_not_proven(sam: Client, world: World) -> None:
    begin(sam, "/joypix/ask/access/")
    sam.post("/joypix/ask/access/email/", {"email": SAM})
    sam.post("/joypix/ask/access/identities/", {"account": "jp000001"})
    sam.post("/joypix/ask/access/details/", {})
    sam.post("/joypix/ask/access/check/")
    account = SubjectRequest.objects.get().identities.get(kind="account")
    assert account.value() == "jp000001"
    assert account.proven_at is None


def test_the_form_is_refused_in_plain_words_when_its_protection_is_gone(db: None) -> None:
    response = Client(enforce_csrf_checks=True).post("/joypix/ask/access/email/", {"email": SAM})
    assert response.status_code == 403
    assert "This page was open for too long" in response.content.decode()


@pytest.mark.parametrize(("typed", "warned"), [("Sam@example.com", True), ("sam@example.com", False)])
def test_capitals_are_pointed_out_because_matching_is_exact(sam: Client, typed: str, warned: bool) -> None:
    begin(sam, "/joypix/ask/access/")
    for question, answer in (("email", {"email": typed}), ("identities", {}), ("details", {"details": ""})):
        sam.post(f"/joypix/ask/access/{question}/", answer)
    assert ("holds capital letters" in sam.get("/joypix/ask/access/check/").content.decode()) is warned

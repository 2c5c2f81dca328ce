"""Staff enter what arrived off the web, and decide around a review, on pages (P15)."""

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import time_machine
from django.test import Client

from accounts.models import Role
from dsr.datamap.schema import IdentityKind
from dsr.law.actors import Actor
from dsr.law.grounds import Ground
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import Asker, Channel, Post
from dsr.models import Event, Link, SubjectRequest
from dsr.steps.asking import intake
from dsr.steps.deciding import review
from tests.conftest import NOW, SAM, World
from tests.steps.representing import PDF, asked_by

Browser = Callable[..., Client]
SignIn = Callable[[str], Client]
CALL = {
    "channel": "telephone",
    "received_on": "2026-11-02",
    "received_time": "10:30",
    "right": "access",
    "region": "california",
    "language": "en",
    "email": SAM,
    "why": "A call to the support line",
}


@pytest.fixture(autouse=True)
def clock() -> object:
    """Pages read the clock themselves."""
    with time_machine.travel(NOW, tick=False):
        yield


def one() -> SubjectRequest:
    return SubjectRequest.objects.get()


def test_a_call_is_entered_and_counts_from_when_it_came(world: World, browser: Browser) -> None:
    client = browser(Role.AGENT)
    answer = client.post("/desk/intake/joypix/", CALL)
    assert answer.status_code == 302, answer.content.decode()
    subject_request = one()
    # 10:30 in Los Angeles, on Monday 2 November 2026.
    assert subject_request.received_at == datetime(2026, 11, 2, 18, 30, tzinfo=UTC)
    assert (subject_request.channel, subject_request.region) == ("telephone", "california")
    assert subject_request.state == State.RECEIVED
    page = client.get(answer.headers["Location"]).content.decode()
    assert "by telephone" in page
    assert "Entered here" in page
    assert "Reason: A call to the support line" in page
    world.prove(subject_request)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"received_on": "2026-11-04"}, "cannot be in the future"),
        ({"received_on": "2024-11-02"}, "more than a year ago"),
        ({"email": ""}, "Without an e-mail address we need a postal address"),
        ({"right": "erasure"}, "Choose how much is erased"),
        ({"email": "sam"}, "form name@example.com"),
        ({"why": ""}, "Write why you enter it"),
        ({"region": ""}, "Choose where the person lives"),
        ({"related": "R3K-2WN-P5M"}, "no request of this reference"),
    ],
)
def test_what_cannot_be_entered_is_explained_and_nothing_typed_is_lost(
    world: World, browser: Browser, change: dict[str, str], says: str
) -> None:
    page = browser(Role.AGENT).post("/desk/intake/joypix/", CALL | {"details": "My words"} | change).content.decode()
    assert says in page
    assert "My words" in page
    assert not SubjectRequest.objects.exists()


def test_an_error_stands_beside_its_field_and_the_summary_leads_there(world: World, browser: Browser) -> None:
    page = browser(Role.AGENT).post("/desk/intake/joypix/", CALL | {"received_on": ""}).content.decode()
    assert '<a href="#id_received_on">' in page
    named = re.search(r'aria-describedby="([^"]*)"[^>]*id="id_received_on"', page)
    assert named
    assert [one for one in named[1].split() if f'id="{one}"' not in page] == []


@pytest.mark.parametrize("role", Role)
def test_only_reviewers_enter_requests(world: World, browser: Browser, role: Role) -> None:
    client = browser(role)
    reviews = role in {Role.AGENT, Role.PRIVACY_OFFICER}
    assert client.get("/desk/intake/joypix/").status_code == (200 if reviews else 404)
    assert ("Enter a request" in client.get("/desk/").content.decode()) is reviews
    assert client.get("/desk/intake/").status_code == (302 if reviews else 403)
    assert client.post("/desk/intake/pixplus/", CALL).status_code == 404


def test_a_letter_on_paper_is_checked_by_a_second_person_and_answered_on_paper(
    world: World, dana: Actor, devi: Actor, sign_in: SignIn
) -> None:
    letter = CALL | {"channel": "letter", "right": "complaint", "email": "", "postal": "Sam Ortiz, 1 Main St"}
    sign_in("dana").post("/desk/intake/joypix/", letter | {"account": "jp000001"})
    url = f"/desk/requests/{one().reference}/"
    page = sign_in("dana").get(url).content.decode()
    assert "A second person has to check who asks: you entered this request." in page
    assert sign_in("dana").post(f"{url}vouch/", {"note": "Signature"}).status_code == 403
    assert sign_in("devi").post(f"{url}vouch/", {"note": "Called back under the number on file"}).status_code == 302
    assert one().state == State.VERIFIED
    assert {notice.post for notice in one().notices.all()} <= {Post.PAPER}


def test_the_matrix_names_who_grants_each_right_where(world: World, browser: Browser) -> None:
    page = browser(Role.AUDITOR, "pixplus").get("/desk/rights/").content.decode()
    assert "China (mainland)" in page
    assert "PIPL Art. 45" in page
    assert "GDPR Art. 20; the policy does not list it" in page
    assert "JoyPix" not in page


@pytest.fixture
def guarded(world: World) -> SubjectRequest:
    """Greta proved her mailbox; staff have not looked yet."""
    subject_request = asked_by(world, Asker.GUARDIAN)
    world.prove(subject_request)
    return subject_request


def test_a_document_is_opened_as_a_file_that_no_browser_runs(guarded: SubjectRequest, browser: Browser) -> None:
    client = browser(Role.AGENT)
    url = f"/desk/requests/{guarded.reference}/documents/{guarded.evidence.get().pk}/"
    answer = client.post(url)
    assert answer.content == PDF
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert "no-store" in answer.headers["Cache-Control"]
    assert Event.objects.filter(tag="evidence:viewed").count() == 1
    assert client.get(url).headers["Location"] == f"/desk/requests/{guarded.reference}/"


def test_who_sees_no_personal_data_opens_no_document(guarded: SubjectRequest, browser: Browser) -> None:
    client = browser(Role.ENGINEER)
    answer = client.post(f"/desk/requests/{guarded.reference}/documents/{guarded.evidence.get().pk}/")
    assert answer.status_code == 403
    page = client.get(f"/desk/requests/{guarded.reference}/").content.decode()
    assert "Greta" not in page
    assert not Event.objects.filter(tag="evidence:viewed").exists()


def test_staff_check_a_guardian_and_a_second_person_accepts(guarded: SubjectRequest, browser: Browser) -> None:
    client = browser(Role.AGENT)
    url = f"/desk/requests/{guarded.reference}/"
    assert "Check first whether this guardian may ask" in client.get(url).content.decode()
    assert client.post(f"{url}accept/").status_code == 403
    assert client.post(f"{url}check/", {"note": "Birth certificate seen"}).status_code == 302
    assert "A second person has to accept: you checked this guardian." in client.get(url).content.decode()
    assert client.post(f"{url}accept/").status_code == 403
    assert browser(Role.PRIVACY_OFFICER).post(f"{url}accept/").status_code == 302
    page = client.get(url).content.decode()
    assert "Birth certificate seen" in page
    assert "destroyed on" in page


def test_a_second_request_is_merged_on_the_desk(world: World, browser: Browser) -> None:
    first, second = world.file(Right.ACCESS), None
    world.prove(first)
    world.later(hours=1)
    second = world.file(Right.ACCESS)
    world.prove(second)
    client = browser(Role.AGENT)
    url = f"/desk/requests/{second.reference}/"
    assert "Seems to repeat" in client.get(url).content.decode()
    assert client.post(f"{url}merge/", {"into": first.reference}).status_code == 302
    page = client.get(url).content.decode()
    assert "Answered with" in page
    assert f"This request is answered with {first.reference}" in page
    assert "Answers as well" in client.get(f"/desk/requests/{first.reference}/").content.decode()


def test_a_part_is_refused_on_the_desk(to_review: SubjectRequest, browser: Browser) -> None:
    client = browser(Role.AGENT)
    url = f"/desk/requests/{to_review.reference}/"
    given = {"part": "app-database.orders", "ground": "rights_of_others", "words": "They name the friend who paid."}
    assert "legal_claims" not in client.get(f"{url}refuse-part/").content.decode()
    assert client.post(f"{url}refuse-part/", given).status_code == 302
    page = client.get(url).content.decode()
    assert "They name the friend who paid." in page
    assert to_review.part_refusals.get().ground == Ground.RIGHTS_OF_OTHERS


def test_an_approver_refuses_as_excessive_what_an_agent_has_taken(
    to_review: SubjectRequest, browser: Browser, world: World, dana: Actor
) -> None:
    eli = browser(Role.APPROVER)
    url = f"/desk/requests/{to_review.reference}/"
    given = {"ground": "excessive", "evidence": "Forty requests in one week."}
    assert eli.post(f"{url}refuse-as-excessive/", given).status_code == 403
    review.take(to_review, by=dana, at=world.at)
    assert 'value="excessive"' not in browser(Role.AGENT).get(f"{url}refuse/").content.decode()
    assert eli.post(f"{url}refuse-as-excessive/", given).status_code == 302
    to_review.refresh_from_db()
    assert to_review.ground == Ground.EXCESSIVE


def test_requests_are_linked_by_reference(to_review: SubjectRequest, browser: Browser, world: World) -> None:
    other = world.file(Right.ERASURE)
    elsewhere = world.file(Right.ACCESS, "pixplus")
    client = browser(Role.AGENT)
    url = f"/desk/requests/{to_review.reference}/link/"
    assert client.post(url, {"reference": elsewhere.reference}).status_code == 409
    assert client.post(url, {"reference": other.reference.lower()}).status_code == 302
    assert Link.objects.get().to == other


def test_what_came_by_letter_shows_its_address_to_nobody_without_the_duty(
    world: World, dana: Actor, browser: Browser
) -> None:
    account = ((IdentityKind.ACCOUNT, "jp000001"),)
    entered = intake.Intake("joypix", Right.COMPLAINT, account, channel=Channel.LETTER, postal="Sam Ortiz, Main St")
    subject_request = intake.receive(entered, by=dana, at=NOW)
    url = f"/desk/requests/{subject_request.reference}/"
    assert "Main St" in browser(Role.AGENT).get(url).content.decode()
    assert "Main St" not in browser(Role.ENGINEER).get(url).content.decode()

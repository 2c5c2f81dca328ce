"""The queue: saved views, counts, due dates, search."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.test import Client

from accounts import staff
from accounts.models import Role
from dsr.datamap.schema import IdentityKind
from dsr.desk.timeline import sentence
from dsr.law.actors import SUBJECT, Actor
from dsr.law.rights import Right
from dsr.law.work import ItemState
from dsr.models import Event, PlanItem, Setback, SubjectRequest
from dsr.steps.asking import intake
from dsr.steps.deciding import review
from tests.conftest import NOW, SAM, World

Browser = Callable[..., Client]
SignIn = Callable[[str], Client]


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def queue(client: Client, asked: str = "") -> str:
    answer = client.get(f"/desk/{asked}")
    assert answer.status_code == 200
    return str(answer.content.decode())


def counts(page: str) -> dict[str, int]:
    return {
        title: int(count) for title, count in re.findall(r">([^<>]+) <span class=\"desk-count\">(\d+)</span>", page)
    }


def test_each_view_counts_and_holds_its_requests(
    world: World, browser: Browser, to_review: SubjectRequest, to_answer: SubjectRequest
) -> None:
    unproven = world.file(Right.ACCESS, email="zoe@example.com")
    client = browser(Role.AGENT)
    found = counts(queue(client))
    assert (found["Open"], found["To review"], found["To answer"], found["Unassigned"]) == (3, 1, 1, 2)
    page = queue(client, "?view=review")
    assert to_review.reference in page
    assert unproven.reference not in page


def test_mine_is_what_i_took(world: World, sign_in: SignIn, dana: Actor, to_review: SubjectRequest) -> None:
    review.take(to_review, by=dana, at=world.at)
    page = queue(sign_in("dana"), "?view=mine")
    assert to_review.reference in page
    assert counts(page)["Mine"] == 1


def test_a_failed_item_brings_its_request_into_view(
    world: World, browser: Browser, to_review: SubjectRequest, dana: Actor
) -> None:
    client = browser(Role.ENGINEER)
    assert counts(queue(client))["Failed items"] == 0
    review.accept(to_review, by=dana, at=world.at)
    PlanItem.objects.filter(subject_request=to_review).update(state=ItemState.QUARANTINED)
    page = queue(client, "?view=failed")
    assert counts(page)["Failed items"] == 1
    assert to_review.reference in page


def test_a_move_that_goes_wrong_brings_its_request_into_view_and_its_page_says_so(
    world: World, browser: Browser, to_review: SubjectRequest
) -> None:
    client = browser(Role.ENGINEER)
    tried_again = world.at + timedelta(hours=1)
    Setback.objects.create(
        subject_request=to_review, state=to_review.state, tries=3, not_before=tried_again, note="KeyError"
    )
    page = queue(client, "?view=failed")
    assert (counts(page)["Failed items"], to_review.reference in page) == (1, True)
    shown = client.get(f"/desk/requests/{to_review.reference}/").content.decode()
    assert "went wrong (KeyError), 3 times" in shown
    Setback.objects.update(state="received")  # it has moved on since
    assert counts(queue(client))["Failed items"] == 0


def test_a_move_whose_first_try_has_just_begun_is_not_shown_as_gone_wrong(
    world: World, browser: Browser, to_review: SubjectRequest
) -> None:
    client = browser(Role.ENGINEER)
    Setback.objects.create(subject_request=to_review, state=to_review.state, not_before=world.at)
    assert counts(queue(client, "?view=failed"))["Failed items"] == 0
    assert "went wrong" not in client.get(f"/desk/requests/{to_review.reference}/").content.decode()


def test_an_erasure_to_approve_is_in_its_view(browser: Browser, to_approve: SubjectRequest) -> None:
    assert to_approve.reference in queue(browser(Role.APPROVER), "?view=approve")


@pytest.mark.parametrize(
    ("today", "words", "view"),
    [
        (datetime(2026, 11, 3, 15, tzinfo=UTC), "15 business days left", "open"),
        (datetime(2026, 11, 20, 15, tzinfo=UTC), "3 business days left", "soon"),
        (datetime(2026, 11, 25, 15, tzinfo=UTC), "Due today", "soon"),
        (datetime(2026, 11, 27, 15, tzinfo=UTC), "Overdue by 1 business day", "overdue"),
    ],
)
def test_the_chip_counts_business_days(
    browser: Browser,
    to_review: SubjectRequest,
    clock: time_machine.Traveller,
    today: datetime,
    words: str,
    view: str,
) -> None:
    # JoyPix counts by the holidays of the United States: 11 and 26 November are none of its days.
    assert to_review.due_on == date(2026, 11, 25)
    clock.move_to(today)
    client = browser(Role.AGENT)
    page = queue(client, f"?view={view}")
    assert to_review.reference in page
    assert words in page


def test_an_answer_that_lies_ready_is_never_overdue(
    browser: Browser, answered: Callable[..., SubjectRequest], clock: time_machine.Traveller
) -> None:
    subject_request = answered(Right.ACCESS)
    clock.move_to(datetime(2026, 12, 20, 15, tzinfo=UTC))
    client = browser(Role.AGENT)
    assert counts(queue(client))["Overdue"] == 0
    page = queue(client, "?view=open")
    assert subject_request.reference in page
    assert "Answered in time" in page


def test_staff_see_the_requests_of_their_controllers_only(world: World, browser: Browser) -> None:
    mine = world.file(Right.ACCESS, "pixplus")
    other = world.file(Right.ACCESS, "joypix")
    page = queue(browser(Role.PRIVACY_OFFICER, "pixplus"), "?view=all")
    assert mine.reference in page
    assert other.reference not in page
    assert counts(page)["All"] == 1
    assert "JoyPix" not in page


def test_a_role_at_a_controller_that_is_not_served_shows_nothing(world: World, browser: Browser) -> None:
    world.file(Right.ACCESS)
    assert counts(queue(browser(Role.PRIVACY_OFFICER, "elsewhere")))["All"] == 0


def test_filters_stand_in_the_url(world: World, sign_in: SignIn, dana: Actor) -> None:
    access, erasure = world.file(Right.ACCESS), world.file(Right.ERASURE, "pixplus")
    page = queue(sign_in("dana"), "?controller=pixplus&right=erasure")
    assert erasure.reference in page
    assert access.reference not in page
    assert "controller=pixplus&amp;right=erasure" in page


@pytest.mark.parametrize("asked", ["?view=nonsense", "?page=99", "?page=x", "?controller='", "?right=%00", "?person=x"])
def test_an_address_that_makes_no_sense_is_answered_calmly(browser: Browser, world: World, asked: str) -> None:
    assert "Requests" in queue(browser(Role.AGENT), asked)


def test_a_reference_is_found_however_it_is_typed(browser: Browser, to_review: SubjectRequest) -> None:
    typed = to_review.reference.replace("-", " ").lower()
    answer = browser(Role.AGENT).post("/desk/find/", {"sought": typed})
    assert answer.headers["Location"] == f"/desk/requests/{to_review.reference}/"


def test_an_address_finds_its_requests_and_never_enters_a_url(
    browser: Browser, world: World, to_review: SubjectRequest
) -> None:
    other = world.file(Right.ACCESS, email="zoe@example.com")
    client = browser(Role.AGENT)
    answer = client.post("/desk/find/", {"sought": SAM})
    assert "sam@" not in answer.headers["Location"]
    assert "example" not in answer.headers["Location"]
    assert "%40" not in answer.headers["Location"]
    page = queue(client, answer.headers["Location"].removeprefix("/desk/"))
    assert to_review.reference in page
    assert other.reference not in page


def test_a_telephone_number_finds_its_requests_and_never_enters_a_url(
    browser: Browser, world: World, to_review: SubjectRequest
) -> None:
    number = "+49 (30) 901-820"
    known = ((IdentityKind.EMAIL, "zoe@example.com"), (IdentityKind.PHONE, number))
    called = intake.receive(intake.Intake("joypix", Right.ACCESS, known), by=SUBJECT, at=world.at)
    client = browser(Role.AGENT)
    answer = client.post("/desk/find/", {"sought": number})
    assert "90182" not in re.sub(r"\D", "", answer.headers["Location"])
    page = queue(client, answer.headers["Location"].removeprefix("/desk/"))
    assert called.reference in page
    assert to_review.reference not in page
    event = Event.objects.get(tag="desk:searched")
    assert event.details == {"kind": "phone"}
    assert event.secret.values() == {"sought": number}
    assert sentence(event, None) == "Searched for somebody by telephone number"


@pytest.mark.parametrize("role", [Role.ENGINEER, Role.AGENT])
def test_who_may_not_see_personal_data_cannot_ask_who_asked(
    browser: Browser, to_review: SubjectRequest, role: Role
) -> None:
    client = browser(role)
    location = client.post("/desk/find/", {"sought": SAM}).headers["Location"]
    found = to_review.reference in queue(client, location.removeprefix("/desk/"))
    assert found == (role is Role.AGENT)


def test_what_is_not_found_is_said_without_repeating_it(browser: Browser, world: World) -> None:
    answer = browser(Role.AGENT).post("/desk/find/", {"sought": "<b>nobody"}, follow=True)
    page = answer.content.decode()
    assert "it is no e-mail address or telephone number" in page
    assert "nobody" not in page


def test_a_long_queue_comes_in_pages(world: World, sign_in: SignIn, db: None) -> None:
    staff.add("dana", "Dana", [("joypix", Role.AGENT)])
    world.file(Right.ACCESS)
    first = SubjectRequest.objects.get()
    for number in range(60):
        SubjectRequest.objects.create(
            reference=f"TST-{number:03d}-AAA",
            controller="joypix",
            right=first.right,
            received_at=first.received_at,
            due_on=first.due_on,
            calendar=first.calendar,
            policy_version="2.0",
        )
    page = queue(sign_in("dana"), "?view=open&page=2")
    assert "Page 2 of 2" in page
    assert page.count('scope="row"') == 11


def test_a_report_stands_before_requests_that_are_due_earlier(world: World, sign_in: SignIn, dana: Actor) -> None:
    access = world.file(Right.ACCESS)
    world.later(days=2)
    report = world.file(Right.COMPROMISED_ACCOUNT, details="Somebody got into my account.")
    page = queue(sign_in("dana"))
    assert page.index(report.reference) < page.index(access.reference)

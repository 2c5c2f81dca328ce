"""The clock on the desk: every date with its law, and what staff can do about it."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from accounts import staff
from accounts.models import Role, Staff
from dsr.desk.due import chip
from dsr.law.actors import SUBJECT, Actor
from dsr.law.clocks import ExtensionReason, Pause
from dsr.law.rights import Right
from dsr.models import ClockPause, Deadline, Extension, SubjectRequest
from dsr.steps.counting import extension, misses, pauses
from dsr.steps.deciding import review
from tests.conftest import NOW, SAM, World
from tests.steps import timing

Browser = Callable[..., Client]


@pytest.fixture(autouse=True)
def traveller() -> Iterator[time_machine.Traveller]:
    """Pages read the clock themselves; here it stands still until a test turns it."""
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def to_clock(world: World) -> SubjectRequest:
    """Sam lives in the European Union, has proven the mailbox and waits."""
    return timing.reviewed(world, "eea")


@pytest.fixture
def agent(browser: Browser, world: World) -> Client:
    """An agent's browser."""
    return browser(Role.AGENT)


def page(client: Client, subject_request: SubjectRequest) -> str:
    return client.get(f"/desk/requests/{subject_request.reference}/").content.decode()


def act(client: Client, subject_request: SubjectRequest, name: str, **filled: object) -> int:
    return client.post(f"/desk/requests/{subject_request.reference}/clock/{name}/", filled).status_code


def form(client: Client, subject_request: SubjectRequest, name: str) -> str:
    return client.get(f"/desk/requests/{subject_request.reference}/clock/{name}/").content.decode()


def test_the_card_shows_each_date_with_its_law_and_citation(
    agent: Client, to_clock: SubjectRequest, world: World
) -> None:
    shown = page(agent, to_clock)
    for words in ("The promise", "15 business days", "Wed 25 Nov 2026", "GDPR", "Art. 12(3)", "Thu 3 Dec 2026"):
        assert words in shown


def test_an_agent_asks_the_person_and_the_page_says_what_stands_still(
    agent: Client, to_clock: SubjectRequest, world: World
) -> None:
    assert "stands still: The promise, GDPR" in form(agent, to_clock, "ask")
    assert act(agent, to_clock, "ask", reason=Pause.INFORMATION_REQUIRED, question="Which account?") == 302
    shown = page(agent, to_clock)
    assert "Stands still" in shown
    assert "Which account?" in shown
    assert "Question that is open, until 17 Nov 2026" in shown


def test_where_no_clock_stops_the_form_says_so(agent: Client, world: World) -> None:
    subject_request = timing.reviewed(world, "california")
    assert "every date runs on" in form(agent, subject_request, "ask")


def test_an_agent_takes_a_question_back(agent: Client, to_clock: SubjectRequest, world: World, dana: Actor) -> None:
    pauses.ask(to_clock, reason=Pause.INFORMATION_REQUIRED, question="Which?", by=dana, at=world.at)
    assert act(agent, to_clock, "end-question") == 302
    assert ClockPause.objects.get().ended_at == world.at
    assert act(agent, to_clock, "end-question") == 409


def test_an_agent_takes_more_time_once(agent: Client, to_clock: SubjectRequest, world: World) -> None:
    filled = {"reason": "complexity", "words": "Eleven years of data."}
    assert act(agent, to_clock, "extend", **filled) == 302
    assert act(agent, to_clock, "extend", **filled) == 409
    assert Extension.objects.count() == 1
    shown = page(agent, to_clock)
    assert "Eleven years of data." in shown
    assert "More time was taken" in shown
    assert "/clock/extend/" not in shown


def test_an_agent_moves_the_receipt_back_and_not_forward(agent: Client, to_clock: SubjectRequest, world: World) -> None:
    assert act(agent, to_clock, "backdate", received_on="2026-10-29", why="Found it.") == 302
    assert timing.dates(to_clock)["gdpr answer"] == "2026-11-30"
    assert act(agent, to_clock, "backdate", received_on="2026-11-30", why="No.") == 409


def test_an_agent_hands_a_request_over(agent: Client, to_clock: SubjectRequest, world: World) -> None:
    staff.add("max", "Max Weber", [("joypix", Role.AGENT)])
    to = Staff.objects.get(username="max")
    assert act(agent, to_clock, "assign", to=to.pk) == 302
    assert SubjectRequest.objects.get().owner == to


def test_only_colleagues_of_this_controller_can_be_chosen(
    agent: Client, to_clock: SubjectRequest, world: World
) -> None:
    staff.add("otto", "Otto", [("pixplus", Role.AGENT)])
    assert act(agent, to_clock, "assign", to=Staff.objects.get(username="otto").pk) == 200
    assert SubjectRequest.objects.get().owner is None


@pytest.mark.parametrize("name", ["ask", "extend", "backdate", "assign", "end-question"])
def test_mallory_as_an_auditor_touches_no_clock(
    browser: Browser, to_clock: SubjectRequest, world: World, name: str
) -> None:
    before = timing.dates(to_clock)
    assert act(browser(Role.AUDITOR), to_clock, name, reason="complexity", words="x", question="x") == 403
    assert timing.dates(to_clock) == before


def test_an_act_that_does_not_exist_is_a_page_that_does_not(
    agent: Client, to_clock: SubjectRequest, world: World
) -> None:
    assert act(agent, to_clock, "stop-everything") == 404


def test_an_engineer_sees_the_dates_and_not_the_words(
    browser: Browser, to_clock: SubjectRequest, world: World, dana: Actor
) -> None:
    pauses.ask(to_clock, reason=Pause.INFORMATION_REQUIRED, question="Are you Sam Ortiz?", by=dana, at=world.at)
    shown = page(browser(Role.ENGINEER), to_clock)
    assert "Thu 3 Dec 2026" in shown
    assert "Ortiz" not in shown
    assert SAM not in shown


def test_the_queue_says_what_stands_still_and_what_is_late(
    browser: Browser, to_clock: SubjectRequest, world: World, dana: Actor, traveller: time_machine.Traveller
) -> None:
    late = timing.reviewed(world, "elsewhere")
    pauses.ask(to_clock, reason=Pause.INFORMATION_REQUIRED, question="Which?", by=dana, at=world.at)
    world.later(days=25)
    timing.turn(world.at)
    traveller.move_to(world.at)
    agent = browser(Role.AGENT)
    shown = agent.get("/desk/?view=all").content.decode()
    assert "Overdue by" in shown
    assert "Stands still: we wait for the person" in shown
    assert "Missed" in page(agent, late)


def test_a_date_that_was_missed_is_shown_beside_the_one_it_moved_to(
    browser: Browser, world: World, dana: Actor, traveller: time_machine.Traveller
) -> None:
    subject_request = timing.reviewed(world, "eea")
    world.later(days=24)
    extension.extend(subject_request, reason=ExtensionReason.COMPLEXITY, words="Much.", by=dana, at=world.at)
    traveller.move_to(world.at)
    agent = browser(Role.AGENT)
    shown = page(agent, subject_request)
    assert "missed: Wed 25 Nov 2026" in shown
    assert "Thu 17 Dec 2026" in shown
    assert "; a date was missed" in agent.get("/desk/?view=all").content.decode()


def test_a_miss_is_shown_after_a_late_answer_too(agent: Client, world: World, dana: Actor) -> None:
    subject_request = timing.reviewed(world, "elsewhere", Right.COMPLAINT)
    review.accept(subject_request, by=dana, at=world.at)
    review.answer(subject_request, text="At last.", by=dana, at=world.later(days=30))
    shown = page(agent, subject_request)
    assert "Missed; done later" in shown
    assert "Answered late" in shown
    assert "A date was missed: The promise" in shown


def test_a_request_without_dates_is_shown_all_the_same(agent: Client, to_clock: SubjectRequest, world: World) -> None:
    Deadline.objects.all().delete()
    assert "counted within the day" in page(agent, to_clock)


def test_the_answer_of_the_person_is_read_on_the_desk(
    agent: Client, to_clock: SubjectRequest, world: World, dana: Actor
) -> None:
    pauses.ask(to_clock, reason=Pause.INFORMATION_REQUIRED, question="Which?", by=dana, at=world.at)
    pauses.answer(to_clock, "The one of 2019.", by=SUBJECT, at=world.at + timedelta(hours=1))
    assert "The one of 2019." in page(agent, to_clock)


@pytest.mark.parametrize(("duty", "words"), [("confirm", "Answered in time"), ("answer", "Answered late")])
def test_only_a_missed_date_for_the_answer_makes_an_answer_late(world: World, duty: str, words: str) -> None:
    to_clock = timing.reviewed(world, "california")
    deadline = timing.deadline(to_clock, "ccpa", duty)
    misses.note(deadline, missed_on=deadline.due_on, at=world.at)
    SubjectRequest.objects.filter(pk=to_clock.pk).update(answered_at=world.at)
    to_clock.refresh_from_db()
    shown = chip(to_clock, world.at)
    assert shown is not None
    assert shown.words == words

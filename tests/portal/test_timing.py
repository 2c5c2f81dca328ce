"""What Sam reads of time: two dates, questions, more time, and an honest word when we are late."""

from collections.abc import Callable

import pytest
from django.test import Client

from dsr.law.actors import Actor
from dsr.law.clocks import ExtensionReason, Pause
from dsr.law.rights import Right
from dsr.models import ClockPause, Deadline, SubjectRequest
from dsr.steps.counting import extension, pauses
from dsr.steps.deciding import review
from tests.conftest import World
from tests.portal.conftest import page_of
from tests.steps import timing

Prove = Callable[[SubjectRequest], None]


@pytest.fixture
def own(world: World, sam: Client, prove: Prove) -> SubjectRequest:
    """Sam lives in the European Union and has proven the address in this browser."""
    subject_request = timing.filed(world, "eea")
    prove(subject_request)
    return subject_request


def read(client: Client, subject_request: SubjectRequest) -> str:
    return client.get(page_of(subject_request)).content.decode()


def ask(subject_request: SubjectRequest, world: World, by: Actor) -> None:
    words = "Which <b>account</b> do you mean?"
    pauses.ask(subject_request, reason=Pause.INFORMATION_REQUIRED, question=words, by=by, at=world.at)


def test_sam_reads_what_we_promised_and_what_the_law_says(own: SubjectRequest, sam: Client) -> None:
    shown = read(sam, own)
    assert "We promised it by Wednesday 25 November 2026" in shown
    assert "The law (GDPR) gives us until Thursday 3 December 2026" in shown


def test_sam_reads_the_question_and_answers_it(own: SubjectRequest, sam: Client, world: World, dana: Actor) -> None:
    ask(own, world, dana)
    shown = read(sam, own)
    assert "Which &lt;b&gt;account&lt;/b&gt; do you mean?" in shown
    assert "until Tuesday 17 November 2026" in shown
    response = sam.post(page_of(own, "answer/"), {"answer": "The one of 2019."})
    assert response["Location"] == page_of(own)
    assert ClockPause.objects.get().answer() == "The one of 2019."
    assert "We have a question for you" not in read(sam, own)


@pytest.mark.parametrize("words", ["", "   ", "x" * 5001])
def test_an_answer_without_words_is_asked_for_again(
    own: SubjectRequest, sam: Client, world: World, dana: Actor, words: str
) -> None:
    ask(own, world, dana)
    response = sam.post(page_of(own, "answer/"), {"answer": words})
    assert response.status_code == 200
    assert "There is a problem" in response.content.decode()
    assert ClockPause.objects.get().ended_at is None


def test_mallory_reads_no_question_and_answers_none(
    own: SubjectRequest, mallory: Client, world: World, dana: Actor
) -> None:
    ask(own, world, dana)
    assert mallory.get(page_of(own, "answer/")).status_code == 404
    assert mallory.post(page_of(own, "answer/"), {"answer": "Yes."}).status_code == 404
    assert ClockPause.objects.get().ended_at is None


def test_an_answer_that_comes_after_the_question_is_over_changes_nothing(
    own: SubjectRequest, sam: Client, world: World, dana: Actor
) -> None:
    ask(own, world, dana)
    pauses.end(own, by=dana, at=world.at)
    response = sam.post(page_of(own, "answer/"), {"answer": "Too late."})
    assert response["Location"] == page_of(own)
    assert ClockPause.objects.get().answer() == ""


def test_where_the_days_of_waiting_count_the_page_says_so(world: World, sam: Client, prove: Prove, dana: Actor) -> None:
    subject_request = timing.filed(world, "california")
    prove(subject_request)
    ask(subject_request, world, dana)
    assert "the days of waiting count" in read(sam, subject_request)


def test_a_date_that_a_question_moved_shows_the_unmoved_one_too(
    own: SubjectRequest, sam: Client, world: World, dana: Actor
) -> None:
    ask(own, world, dana)
    timing.turn(world.later(days=3))
    shown = read(sam, own)
    assert "gives us until Monday 7 December 2026" in shown
    assert "without a break it would be 3 December 2026" in shown


def test_sam_reads_why_it_takes_longer(own: SubjectRequest, sam: Client, world: World, dana: Actor) -> None:
    words = "You ask for eleven years of data."
    extension.extend(own, reason=ExtensionReason.COMPLEXITY, words=words, by=dana, at=world.at)
    shown = read(sam, own)
    assert "We took more time, once." in shown
    assert words in shown
    assert "until Wednesday 3 February 2027" in shown


def test_a_missed_promise_is_said_with_an_apology_and_the_ways_to_complain(
    own: SubjectRequest, sam: Client, world: World
) -> None:
    timing.turn(world.later(days=23))
    shown = read(sam, own)
    assert "We are late, and we are sorry" in shown
    assert "We had promised our answer by Wednesday 25 November 2026" in shown
    assert "edpb.europa.eu" in shown
    assert "GDPR Art. 79" in shown


def test_a_missed_promise_keeps_its_own_date_on_the_page_when_more_time_is_taken(
    own: SubjectRequest, sam: Client, world: World, dana: Actor
) -> None:
    timing.turn(world.later(days=24))
    extension.extend(own, reason=ExtensionReason.COMPLEXITY, words="It is much.", by=dana, at=world.at)
    shown = read(sam, own)
    assert "We had promised our answer by Wednesday 25 November 2026" in shown
    assert "We took more time: now by Thursday 17 December 2026" in shown


def test_a_miss_stays_on_the_page_after_the_answer(world: World, sam: Client, prove: Prove, dana: Actor) -> None:
    subject_request = timing.filed(world, "eea", Right.COMPLAINT)
    prove(subject_request)
    subject_request.refresh_from_db()
    review.accept(subject_request, by=dana, at=world.at)
    review.answer(subject_request, text="At last.", by=dana, at=world.later(days=60))
    assert "Your answer came too late. This stays written here." in read(sam, subject_request)


def test_a_page_without_dates_still_says_when_we_answer(own: SubjectRequest, sam: Client) -> None:
    Deadline.objects.all().delete()
    assert "We answer by <strong>Wednesday 25 November 2026</strong>" in read(sam, own)

"""Who has no mailbox reads a question on paper, and answers it by letter or telephone; a package made asks nothing."""

from datetime import date, timedelta
from typing import Any

import pytest

from dsr.law.actors import Actor
from dsr.law.clocks import ExtensionReason, Pause
from dsr.law.deadlines import local_day
from dsr.law.work import Channel, Letter
from dsr.models import ClockPause, Event, SubjectRequest
from dsr.steps import maps
from dsr.steps.counting import extension, pauses
from dsr.steps.counting.pauses import Reply
from dsr.steps.move import Conflict
from dsr.steps.permissions import Forbidden
from dsr.steps.post import notices
from tests.conftest import World
from tests.steps import timing
from tests.steps.by_letter import accepted, laid_out, packaged

WHICH = "Which of your two accounts do you mean?"
MINE = "The older one, please."


@pytest.fixture
def on_paper(world: World, dana: Actor, devi: Actor) -> SubjectRequest:
    """Sam wrote a letter, and is asked something."""
    subject_request = accepted(world, dana, devi)
    pauses.ask(subject_request, reason=Pause.INFORMATION_REQUIRED, question=WHICH, by=dana, at=world.at)
    return subject_request


def today(world: World) -> date:
    return local_day(world.at, maps.calendar("joypix"))


def test_a_question_on_paper_is_written_in_the_letter_and_asks_for_no_page(on_paper: SubjectRequest) -> None:
    letter = notices.on_paper(on_paper.notices.get(letter=Letter.QUESTION))
    assert WHICH in letter.text
    assert WHICH in letter.html
    assert "Write your answer in a letter to us" in letter.text
    assert "/requests/" not in letter.text + letter.html


def test_a_question_by_mail_stays_on_the_page(world: World, dana: Actor) -> None:
    subject_request = timing.reviewed(world, "eea")
    pauses.ask(subject_request, reason=Pause.INFORMATION_REQUIRED, question=WHICH, by=dana, at=world.at)
    assert WHICH not in world.letters()[-1]


@pytest.mark.parametrize(
    ("letter", "facts"),
    [
        (Letter.ACCEPTED, {}),
        (Letter.HELD, {"frozen": False, "review_on": date(2026, 12, 1)}),
        (Letter.HELD, {"frozen": True, "review_on": date(2026, 12, 1)}),
        (Letter.RELEASED, {}),
        (Letter.LATE, {}),
        (Letter.EXTENDED, {"reason": "complexity", "words": "Much to read.", "extended_to": date(2026, 12, 9)}),
        (Letter.QUESTION_OVER, {}),
    ],
)
def test_no_letter_on_paper_names_a_page_that_its_reader_cannot_open(
    on_paper: SubjectRequest, world: World, letter: Letter, facts: dict[str, Any]
) -> None:
    notice = notices.queue(on_paper, letter, at=world.at, **facts)
    assert notice is not None
    written = notices.on_paper(notice)
    assert "/requests/" not in written.text + written.html
    assert "write to us or call us, and name your reference" in written.text
    assert "write to us or call us, and name your reference" in written.html


def test_a_reply_by_letter_ends_the_pause_as_of_the_day_it_came(
    on_paper: SubjectRequest, world: World, dana: Actor
) -> None:
    came_on = today(world) + timedelta(days=1)
    world.later(days=4)
    pauses.enter_reply(on_paper, Reply(MINE, came_on, Channel.LETTER), by=dana, at=world.at)
    pause, event = ClockPause.objects.get(), Event.objects.get(tag="question:reply-entered")
    spans = {row.paused for row in on_paper.deadlines.exclude(paused="")}
    assert pause.answer() == MINE
    assert (pause.ended_at, pause.ended_by) == (world.at, str(dana))
    assert spans == {f"{came_on - timedelta(days=1)}/{came_on}"}
    assert event.details == {"channel": "letter", "received_on": came_on.isoformat()}


def test_a_reply_is_not_of_tomorrow_nor_from_before_the_question(
    on_paper: SubjectRequest, world: World, dana: Actor
) -> None:
    for day, says in ((today(world) + timedelta(days=1), "future"), (today(world) - timedelta(days=1), "not asked")):
        with pytest.raises(Conflict, match=says):
            pauses.enter_reply(on_paper, Reply(MINE, day, Channel.LETTER), by=dana, at=world.at)
    assert pauses.open_question(on_paper) is not None


def test_staff_answer_for_nobody_who_has_a_mailbox(world: World, dana: Actor, ada: Actor) -> None:
    subject_request = timing.reviewed(world, "eea")
    pauses.ask(subject_request, reason=Pause.INFORMATION_REQUIRED, question=WHICH, by=dana, at=world.at)
    reply = Reply(MINE, today(world), Channel.TELEPHONE)
    with pytest.raises(Conflict, match="has a mailbox"):
        pauses.enter_reply(subject_request, reply, by=dana, at=world.at)
    with pytest.raises(Forbidden):
        pauses.enter_reply(subject_request, reply, by=ada, at=world.at)


def test_once_the_package_is_made_no_question_and_no_extension_moves_its_dates(
    world: World, dana: Actor, devi: Actor
) -> None:
    ready = packaged(world, dana, devi)
    with pytest.raises(Conflict, match="The package is made"):
        pauses.ask(ready, reason=Pause.INFORMATION_REQUIRED, question=WHICH, by=dana, at=world.at)
    with pytest.raises(Conflict, match="The package is made"):
        extension.extend(ready, reason=ExtensionReason.COMPLEXITY, words="Much.", by=dana, at=world.at)


def test_a_question_that_is_open_when_the_package_is_made_stops_no_clock_any_more(
    on_paper: SubjectRequest, world: World
) -> None:
    assert on_paper.deadlines.exclude(pausing_from=None).exists()
    ready = laid_out(world, on_paper)
    assert pauses.open_question(ready) is None
    assert not ready.deadlines.exclude(pausing_from=None).exists()

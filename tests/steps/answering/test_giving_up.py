"""A package that nobody can be handed does not live for ever, and its end is not called an answer."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest

from dsr.law.actors import Actor
from dsr.law.states import State
from dsr.law.work import Letter, NoticeState
from dsr.models import Deadline, Event, SubjectRequest, sealed
from dsr.steps.answering import giving_up
from dsr.steps.answering.giving_up import Why
from dsr.steps.deciding import holds
from dsr.steps.move import Conflict
from dsr.steps.permissions import Forbidden
from dsr.steps.post import notices
from tests.conftest import World
from tests.steps.by_letter import packaged

Commits = Callable[..., AbstractContextManager[object]]
REASON = "Two registered letters came back"


@pytest.fixture
def ready(world: World, dana: Actor, devi: Actor) -> SubjectRequest:
    """Sam's package waits to be handed over."""
    return packaged(world, dana, devi)


def test_nobody_can_be_handed_it_so_the_package_is_destroyed_and_the_request_closed(
    ready: SubjectRequest, world: World, eli: Actor, django_capture_on_commit_callbacks: Commits
) -> None:
    package = ready.packages.get()
    with django_capture_on_commit_callbacks(execute=True):
        giving_up.give_up(ready, Why.MOVED, reason=REASON, by=eli, at=world.at)
    event = Event.objects.get(tag="package:given-up")
    package.refresh_from_db()
    assert ready.state == State.CANCELLED
    assert (package.wrapped_key, package.remind_at) == ("", None)
    assert not sealed.file_path(package.pk).exists()
    assert (event.details["because"], event.why()) == ("moved-away", REASON)
    assert ready.notices.get(letter=Letter.READY).state == NoticeState.FAILED
    assert not ready.notices.filter(letter=Letter.CANCELLED).exists()


def test_its_dates_do_not_count_as_kept(ready: SubjectRequest, world: World, eli: Actor) -> None:
    world.later(days=60)
    giving_up.give_up(ready, Why.UNKNOWN, reason=REASON, by=eli, at=world.at)
    ready.refresh_from_db()
    assert ready.answered_at is None
    assert not Deadline.objects.filter(subject_request=ready, met_at=None).exists()
    assert Event.objects.filter(tag="deadline:missed").exists()


def test_who_withdrew_gets_a_letter_that_the_answer_is_destroyed(
    ready: SubjectRequest, world: World, eli: Actor
) -> None:
    giving_up.give_up(ready, Why.WITHDREW, reason="By telephone", by=eli, at=world.at)
    text = notices.on_paper(ready.notices.get(letter=Letter.CANCELLED)).text
    assert "The answer that lay ready for you here is destroyed" in text
    assert "stays as it is" not in text


def test_only_a_second_person_gives_up_with_a_reason_and_only_what_waits(
    ready: SubjectRequest, world: World, dana: Actor, devi: Actor, eli: Actor
) -> None:
    for by in (dana, devi):
        with pytest.raises(Forbidden):
            giving_up.give_up(ready, Why.DIED, reason=REASON, by=by, at=world.at)
    with pytest.raises(Conflict, match="Write what you know"):
        giving_up.give_up(ready, Why.DIED, reason=" ", by=eli, at=world.at)
    giving_up.give_up(ready, Why.DIED, reason=REASON, by=eli, at=world.at)
    with pytest.raises(Conflict, match="does not wait"):
        giving_up.give_up(ready, Why.DIED, reason=REASON, by=eli, at=world.at)


def test_what_a_legal_hold_keeps_is_not_destroyed(ready: SubjectRequest, world: World, dana: Actor, eli: Actor) -> None:
    order = holds.Order("A claim", (world.at + timedelta(days=30)).date())
    holds.set_hold(ready, order, by=dana, at=world.at)
    with pytest.raises(Conflict, match="hold"):
        giving_up.give_up(ready, Why.UNKNOWN, reason=REASON, by=eli, at=world.at)
    assert ready.packages.get().wrapped_key

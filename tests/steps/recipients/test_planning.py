"""Each recipient is told in its own way: by its connector, by e-mail, or by hand; of what is gone, and when it is."""

from datetime import date, timedelta
from typing import Any

import pytest

from dsr.law.deadlines import local_day
from dsr.law.rights import Right
from dsr.law.work import ItemState, Kind, Letter, Outcome
from dsr.models import Event, Notice, PlanItem, SubjectRequest, Telling
from dsr.steps import maps
from dsr.steps.move import Conflict
from dsr.steps.recipients import links, telling
from tests.conftest import World

KEPT = {"count": 1, "until": "2027-01-31", "reason": "Effect images."}


@pytest.fixture
def asked(world: World) -> SubjectRequest:
    """Sam asks PixPlus, whose recipient RunningHub has a system of its own."""
    return world.file(Right.ERASURE, "pixplus")


def worked(asked: SubjectRequest, world: World, outcome: Outcome, counts: dict[str, object] | None = None) -> PlanItem:
    """What became of the erasure at RunningHub."""
    place = {"subject_request": asked, "kind": Kind.ERASE, "system": "runninghub", "state": ItemState.DONE}
    return PlanItem.objects.create(
        **place, outcome=outcome, counts=counts or {}, not_before=world.at, created_at=world.at, finished_at=world.at
    )


def planned(asked: SubjectRequest, world: World, recipient: str = "runninghub") -> Telling:
    (row,) = telling.plan(asked, about="erasure", recipients=[recipient], at=world.at)
    return row


def letters(asked: SubjectRequest) -> list[str]:
    return list(Notice.objects.filter(subject_request=asked, letter=Letter.TELL).values_list("to", flat=True))


def test_what_its_connector_did_is_its_answer(asked: SubjectRequest, world: World) -> None:
    worked(asked, world, Outcome.ERASED)
    row = planned(asked, world)
    assert (row.told_by, row.answer, row.told_at, row.answered_at, row.due_on) == (
        *(telling.CONNECTOR, telling.DONE, world.at, world.at, None),
    )
    assert letters(asked) == []
    tags = Event.objects.filter(subject_request=asked, tag__startswith="recipient:").values_list("tag", flat=True)
    assert list(tags) == ["recipient:planned", "recipient:answered"]


def test_where_nothing_was_found_its_answer_is_that_it_holds_nothing(asked: SubjectRequest, world: World) -> None:
    worked(asked, world, Outcome.NOTHING)
    assert planned(asked, world).answer == telling.NOTHING_HELD


def test_whose_connector_failed_is_written_to(asked: SubjectRequest, world: World) -> None:
    worked(asked, world, Outcome.FAILED)
    row = planned(asked, world)
    assert (row.told_by, row.answer, row.told_at) == (telling.EMAIL, "", world.at)
    assert row.due_on == local_day(world.at, maps.calendar("pixplus")) + timedelta(days=30)
    assert letters(asked) == ["recipient:runninghub"]


def test_whose_connector_failed_and_who_has_no_address_is_told_by_hand(asked: SubjectRequest, world: World) -> None:
    worked(asked, world, Outcome.FAILED)
    facts = maps.controller("pixplus").controller.recipients["runninghub"].model_copy(update={"email": ""})
    row = telling._plan(asked, "runninghub", facts, "erasure", world.at)  # noqa: SLF001 — the map names an address
    assert (row.told_by, row.answer, row.told_at) == (telling.HAND, "", None)
    assert row.due_on is not None
    assert letters(asked) == []


def test_whom_no_work_reached_is_written_to(asked: SubjectRequest, world: World) -> None:
    assert planned(asked, world).told_by == telling.EMAIL


def test_of_two_kept_dates_the_later_one_is_told(asked: SubjectRequest, world: World) -> None:
    later = {**KEPT, "until": "2027-02-28"}
    worked(asked, world, Outcome.KEPT, {"tasks": {"kept": [KEPT, later]}, "images": {"kept": [{**KEPT, "until": ""}]}})
    row = planned(asked, world)
    assert (row.answer, row.expires_on) == (telling.CANNOT_DELETE, date(2027, 2, 28))
    assert Event.objects.get(tag="recipient:answered").details["until"] == "2027-02-28"


def test_what_is_kept_without_a_date_names_none(asked: SubjectRequest, world: World) -> None:
    worked(asked, world, Outcome.KEPT, {"tasks": {"kept": [{**KEPT, "until": ""}]}})
    row = planned(asked, world)
    assert (row.answer, row.expires_on) == (telling.CANNOT_DELETE, None)


def test_a_deferred_erasure_is_not_what_became_of_it_now(asked: SubjectRequest, world: World) -> None:
    PlanItem.objects.filter(pk=worked(asked, world, Outcome.ERASED).pk).update(until=date(2029, 1, 1))
    assert planned(asked, world).told_by == telling.EMAIL


def test_recipients_of_rows_that_are_kept_are_not_told_now(world: World) -> None:
    asked = world.file(Right.ERASURE)
    place: dict[str, Any] = {"system": "app-database", "rule": "", "count": 1}
    summary = [
        {**place, "collection": "orders", "until": "2029-01-01"},
        {**place, "collection": "generations", "until": ""},
    ]
    about = maps.controller("joypix")
    now, later = ([each["collection"]] for each in reversed(summary))
    gone = set(telling.touched(about, [("app-database", name) for name in now]))
    kept = set(telling.touched(about, [("app-database", name) for name in later]))
    assert kept - gone, "the map gives orders to somebody who gets nothing else"
    assert {row.recipient for row in telling.erased(asked, summary, at=world.at)} == gone


def test_nobody_is_reminded_on_the_day_itself_but_on_the_day_after(asked: SubjectRequest, world: World) -> None:
    row = planned(asked, world)
    assert row.due_on is not None
    world.later(days=(row.due_on - world.at.date()).days)
    assert local_day(world.at, maps.calendar("pixplus")) == row.due_on
    assert not telling.remind_next(at=world.at)
    assert telling.remind_next(at=world.later(days=1))
    assert Event.objects.filter(tag="recipient:reminded").count() == 1


def test_a_link_opens_until_ninety_days_after_its_answer_was_due(asked: SubjectRequest, world: World) -> None:
    row = planned(asked, world)
    assert row.due_on is not None
    last = row.due_on + timedelta(days=links.DAYS_LATE)
    world.later(days=(last - world.at.date()).days)
    assert not links.over(row, at=world.at)
    assert links.over(row, at=world.later(days=1))


def test_the_link_of_a_request_that_was_reduced_opens_nothing(asked: SubjectRequest, world: World) -> None:
    row = planned(asked, world)
    SubjectRequest.objects.filter(pk=asked.pk).update(reduced_at=world.at)
    assert links.over(Telling.objects.get(pk=row.pk), at=world.at)


def test_who_has_answered_gets_no_link_any_more(asked: SubjectRequest, world: World) -> None:
    row = planned(asked, world)
    assert links.make(str(row.pk))
    telling.acknowledge(row, answer=telling.DONE, at=world.at)
    assert links.make(str(row.pk)) is None


@pytest.mark.parametrize("answer", ["", "perhaps"])
def test_an_answer_that_is_none_is_not_taken(asked: SubjectRequest, world: World, answer: str) -> None:
    with pytest.raises(Conflict):
        telling.acknowledge(planned(asked, world), answer=answer, at=world.at)


def test_a_date_in_the_words_of_an_answer_stays_sealed(asked: SubjectRequest, world: World) -> None:
    row = planned(asked, world)
    telling.acknowledge(row, answer=telling.CANNOT_DELETE, words=" x" * telling.WORDS, at=world.at)
    kept = Telling.objects.get(pk=row.pk)
    assert len(kept.words()) <= telling.WORDS
    assert "x x" not in kept.words_sealed

"""A processor that only reads mail: one letter, a link with ids, an answer that the ledger waits for."""

import re
from datetime import timedelta

import pytest

from dsr.connectors import registry
from dsr.datamap.schema import SystemMap
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import ItemState, Kind, Letter, Outcome
from dsr.models import Notice, PlanItem, SubjectRequest, Telling
from dsr.steps import ledger, maps
from dsr.steps.answering import packaging
from dsr.steps.deciding import approval
from dsr.steps.errands import answering
from dsr.steps.recipients import links, sharing, telling
from tests import staging
from tests.conftest import World, dana_in, eli_in
from tests.steps import scenes
from tests.steps.errands import scene


@staging.scene("people_are_asked")
def erasing(world: World) -> SubjectRequest:
    """An erasure that waits for the processor, and for nothing else but the paper archive."""
    dana = dana_in()
    subject_request = scenes.accepted(world, dana, Right.ERASURE)
    answering.nothing(scene.waiting(world, subject_request), by=dana, at=world.at)
    world.work(State.SEARCHED, subject_request)
    approval.approve(subject_request, digest=subject_request.manifest.digest, by=eli_in(), at=world.at)
    world.later(days=4)
    for _ in range(20):
        scenes.work_on(world, subject_request, Kind.ERASE)
        if scene.item(subject_request, Kind.ERASE, "compute").state == ItemState.WAITING:
            break
    return subject_request


def told(subject_request: SubjectRequest) -> Telling:
    return Telling.objects.get(subject_request=subject_request, recipient="compute-providers")


def worked(world: World, subject_request: SubjectRequest) -> PlanItem:
    """An hour later the ledger has asked again."""
    world.later(hours=1.1)
    scenes.work_on(world, subject_request, Kind.ERASE)
    return scene.item(subject_request, Kind.ERASE, "compute")


def test_what_it_holds_is_what_our_systems_gave_it(erasing: SubjectRequest) -> None:
    found = scene.item(erasing, Kind.FIND, "compute")
    generations = scene.item(erasing, Kind.FIND, "app-database").counts["rows"]["generations"]
    assert found.counts["rows"] == {"jobs": generations}
    assert generations > 0


def test_one_letter_goes_out_with_a_link_and_names_nobody(erasing: SubjectRequest, world: World) -> None:
    world.letters()
    worked(world, erasing)
    (letter,) = [each for each in scenes.outbox() if each.to == ["privacy@compute.example"]]
    assert "/joypix/recipients/" in str(letter.body)
    assert re.search(r"\bsam\b", f"{letter.subject} {letter.body}", re.IGNORECASE) is None
    assert Notice.objects.filter(letter=Letter.TELL, to="recipient:compute-providers").count() == 1


def test_the_page_behind_the_link_shows_pseudonymous_ids_only(erasing: SubjectRequest, world: World) -> None:
    shown = [each for one in sharing.show(told(erasing), at=world.at) for each in one.ids]
    assert shown
    assert not [each for each in shown if "@" in each]


def test_it_is_reminded_before_its_item_is_given_up(erasing: SubjectRequest, world: World) -> None:
    world.later(days=28)
    assert not telling.remind_next(at=world.at)
    world.later(days=4)
    assert telling.remind_next(at=world.at)
    assert Notice.objects.filter(letter=Letter.TELL_AGAIN).count() == 1
    assert worked(world, erasing).state == ItemState.WAITING  # the reminder has its time
    world.later(days=6)
    assert worked(world, erasing).state == ItemState.QUARANTINED


def test_an_answer_that_comes_after_the_item_was_given_up_is_the_end_of_it(
    erasing: SubjectRequest, world: World
) -> None:
    world.later(days=40)
    assert worked(world, erasing).state == ItemState.QUARANTINED
    telling.acknowledge(told(erasing), answer=telling.DONE, at=world.at)
    scenes.work_on(world, erasing, Kind.ERASE)
    assert scene.item(erasing, Kind.ERASE, "compute").outcome == Outcome.ERASED


def test_a_processor_that_gets_more_days_is_waited_for_longer_from_then_on(
    erasing: SubjectRequest, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    processor = maps.controller("joypix").controller.recipients["compute-providers"]
    slower = processor.model_copy(update={"days": 60})
    monkeypatch.setitem(maps.controller("joypix").controller.recipients, "compute-providers", slower)
    world.later(days=40)
    ledger.retry(worked(world, erasing), by=dana_in(), at=world.at)
    assert worked(world, erasing).state == ItemState.WAITING
    world.later(days=65)
    assert worked(world, erasing).state == ItemState.WAITING
    world.later(days=3)
    assert worked(world, erasing).state == ItemState.QUARANTINED


def test_done_counts_as_erased_on_its_word(erasing: SubjectRequest, world: World) -> None:
    telling.acknowledge(told(erasing), answer=telling.DONE, at=world.at)
    scenes.work_on(world, erasing, Kind.ERASE)  # at once: its answer wakes the item
    assert scene.item(erasing, Kind.ERASE, "compute").outcome == Outcome.ERASED
    notes = {one.system: one.note for one in packaging.answer_to(erasing, at=world.at).systems}
    assert notes["compute"] == (
        "Confirmed by letter: Compute and rendering providers answered us; we cannot look there ourselves."
    )


def test_nothing_held_is_a_success(erasing: SubjectRequest, world: World) -> None:
    telling.acknowledge(told(erasing), answer=telling.NOTHING_HELD, at=world.at)
    assert worked(world, erasing).outcome == Outcome.ERASED


def test_what_it_cannot_delete_is_kept_and_over_on_the_day_it_named(erasing: SubjectRequest, world: World) -> None:
    until = world.at.date() + timedelta(days=20)
    telling.acknowledge(told(erasing), answer=telling.CANNOT_DELETE, expires_on=until, at=world.at)
    item = worked(world, erasing)
    assert item.outcome == Outcome.KEPT
    assert item.counts["jobs"]["kept"][0]["until"] == until.isoformat()
    deferred = PlanItem.objects.get(subject_request=erasing, system="compute", until=until)
    world.later(days=22)
    scenes.work_on(world, erasing, Kind.ERASE)
    deferred.refresh_from_db()
    assert deferred.outcome == Outcome.ERASED


def test_it_is_told_once_although_it_is_a_recipient_too(erasing: SubjectRequest, world: World) -> None:
    telling.acknowledge(told(erasing), answer=telling.DONE, at=world.at)
    worked(world, erasing)
    telling.plan(erasing, about="erasure", recipients=["compute-providers"], at=world.at)
    assert Telling.objects.filter(subject_request=erasing, recipient="compute-providers").count() == 1
    assert links.over(told(erasing), at=world.at) is False


def compute() -> SystemMap:
    return maps.controller("joypix").systems["compute"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"found_by": {"email": ("job",)}}, "ids are found by account, device"),
        ({"key": ("job", "job")}, "its whole key"),
    ],
)
def test_a_map_that_would_name_somebody_is_refused(change: dict[str, object], says: str, world: World) -> None:
    jobs = compute().collections["jobs"].model_copy(update=change)
    changed = compute().model_copy(update={"collections": {"jobs": jobs}})
    with pytest.raises(ValueError, match=says):
        registry.build(changed, {})


def test_a_letter_needs_somebody_who_reads_it(world: World) -> None:
    with pytest.raises(ValueError, match="'processor' is missing"):
        registry.build(compute().model_copy(update={"processor": None}), {})

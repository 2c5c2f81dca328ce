"""One item or request that goes wrong stops itself, and nobody else."""

import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

import pytest
from django.db import OperationalError, transaction
from pytest_django import Settings

from dsr.law.actors import Actor
from dsr.law.grounds import Ground
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import ItemState, Kind, Outcome
from dsr.models import Manifest, PlanItem, Setback, SubjectRequest
from dsr.sealing import files
from dsr.steps import ledger, setbacks, walks, work
from dsr.steps.answering import delivery, packaging
from dsr.steps.deciding import approval, review
from dsr.steps.move import Conflict
from tests.conftest import SAM, World
from tests.steps import scenes

BROKEN = "mallory@example.com"


def test_what_nobody_foresaw_stops_one_item_only(world: World, dana: Actor, caplog: pytest.LogCaptureFixture) -> None:
    first = scenes.accepted(world, dana, Right.ACCESS, email=BROKEN)
    second = scenes.accepted(world, dana, Right.ACCESS)
    PlanItem.objects.filter(subject_request=first, system="app-database").update(kind="unheard-of")
    world.work(State.PACKAGED, second)
    item = PlanItem.objects.get(subject_request=first, system="app-database")
    assert item.state == ItemState.QUARANTINED
    assert "KeyError" in item.note
    assert SAM not in caplog.text


def unmovable(world: World, dana: Actor) -> SubjectRequest:
    """Carried out, and there is no package."""
    broken = scenes.accepted(world, dana, Right.ACCESS, email=BROKEN)
    broken.items.all().delete()
    SubjectRequest.objects.filter(pk=broken.pk).update(state=State.CARRIED_OUT)
    return broken


def test_a_request_that_cannot_be_moved_hides_nobody_behind_it(
    world: World, dana: Actor, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    broken = unmovable(world, dana)
    behind = scenes.accepted(world, dana, Right.ACCESS)
    behind.items.all().delete()
    monkeypatch.setattr(work, "STALLED", 1)  # of a sweep: whichever comes first, the other has the next
    for _ in range(2):
        work.advance_stalled(at=world.at)
    behind.refresh_from_db()
    assert behind.state != State.ACCEPTED
    assert f"cannot be moved on: {broken.reference}, times: 1: IndexError at" in caplog.text


def test_a_request_that_could_not_be_moved_is_tried_again_after_a_pause(world: World, dana: Actor) -> None:
    broken = unmovable(world, dana)
    tries = []
    for seconds in (0, 1, 1, 3, 1):
        work.advance_stalled(at=world.later(seconds=seconds))
        tries.append(Setback.objects.get(subject_request=broken).tries)
    assert tries == [1, 1, 2, 2, 3]
    SubjectRequest.objects.filter(pk=broken.pk).update(state=State.ACCEPTED)
    work.advance_stalled(at=world.later(hours=1))
    broken.refresh_from_db()
    assert (broken.state, list(broken.events.filter(moved_to=State.SEARCHED)) != []) == (State.CARRIED_OUT, True)


Stalled = Callable[[BaseException], tuple[SubjectRequest, SubjectRequest]]


@pytest.fixture
def stalled(world: World, dana: Actor, monkeypatch: pytest.MonkeyPatch) -> Stalled:
    """Two that stalled: the first, whose move ends with what is given, every time; and the one behind it."""

    def begin(end: BaseException) -> tuple[SubjectRequest, SubjectRequest]:
        pair = [scenes.accepted(world, dana, Right.ACCESS) for _ in range(2)]
        PlanItem.objects.all().delete()
        first, behind = sorted(pair, key=lambda each: each.pk)

        def broken_off(subject_request: SubjectRequest, *, at: datetime) -> None:
            if subject_request == first:
                raise end
            walk_on(subject_request, at=at)

        walk_on = walks.walk_on
        monkeypatch.setattr(walks, "walk_on", broken_off)
        return first, behind

    return begin


ENDS = [OperationalError("canceling statement due to statement timeout"), SystemExit(137)]


@pytest.mark.parametrize("end", ENDS, ids=["cancelled", "killed"])
def test_a_move_that_the_database_cancels_or_its_process_dies_of_hides_nobody_behind_it(
    world: World, stalled: Stalled, end: BaseException
) -> None:
    first, behind = stalled(end)
    with pytest.raises(type(end)):
        work.advance_stalled(at=world.at)
    work.advance_stalled(at=world.at)
    behind.refresh_from_db()
    assert behind.state != State.ACCEPTED
    assert Setback.objects.get(note=setbacks.BROKEN_OFF).subject_request == first


def test_each_move_that_was_broken_off_counts_and_lengthens_the_pause(
    world: World, stalled: Stalled, settings: Settings
) -> None:
    settings.DSR_LEASE_SECONDS = 30
    first, _ = stalled(ENDS[0])
    tries, pauses = [], []
    for _ in range(7):
        with pytest.raises(OperationalError):
            work.advance_stalled(at=world.at)
        row = Setback.objects.get(subject_request=first)
        tries.append(row.tries)
        pauses.append((row.not_before - world.at).total_seconds())
        work.advance_stalled(at=world.at)  # whoever is behind it; and nobody tries it before its time
        world.at = row.not_before
    assert (tries, row.note) == ([0, 1, 2, 3, 4, 5, 6], setbacks.BROKEN_OFF)
    assert pauses == [30, 30, 30, 30, 32, 64, 128]


def test_two_workers_that_found_the_same_request_move_it_once(
    world: World,
) -> None:
    first = world.file(Right.ACCESS)
    turn = setbacks.Due(first.pk, first.pk, again=False)
    moved: list[str] = []

    def act() -> None:
        moved.append("once")
        setbacks.counted("cannot be moved on", turn, lambda: moved.append("twice"), at=world.at).do()

    setbacks.counted("cannot be moved on", turn, act, at=world.at).do()
    assert moved == ["once"]
    assert not Setback.objects.exists()


def test_a_move_that_goes_wrong_behind_its_last_item_is_no_fault_of_the_item(
    world: World, dana: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject_request = scenes.accepted(world, dana, Right.ACCESS)
    scenes.work_on(world, subject_request, Kind.FIND)

    def wrong(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as broken:
        broken.setattr(delivery, "offer", wrong)
        assert work.do_next(at=world.at)
    assert subject_request.items.get(kind=Kind.ASSEMBLE).state == ItemState.DONE
    assert Setback.objects.get().note == "ZeroDivisionError"
    work.advance_stalled(at=world.later(seconds=2))
    subject_request.refresh_from_db()
    assert subject_request.state == State.PACKAGED
    assert not Setback.objects.exists()


def test_what_a_refused_request_had_running_is_not_taken_up_again(world: World, dana: Actor) -> None:
    subject_request = scenes.accepted(world, dana, Right.ACCESS)
    item = ledger.claim(at=world.at)
    assert item is not None
    review.refuse(subject_request, ground=Ground.NOT_IDENTIFIABLE, by=dana, at=world.at)
    ledger.release(item, seconds=None, note="No answer", at=world.at)
    assert not work.do_next(at=world.later(hours=1))


def test_a_service_that_says_running_for_ever_is_a_matter_for_a_person(world: World, dana: Actor, eli: Actor) -> None:
    subject_request = scenes.approved(world, dana, eli, "pixplus")
    world.later(days=4)
    item = subject_request.items.get(kind=Kind.ERASE, system="runninghub")
    ledger.wait(item, seconds=1, handle="job", at=world.at)
    assert item.state == ItemState.WAITING
    ledger.wait(item, seconds=1, handle="job", at=world.later(days=31))
    assert item.state == ItemState.QUARANTINED


def test_an_erasure_with_a_system_left_out_never_approves_itself(world: World, dana: Actor, eli: Actor) -> None:
    subject_request = scenes.accepted(world, dana, Right.ERASURE)
    app = subject_request.items.get(kind=Kind.FIND, system="app-database")
    ledger.quarantine(app, note="No answer", at=world.at)
    approval.exclude(app, reason="The server is gone.", by=eli, at=world.at)
    scenes.work_on(world, subject_request, Kind.FIND)
    scenes.work_on(world, subject_request, Kind.CLOSE)
    subject_request.refresh_from_db()
    assert not Manifest.objects.get(subject_request=subject_request).erases  # the portal's own record is kept
    assert subject_request.state == State.SEARCHED
    assert not walks.stalled(world.at).exists()  # it waits for a person
    outside = subject_request.items.filter(kind=Kind.FIND).exclude(system="rightful")
    assert set(outside.values_list("outcome", flat=True)) == {Outcome.FAILED}


def test_the_letter_of_an_erasure_claims_nothing_that_was_not_done(world: World, dana: Actor, eli: Actor) -> None:
    test_an_erasure_with_a_system_left_out_never_approves_itself(world, dana, eli)
    subject_request = SubjectRequest.objects.get()
    told = packaging.told(subject_request, at=world.at)
    assert told["erased"] == []
    assert len(told["failed"]) == 3


def test_what_is_only_kept_still_has_its_grace(world: World, dana: Actor, eli: Actor) -> None:
    subject_request = scenes.searched(world, dana)
    manifest = Manifest.objects.get(subject_request=subject_request)
    manifest.summary = [row for row in manifest.summary if row["until"]]
    manifest.save()
    approval.approve(subject_request, digest=manifest.digest, by=eli, at=world.at)
    work.advance(subject_request, at=world.later(days=2))
    subject_request.refresh_from_db()
    assert subject_request.state == State.APPROVED
    with pytest.raises(Conflict):
        approval.approve(subject_request, digest=manifest.digest, by=eli, at=world.at)


@contextmanager
def cramped(size: int) -> Iterator[None]:
    """No file grows longer than `size`, as on a full disk."""
    before, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (before, most))


def test_a_disk_that_is_full_is_tried_again_and_the_second_time_delivers(
    world: World, dana: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject_request = scenes.accepted(world, dana, Right.ACCESS)
    scenes.work_on(world, subject_request, Kind.FIND)
    monkeypatch.setattr(files, "SHORT", 1_000)  # so that the package is sealed by a thread, as long ones are
    with cramped(2_000):
        assert work.do_next(at=world.at)
    item = subject_request.items.get(kind=Kind.ASSEMBLE)
    assert (item.state, item.note) == (ItemState.READY, "The portal could not write: File too large")
    assert not subject_request.packages.exists()
    world.later(hours=1)
    world.work(State.PACKAGED, subject_request)
    assert subject_request.packages.count() == 1


def test_a_disk_that_stays_full_fills_the_record_with_no_seals(world: World, dana: Actor) -> None:
    subject_request = scenes.accepted(world, dana, Right.ACCESS)
    scenes.work_on(world, subject_request, Kind.FIND)
    for _ in range(4):
        with cramped(2_000):  # a short package is sealed in one piece, behind its seal
            assert work.do_next(at=world.at)
        world.later(hours=1)
    seals = subject_request.events.filter(tag="package:sealed")
    assert seals.count() == 1
    world.work(State.PACKAGED, subject_request)
    assert seals.count() == 2
    assert subject_request.packages.count() == 1


def test_who_finds_the_request_moved_on_meanwhile_goes_on_from_there(
    world: World, dana: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a worker that claimed the last item a moment too early leaves the package to a sweep, a minute later."""
    own = scenes.accepted(world, dana, Right.ACCESS)
    claimed = SubjectRequest.objects.prefetch_related("identities").get(pk=own.pk)
    scenes.work_on(world, own, Kind.FIND)
    with monkeypatch.context() as patch:
        patch.setattr(walks, "walk_on", lambda *_, **__: None)
        scenes.work_on(world, own, Kind.ASSEMBLE)
    assert (claimed.state, SubjectRequest.objects.get(pk=own.pk).state) == (State.ACCEPTED, State.CARRIED_OUT)
    steps = walks.WALKS[Right.ACCESS]  # each in a transaction of its own, where no test is around it
    monkeypatch.setitem(steps, State.ACCEPTED, transaction.atomic(steps[State.ACCEPTED]))
    walks.walk_on(claimed, at=world.at)
    assert SubjectRequest.objects.get(pk=own.pk).state == State.PACKAGED

"""Where a controller asks for a look, no answer leaves before one person, or two, said yes to exactly that answer."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from dsr.law.actors import PORTAL, SUBJECT, Actor
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import ItemState, Kind
from dsr.models import LegalHold, Look, Part, SubjectRequest
from dsr.steps import ledger, maps, sweeping, work
from dsr.steps.answering import packaging
from dsr.steps.asking import cancellation
from dsr.steps.deciding import looking, redacting
from dsr.steps.move import Conflict
from dsr.steps.permissions import Forbidden
from tests.conftest import World
from tests.lookers import redactor
from tests.steps import looks, scenes

PROMPTS = "app-database.generations"


@pytest.fixture(name="rhea")
def _rhea(db: None) -> Actor:
    """Rhea looks at answers before they leave, for both controllers."""
    return redactor("rhea")


@pytest.fixture(name="remy")
def _remy(db: None) -> Actor:
    """So does Remy."""
    return redactor("remy")


def put_off(world: World) -> None:
    """Days pass, and workers try everything they know."""
    for _ in range(2):
        while work.do_next(at=world.at):
            pass
        sweeping.sweep(lambda: world.at)
        work.advance_stalled(at=world.at)
        world.later(days=2)


def test_no_worker_packages_an_answer_before_two_people_looked(
    world: World, dana: Actor, rhea: Actor, officer: Actor
) -> None:
    subject_request = looks.waiting(world, dana)
    put_off(world)
    assert not subject_request.packages.exists()
    assert not looks.look(subject_request, rhea, world)
    put_off(world)
    assert not subject_request.packages.exists()
    assert looks.look(subject_request, officer, world)
    world.work(State.PACKAGED, subject_request)
    assert subject_request.packages.count() == 1
    assert [event.actor for event in subject_request.events.filter(tag="release:looked")] == [str(rhea), str(officer)]


def test_where_one_look_is_asked_for_one_is_enough(
    world: World, dana: Actor, rhea: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks.ask_for(monkeypatch, "one")
    subject_request = looks.waiting(world, dana, Right.ACCESS, "joypix")
    assert looks.look(subject_request, rhea, world)
    world.work(State.PACKAGED, subject_request)


def test_who_looked_first_is_never_the_second(world: World, dana: Actor, rhea: Actor) -> None:
    subject_request = looks.waiting(world, dana)
    looks.look(subject_request, rhea, world)
    with pytest.raises(Forbidden, match="the first look was yours"):
        looks.look(subject_request, rhea, world)
    first = Look.objects.get()
    with pytest.raises(IntegrityError), transaction.atomic():  # not even past the steps
        Look.objects.create(subject_request=subject_request, number=2, digest=first.digest, by=first.by, at=world.at)
    put_off(world)
    assert not subject_request.packages.exists()


def test_who_left_something_out_or_put_it_back_is_never_the_second(
    world: World, dana: Actor, rhea: Actor, remy: Actor, officer: Actor
) -> None:
    subject_request = looks.waiting(world, dana)
    row = looks.names(subject_request, *PROMPTS.split("."))[0]
    redacting.leave_out(subject_request, looks.mark(PROMPTS, row), by=rhea, at=world.at)
    looks.look(subject_request, remy, world)
    with pytest.raises(Forbidden, match="who changed nothing"):
        looks.look(subject_request, rhea, world)
    redacting.put_back(subject_request.redactions.get(), by=officer, at=world.at)
    looks.look(subject_request, remy, world)
    with pytest.raises(Forbidden, match="who changed nothing"):
        looks.look(subject_request, officer, world)
    assert looks.look(subject_request, rhea, world)  # nothing of hers is left out any more


def test_a_change_makes_every_look_before_it_void(world: World, dana: Actor, rhea: Actor, remy: Actor) -> None:
    subject_request = looks.waiting(world, dana)
    looks.look(subject_request, remy, world)
    row = looks.names(subject_request, *PROMPTS.split("."))[0]
    redacting.leave_out(subject_request, looks.mark(PROMPTS, row), by=rhea, at=world.at)
    assert looking.standing_looks(subject_request) == []
    assert not looks.look(subject_request, rhea, world)  # it is the first again
    assert looks.look(subject_request, remy, world)


def test_a_yes_holds_for_exactly_what_was_seen(world: World, dana: Actor, rhea: Actor, remy: Actor) -> None:
    subject_request = looks.waiting(world, dana)
    seen = looking.seen(subject_request)
    row = looks.names(subject_request, *PROMPTS.split("."))[0]
    redacting.leave_out(subject_request, looks.mark(PROMPTS, row), by=rhea, at=world.at)
    with pytest.raises(Conflict, match="not what you saw"):
        looking.look(subject_request, digest=seen, by=remy, at=world.at)
    assert looking.standing_looks(subject_request) == []


def test_two_looks_in_one_moment_are_one_first_and_one_second(
    world: World, dana: Actor, rhea: Actor, remy: Actor
) -> None:
    subject_request = looks.waiting(world, dana)
    seen = looking.seen(subject_request)

    def rival() -> None:
        looking.look(subject_request, digest=seen, by=remy, at=world.at)

    with scenes.a_rival_before('UPDATE "dsr_planitem"', rival):
        assert looking.look(subject_request, digest=seen, by=rhea, at=world.at)
    assert [(each.number, each.void_at) for each in Look.objects.order_by("number")] == [(1, None), (2, None)]
    with pytest.raises(Conflict):
        looking.look(subject_request, digest=seen, by=rhea, at=world.at)


def test_a_map_that_changes_between_the_looks_makes_the_first_void(
    world: World, dana: Actor, rhea: Actor, remy: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject_request = looks.waiting(world, dana)
    looks.look(subject_request, rhea, world)
    real = maps.controllers()
    newer = {**real, "pixplus": real["pixplus"].model_copy(update={"version": "map-of-tomorrow"})}
    monkeypatch.setattr(maps, "controllers", lambda: newer)
    assert not looks.look(subject_request, remy, world)
    assert [each.by_id for each in looking.standing_looks(subject_request)] == [int(remy.id)]


def test_what_changed_after_the_last_look_is_looked_at_again(
    world: World, dana: Actor, rhea: Actor, remy: Actor
) -> None:
    subject_request = looks.waiting(world, dana)
    looks.look(subject_request, rhea, world)
    looks.look(subject_request, remy, world)
    Part.objects.filter(subject_request=subject_request, system="app-database").update(sha256="0" * 64)
    put_off(world)
    assert not subject_request.packages.exists()
    assert looking.waits(subject_request)
    assert looking.standing_looks(subject_request) == []


def test_other_roles_see_nothing_and_decide_nothing(
    world: World, dana: Actor, eli: Actor, ada: Actor, engineer: Actor
) -> None:
    subject_request = looks.waiting(world, dana)
    row = looks.names(subject_request, *PROMPTS.split("."))[0]
    for by in (dana, eli, ada, engineer):
        with pytest.raises(Forbidden):
            looking.opened(subject_request, by=by, at=world.at)
        with pytest.raises(Forbidden):
            looks.look(subject_request, by, world)
        with pytest.raises(Forbidden):
            redacting.leave_out(subject_request, looks.mark(PROMPTS, row), by=by, at=world.at)
    assert not subject_request.redactions.exists()
    assert not subject_request.looks.exists()


def test_only_a_person_looks(world: World, dana: Actor) -> None:
    subject_request = looks.waiting(world, dana)
    with pytest.raises(Forbidden):
        looks.look(subject_request, PORTAL, world)


def test_while_it_waits_the_dates_run_on_and_the_person_can_cancel(world: World, dana: Actor, rhea: Actor) -> None:
    subject_request = looks.waiting(world, dana)
    due_on = subject_request.due_on
    put_off(world)
    subject_request.refresh_from_db()
    assert (subject_request.due_on, subject_request.answered_at) == (due_on, None)
    assert cancellation.possible(subject_request)
    cancellation.cancel(subject_request, by=SUBJECT, at=world.at)
    with pytest.raises(Conflict):
        looks.look(subject_request, rhea, world)
    put_off(world)
    assert not subject_request.packages.exists()
    assert not subject_request.parts.exclude(wrapped_key="").exists()
    assert subject_request.items.get(kind=Kind.LOOK).state == ItemState.DONE


def test_nobody_is_asked_to_look_at_what_was_cancelled_while_a_worker_had_it(
    world: World, dana: Actor, rhea: Actor, remy: Actor
) -> None:
    subject_request = looks.waiting(world, dana)
    looks.look(subject_request, rhea, world)
    looks.look(subject_request, remy, world)
    Part.objects.filter(subject_request=subject_request, system="app-database").update(sha256="0" * 64)
    item = ledger.claim(at=world.at)
    assert item is not None
    assert item.kind == Kind.ASSEMBLE
    cancellation.cancel(subject_request, by=SUBJECT, at=world.at)
    assert looking.first(item, packaging.searched(subject_request), at=world.at)
    assert not looking.waits(subject_request)
    put_off(world)
    assert not subject_request.packages.exists()


def test_a_frozen_account_is_looked_at_and_nothing_leaves(world: World, dana: Actor, rhea: Actor, remy: Actor) -> None:
    subject_request = looks.waiting(world, dana)
    freeze(subject_request, world)
    looks.look(subject_request, rhea, world)
    looks.look(subject_request, remy, world)
    put_off(world)
    subject_request.refresh_from_db()
    assert subject_request.state == State.CARRIED_OUT


def freeze(subject_request: SubjectRequest, world: World) -> None:
    """As somebody does who hears of a taken account."""
    row = LegalHold(controller=subject_request.controller, kind=LegalHold.FREEZE, subject_request=subject_request)
    row.set_at, row.review_on = world.at, (world.at + timedelta(days=30)).date()
    row.seal_reason("Sam called.")
    row.save(force_insert=True)


def test_no_retry_lets_the_answer_pass_the_people(world: World, dana: Actor, officer: Actor) -> None:
    subject_request = looks.waiting(world, dana)
    for item in subject_request.items.filter(kind__in=[Kind.LOOK, Kind.ASSEMBLE]):
        with pytest.raises(Conflict):
            ledger.retry(item, by=officer, at=world.at)

"""While one system is down the person gets what is there; the request stays open until the whole comes as version 2."""

import io
import json
from typing import Any
from zipfile import ZipFile

import pytest
import time_machine
from django.test import Client

from dsr.law.actors import Actor
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import ItemState, Kind, Letter
from dsr.models import Event, Notice, Package, PlanItem, SubjectRequest, sealed
from dsr.steps import work
from dsr.steps.answering import delivery, grants, partly
from dsr.steps.asking import cancellation
from dsr.steps.deciding import holds
from dsr.steps.move import Conflict
from dsr.steps.permissions import Forbidden
from tests.conftest import World
from tests.portal.conftest import page_of
from tests.portal.test_own import sign_in
from tests.steps import scenes, taking
from tests.steps.answering.test_delivery import FROZEN

DOWN, TITLE = "payment-institution", "Payment institution"


@pytest.fixture
def stuck(world: World, dana: Actor) -> SubjectRequest:
    """All of Sam's systems have answered but one, whose service refuses for days."""
    world.systems.services.add_fault({"service": "payment", "times": 1_000, "status": 503})
    own = scenes.accepted(world, dana, Right.ACCESS)
    world.work()
    own.refresh_from_db()
    assert partly.missing(own) == [DOWN]
    return own


def mend(world: World) -> None:
    """The service answers again."""
    while world.systems.services.take_fault("payment"):
        pass


def manifest(own: SubjectRequest, world: World) -> dict[str, Any]:
    """What the package on offer says of itself."""
    with ZipFile(io.BytesIO(b"".join(taking.taken(own, at=world.at)))) as package:
        name = next(name for name in package.namelist() if name.endswith("/manifest.json"))
        parsed: dict[str, Any] = json.loads(package.read(name))
        return parsed


def outcomes(told: dict[str, Any]) -> dict[str, str]:
    return {row["system"]: row["outcome"] for row in told["systems"]}


def test_the_part_says_what_is_missing_and_the_whole_replaces_it(
    stuck: SubjectRequest, world: World, dana: Actor
) -> None:
    partly.deliver_part(stuck, by=dana, at=world.at)
    world.work()
    part = manifest(stuck, world)
    assert (part["version"], outcomes(part)[DOWN], outcomes(part)["app-database"]) == (1, "waiting", "found")
    stuck.refresh_from_db()
    assert (stuck.state, stuck.answered_at) == (State.ACCEPTED, None)
    mend(world)
    world.work(State.PACKAGED, stuck)
    whole = manifest(stuck, world)
    assert (whole["version"], outcomes(whole)[DOWN]) == (2, "found")
    stuck.refresh_from_db()
    assert stuck.state == State.DELIVERED
    assert stuck.packages.get(version=1).wrapped_key == ""
    assert stuck.events.filter(tag="package:replaced").count() == 1


def test_taking_the_part_does_not_close_the_request(stuck: SubjectRequest, world: World, dana: Actor) -> None:
    partly.deliver_part(stuck, by=dana, at=world.at)
    world.work()
    taking.taken(stuck, at=world.at)
    world.later(days=8)
    delivery.end_offer_next(at=world.at)
    stuck.refresh_from_db()
    assert (stuck.state, stuck.closed_at, stuck.answered_at) == (State.ACCEPTED, None, None)


def test_the_letter_and_the_page_name_the_missing_system(stuck: SubjectRequest, world: World, dana: Actor) -> None:
    partly.deliver_part(stuck, by=dana, at=world.at)
    world.work()
    assert f"- {TITLE}" in world.letters()[-1]
    browser = Client()
    with time_machine.travel(world.at, tick=False):
        sign_in(browser, world, stuck)
        page = browser.get(page_of(stuck)).content.decode()
    assert "A part of your answer is ready" in page
    assert f"<strong>{TITLE}</strong>" in page
    assert "Your request stays open." in page
    assert "Download your answer" in page


def test_a_download_of_the_part_ends_with_the_offer_of_the_whole(
    stuck: SubjectRequest, world: World, dana: Actor
) -> None:
    partly.deliver_part(stuck, by=dana, at=world.at)
    world.work()
    grant, secret = taking.opened(stuck, at=world.at)
    mend(world)
    world.work(State.PACKAGED, stuck)
    grant.refresh_from_db()
    grant.package.refresh_from_db()
    with pytest.raises(Conflict):
        grants.use(grant, secret, at=world.at)
    assert (grant.wrapped_for, grant.package.version) == ("", 1)


def test_it_is_asked_for_once(stuck: SubjectRequest, world: World, dana: Actor) -> None:
    partly.deliver_part(stuck, by=dana, at=world.at)
    with pytest.raises(Conflict):
        partly.deliver_part(stuck, by=dana, at=world.at)
    assert stuck.items.filter(kind=Kind.ASSEMBLE_PART).count() == 1
    world.work()
    assert Package.objects.get().version == 1


def test_who_is_slower_by_a_moment_is_told_so(stuck: SubjectRequest, world: World, dana: Actor) -> None:
    with (
        scenes.a_rival_before('INSERT INTO "dsr_planitem"', lambda: _entered(stuck, world)),
        pytest.raises(Conflict, match="just now"),
    ):
        partly.deliver_part(stuck, by=dana, at=world.at)


def _entered(own: SubjectRequest, world: World) -> None:
    """Somebody else was faster."""
    PlanItem.objects.create(subject_request=own, kind=Kind.ASSEMBLE_PART, not_before=world.at, created_at=world.at)


def test_the_desk_and_its_record_say_who_had_it_delivered(stuck: SubjectRequest, world: World, dana: Actor) -> None:
    partly.deliver_part(stuck, by=dana, at=world.at)
    event = Event.objects.get(subject_request=stuck, tag=partly.ASKED)
    assert (event.actor, event.details["systems"]) == (str(dana), [DOWN])


def test_who_may_not_decide_delivers_no_part(stuck: SubjectRequest, world: World, ada: Actor) -> None:
    with pytest.raises(Forbidden):
        partly.deliver_part(stuck, by=ada, at=world.at)
    assert not stuck.items.filter(kind=Kind.ASSEMBLE_PART).exists()


def test_no_part_of_a_frozen_account_is_delivered(stuck: SubjectRequest, world: World, dana: Actor) -> None:
    holds.set_hold(stuck, FROZEN, by=dana, at=world.at)
    with pytest.raises(Conflict, match="frozen"):
        partly.deliver_part(stuck, by=dana, at=world.at)


def test_a_freeze_that_comes_before_the_worker_keeps_the_part_back(
    stuck: SubjectRequest, world: World, dana: Actor
) -> None:
    partly.deliver_part(stuck, by=dana, at=world.at)
    holds.set_hold(stuck, FROZEN, by=dana, at=world.at)
    world.work()
    assert not Package.objects.exists()
    assert stuck.items.get(kind=Kind.ASSEMBLE_PART).state == ItemState.READY


def test_no_part_of_a_cancelled_request_is_delivered(stuck: SubjectRequest, world: World, dana: Actor) -> None:
    partly.deliver_part(stuck, by=dana, at=world.at)
    cancellation.cancel(stuck, by=dana, at=world.at)
    world.work()
    assert not Package.objects.exclude(wrapped_key="").exists()
    assert not Notice.objects.filter(letter=Letter.PARTLY).exists()
    with pytest.raises(Conflict):
        partly.deliver_part(stuck, by=dana, at=world.at)


def test_a_system_whose_turn_has_not_come_is_waited_for(world: World, dana: Actor) -> None:
    own = scenes.accepted(world, dana, Right.ACCESS)
    assert work.do_next(at=world.at)
    assert partly.missing(own)
    with pytest.raises(Conflict):
        partly.deliver_part(own, by=dana, at=world.at)


def test_where_all_have_answered_there_is_no_part(world: World, dana: Actor) -> None:
    own = scenes.accepted(world, dana, Right.ACCESS)
    world.work(State.PACKAGED, own)
    with pytest.raises(Conflict):
        partly.deliver_part(own, by=dana, at=world.at)


def test_a_system_that_answers_just_then_makes_the_part_needless(
    stuck: SubjectRequest, world: World, dana: Actor
) -> None:
    partly.deliver_part(stuck, by=dana, at=world.at)
    mend(world)
    PlanItem.objects.filter(subject_request=stuck, kind=Kind.ASSEMBLE_PART).update(
        not_before=world.at.replace(year=2030)
    )
    world.later(hours=2)
    scenes.work_on(world, stuck, Kind.FIND)
    PlanItem.objects.filter(subject_request=stuck, kind=Kind.ASSEMBLE_PART).update(not_before=world.at)
    world.work(State.PACKAGED, stuck)
    assert [package.version for package in stuck.packages.all()] == [1]


@pytest.mark.parametrize("ended", ["cancelled", "refused"])
def test_a_part_goes_with_its_request(stuck: SubjectRequest, world: World, dana: Actor, ended: str) -> None:
    partly.deliver_part(stuck, by=dana, at=world.at)
    world.work()
    grant, secret = taking.opened(stuck, at=world.at)
    if ended == "cancelled":
        cancellation.cancel(stuck, by=dana, at=world.at)
    else:
        SubjectRequest.objects.filter(pk=stuck.pk).update(state=State.REFUSED)
    with pytest.raises(Conflict):
        grants.use(grant, secret, at=world.at)
    assert delivery.expire_next(at=world.at)
    assert stuck.packages.get().wrapped_key == ""


def test_a_part_that_cannot_be_made_does_not_keep_the_whole_back(
    stuck: SubjectRequest, world: World, dana: Actor
) -> None:
    partly.deliver_part(stuck, by=dana, at=world.at)
    stuck.items.filter(kind=Kind.ASSEMBLE_PART).update(state=ItemState.QUARANTINED)
    mend(world)
    world.work(State.PACKAGED, stuck)
    assert manifest(stuck, world)["version"] == 1


def test_of_a_part_that_is_frozen_at_the_last_moment_no_file_is_left(
    stuck: SubjectRequest,
    world: World,
    dana: Actor,
    django_capture_on_commit_callbacks: Any,  # noqa: ANN401 — a fixture
) -> None:
    def frozen() -> None:
        holds.set_hold(stuck, FROZEN, by=dana, at=world.at)

    partly.deliver_part(stuck, by=dana, at=world.at)
    with (
        django_capture_on_commit_callbacks(execute=True),
        scenes.a_rival_before('INSERT INTO "dsr_package"', frozen),
    ):
        world.work()
    package = stuck.packages.get()
    assert (package.wrapped_key, package.offered_at) == ("", None)
    with pytest.raises(FileNotFoundError), sealed.file_spot(package.pk).reading():
        pytest.fail("a file is left")

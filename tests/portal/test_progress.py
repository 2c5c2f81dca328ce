"""Who waits sees how far it is, and the page looks again only while something moves by itself."""

import pytest
import time_machine
from django.test import Client

from dsr.datamap.schema import IdentityKind
from dsr.law.actors import SUBJECT, Actor
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import ItemState, Kind
from dsr.models import PlanItem, SubjectRequest
from dsr.portal import progress
from dsr.steps import pausing, work
from dsr.steps.asking import intake
from tests.conftest import SAM, World
from tests.portal.conftest import page_of
from tests.portal.test_own import sign_in
from tests.steps import scenes


@pytest.fixture
def own(sam: Client, world: World, dana: Actor, clock: time_machine.Traveller) -> SubjectRequest:
    """Dana has just accepted it."""
    own = scenes.accepted(world, dana, Right.ACCESS)
    clock.move_to(world.at)
    sign_in(sam, world, own)
    return own


def test_each_system_that_was_searched_is_counted(sam: Client, own: SubjectRequest, world: World) -> None:
    most = own.items.filter(kind=Kind.FIND).count()
    for done in range(2):
        answer = sam.get(page_of(own))
        assert f"We have searched {done} of {most} systems." in answer.content.decode()
        assert answer["Refresh"] == str(progress.LOOKS)
        work.do_next(at=world.at)


def test_the_last_stretch_is_named_and_then_the_answer_is_there(sam: Client, own: SubjectRequest, world: World) -> None:
    scenes.work_on(world, own, Kind.FIND)
    assert "Your answer is being put together." in sam.get(page_of(own)).content.decode()
    world.work(State.PACKAGED, own)
    answer = sam.get(page_of(own))
    assert "Your answer is being put together." not in answer.content.decode()
    assert "Refresh" not in answer


def test_where_a_system_is_down_the_page_does_not_look_for_ever(sam: Client, own: SubjectRequest, world: World) -> None:
    world.systems.services.add_fault({"service": "payment", "times": 1_000, "status": 503})
    scenes.work_on(world, own, Kind.FIND)
    assert own.items.filter(kind=Kind.FIND).exclude(state=ItemState.DONE).count() == 1
    answer = sam.get(page_of(own))
    assert "We have searched" in answer.content.decode()
    assert "Refresh" not in answer


def test_before_and_after_the_work_there_is_nothing_to_count(sam: Client, own: SubjectRequest) -> None:
    PlanItem.objects.filter(subject_request=own).delete()
    assert progress.of(own) is None
    SubjectRequest.objects.filter(pk=own.pk).update(state=State.VERIFIED)
    own.refresh_from_db()
    assert progress.of(own) is None


@pytest.mark.parametrize(
    ("language", "says"),
    [("en", "We cannot look into one of our systems at the moment."), ("zh-hans", "我们目前暂停查询其中一个系统。")],
)
def test_who_waits_for_a_system_that_staff_paused_is_told_so_and_the_page_does_not_look_for_ever(
    sam: Client, own: SubjectRequest, world: World, engineer: Actor, language: str, says: str
) -> None:
    pausing.pause("joypix", "app-database", reason="An incident.", by=engineer, at=world.at)
    world.work()
    sam.cookies["language"] = language
    answer = sam.get(page_of(own))
    page = answer.content.decode()
    assert says in page
    assert "An incident." not in page
    assert "Refresh" not in answer
    pausing.resume("joypix", "app-database", by=engineer, at=world.at)
    assert says not in sam.get(page_of(own)).content.decode()


def test_a_withdrawal_that_waits_for_a_paused_system_says_so_though_it_searches_nothing(
    sam: Client, world: World, engineer: Actor, clock: time_machine.Traveller
) -> None:
    asked = intake.Intake("joypix", Right.CONSENT_WITHDRAWAL, ((IdentityKind.EMAIL, SAM),), purposes=("marketing",))
    own = intake.receive(asked, by=SUBJECT, at=world.at)
    pausing.pause("joypix", "app-database", reason="An incident.", by=engineer, at=world.at)
    world.prove(own)
    work.advance(own, at=world.at)
    world.work()
    clock.move_to(world.at)
    sign_in(sam, world, own)
    says = "We cannot look into one of our systems at the moment."
    page = sam.get(page_of(own)).content.decode()
    assert says in page
    assert "We have searched" not in page
    pausing.resume("joypix", "app-database", by=engineer, at=world.at)
    world.work()
    assert says not in sam.get(page_of(own)).content.decode()

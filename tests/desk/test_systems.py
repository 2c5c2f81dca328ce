"""The page of systems: what waits for each, and a pause with a reason and a second factor of the last five minutes."""

from collections.abc import Callable

import pytest
import time_machine
from django.test import Client

from accounts import staff
from accounts.models import Role
from dsr.desk import stepping
from dsr.law.actors import Actor
from dsr.law.rights import Right
from dsr.law.work import Kind
from dsr.models import Event, Gate, SubjectRequest
from dsr.steps import pausing
from tests.conftest import World
from tests.desk.test_stepping import aged
from tests.steps import scenes

Browser = Callable[..., Client]
SignIn = Callable[[str], Client]
PAUSE, RESUME = "/desk/systems/joypix/app-database/pause/", "/desk/systems/joypix/app-database/resume/"
WHY = {"reason": "The processor asks us to stop calling."}


def text(client: Client, url: str) -> str:
    return client.get(url, follow=True).content.decode()


@pytest.fixture
def paused(world: World, dana: Actor, engineer: Actor) -> SubjectRequest:
    """An access that waits for a system which Enzo paused."""
    own = scenes.accepted(world, dana, Right.ACCESS)
    pausing.pause("joypix", "app-database", reason=WHY["reason"], by=engineer, at=world.at)
    return own


def test_a_pause_takes_a_fresh_factor_and_a_reason_and_the_page_then_says_who_and_why(
    engineer: Actor, sign_in: SignIn
) -> None:
    enzo = aged(sign_in("enzo"))
    assert "Pause Application database" in text(enzo, PAUSE)
    asked = enzo.post(PAUSE, WHY)
    assert asked.status_code == 403
    assert "Give your second factor again" in asked.content.decode()
    assert not Gate.objects.exclude(paused_at=None).exists()
    assert enzo.post(PAUSE, {**WHY, stepping.CODE: staff.demo_code("enzo")})["Location"] == "/desk/systems/"
    page = text(enzo, "/desk/systems/")
    for said in ("Paused", "by Enzo", WHY["reason"], f'action="{RESUME}"'):
        assert said in page
    assert "Give the reason" in enzo.post(PAUSE, {"reason": " "}).content.decode()


def test_resuming_takes_a_fresh_factor_too_and_both_stand_in_the_record(
    paused: SubjectRequest, sign_in: SignIn, ada: Actor
) -> None:
    enzo = aged(sign_in("enzo"))
    assert "Give your second factor again" in enzo.post(RESUME).content.decode()
    assert enzo.get(RESUME)["Location"] == "/desk/systems/"  # looking is not resuming
    assert Gate.objects.exclude(paused_at=None).exists()
    enzo.post(RESUME, {stepping.CODE: staff.demo_code("enzo")})
    assert not Gate.objects.exclude(paused_at=None).exists()
    record = text(sign_in("ada"), "/desk/dsr/event/?q=system:paused")
    assert "nothing goes in until it is resumed" in record
    assert Event.objects.filter(tag="system:resumed", controller="joypix").count() == 1


def test_who_comes_second_is_told_and_nothing_changes(paused: SubjectRequest, sign_in: SignIn) -> None:
    enzo = sign_in("enzo")
    answer = enzo.post(PAUSE, {"reason": "Once more."})
    assert answer.status_code == 409
    assert "Somebody else has paused it already" in answer.content.decode()
    assert Gate.objects.get().reason() == WHY["reason"]
    assert "goes on" in enzo.post(RESUME, follow=True).content.decode()
    assert "It is not paused" in enzo.post(RESUME, follow=True).content.decode()


def test_an_agent_sees_the_pause_and_cannot_set_or_end_it(browser: Browser, paused: SubjectRequest) -> None:
    agent = browser(Role.AGENT)
    page = text(agent, "/desk/systems/")
    assert WHY["reason"] in page
    assert "Resume" not in page
    assert PAUSE.replace("app-database", "payment") not in page
    assert {agent.get(PAUSE).status_code, agent.post(PAUSE, WHY).status_code, agent.post(RESUME).status_code} == {403}


def test_other_controllers_and_approvers_see_no_systems(browser: Browser, paused: SubjectRequest) -> None:
    assert WHY["reason"] not in text(browser(Role.ENGINEER, "pixplus"), "/desk/systems/")
    assert "No systems here" in text(browser(Role.APPROVER), "/desk/systems/")


def test_the_queue_says_who_paused_a_system_and_why_only_to_who_looks_after_it(
    browser: Browser, paused: SubjectRequest
) -> None:
    agent, approver = (text(browser(role), "/desk/") for role in (Role.AGENT, Role.APPROVER))
    for page in (agent, approver):
        assert "Systems that are paused" in page
        assert "by Enzo" in page
    assert WHY["reason"] in agent
    assert WHY["reason"] not in approver


def test_the_queue_and_the_items_that_wait_name_the_pause(browser: Browser, paused: SubjectRequest) -> None:
    agent = browser(Role.AGENT)
    assert "Systems that are paused" in text(agent, "/desk/")
    page = text(agent, f"/desk/requests/{paused.reference}/")
    assert "Waits, system paused" in page
    assert "This system is paused since 3 Nov 2026" in page
    item = scenes.item_of(paused, Kind.FIND, "app-database")
    assert f"/desk/requests/{paused.reference}/items/{item.pk}/exclude/" in page


def test_a_paused_system_counts_what_waits_for_it(sign_in: SignIn, paused: SubjectRequest) -> None:
    with time_machine.travel("2026-11-03T10:00:00Z", tick=False):
        page = text(sign_in("enzo"), "/desk/systems/")
    row = page.partition("Application database")[2].partition("</tr>")[0]
    assert 'class="desk-number">1<' in row


def test_a_paused_system_that_left_the_map_is_still_listed_and_resumed(
    browser: Browser, sign_in: SignIn, paused: SubjectRequest
) -> None:
    Gate.objects.filter(system="app-database").update(system="left-the-map")
    resume = RESUME.replace("app-database", "left-the-map")
    enzo = sign_in("enzo")
    page = text(enzo, "/desk/systems/")
    assert "left-the-map (not in the map any more)" in page
    assert f'action="{resume}"' in page
    assert "left-the-map" in text(browser(Role.AGENT), "/desk/")
    answer = enzo.post(resume, follow=True)
    assert (answer.status_code, "Left-the-map goes on." in answer.content.decode()) == (200, True)
    assert "eft-the-map" not in text(enzo, "/desk/systems/")
    assert not Gate.objects.exclude(paused_at=None).exists()

"""Dana has a part of an answer delivered while one system is down."""

from collections.abc import Callable

import pytest
import time_machine
from django.test import Client

from accounts.models import Role
from dsr.law.actors import Actor
from dsr.law.rights import Right
from dsr.law.work import Kind
from dsr.models import SubjectRequest
from tests.conftest import World
from tests.steps import scenes


@pytest.fixture
def stuck(world: World, dana: Actor) -> SubjectRequest:
    """One service refuses for days."""
    world.systems.services.add_fault({"service": "payment", "times": 1_000, "status": 503})
    own = scenes.accepted(world, dana, Right.ACCESS)
    world.work()
    return own


def test_the_page_offers_it_says_what_it_means_and_does_it(
    browser: Callable[..., Client], stuck: SubjectRequest, world: World
) -> None:
    page = f"/desk/requests/{stuck.reference}/"
    with time_machine.travel(world.at, tick=False):
        agent = browser(Role.AGENT)
        assert "Deliver what is there" in agent.get(page).content.decode()
        assert "The request stays open until then" in agent.get(f"{page}deliver-part/").content.decode()
        assert agent.post(f"{page}deliver-part/").status_code == 302
        assert "Deliver what is there" not in agent.get(page).content.decode()
    assert stuck.items.filter(kind=Kind.ASSEMBLE_PART).count() == 1


def test_who_only_reads_is_not_offered_it(browser: Callable[..., Client], stuck: SubjectRequest, world: World) -> None:
    with time_machine.travel(world.at, tick=False):
        page = browser(Role.AUDITOR).get(f"/desk/requests/{stuck.reference}/")
    assert "Deliver what is there" not in page.content.decode()

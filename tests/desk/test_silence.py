"""Staff see which systems do not answer, and which work waits for them."""

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import Role
from dsr.law.actors import Actor
from dsr.law.rights import Right
from dsr.law.work import Kind
from dsr.models import SubjectRequest
from dsr.steps import gates, ledger
from tests.conftest import World
from tests.steps import scenes

Browser = Callable[..., Client]
ROW = "This system answers nobody since 3 Nov 2026"


@pytest.fixture
def waiting(world: World, dana: Actor) -> SubjectRequest:
    """An access whose application database is silent."""
    subject_request = scenes.accepted(world, dana, Right.ACCESS)
    for _ in range(gates.MISSES):
        gates.missed(scenes.item_of(subject_request, Kind.FIND, "app-database"), seconds=None, at=world.at)
    return subject_request


def text(client: Client, url: str) -> str:
    return client.get(url, follow=True).content.decode()


def test_the_queue_names_the_systems_that_do_not_answer_and_since_when(
    browser: Browser, waiting: SubjectRequest
) -> None:
    page = text(browser(Role.AGENT), "/desk/")
    assert "Systems that do not answer" in page
    assert "Application database" in page
    assert "3 Nov 2026, 09:00" in page


def test_other_controllers_do_not_learn_whose_systems_are_silent(browser: Browser, waiting: SubjectRequest) -> None:
    assert "Systems that do not answer" not in text(browser(Role.AGENT, "pixplus"), "/desk/")


def test_the_items_that_wait_for_a_silent_system_say_so(browser: Browser, waiting: SubjectRequest) -> None:
    page = text(browser(Role.AGENT), f"/desk/requests/{waiting.reference}/")
    assert page.count(ROW) == 1


def test_nothing_is_said_once_it_answers_again(browser: Browser, waiting: SubjectRequest, world: World) -> None:
    gates.answered(scenes.item_of(waiting, Kind.FIND, "app-database"), at=world.later(hours=1))
    seen = browser(Role.AGENT)
    assert "Systems that do not answer" not in text(seen, "/desk/")
    assert ROW not in text(seen, f"/desk/requests/{waiting.reference}/")


def test_the_page_says_by_when_the_answer_of_a_system_at_work_is_due(
    browser: Browser, waiting: SubjectRequest, world: World
) -> None:
    item = ledger.claim(at=world.at)
    assert item is not None
    ledger.wait(item, seconds=60, handle="job", at=world.at)
    page = text(browser(Role.AGENT), f"/desk/requests/{item.subject_request.reference}/")
    assert "Its answer is due by 3 Dec 2026, 01:00" in page

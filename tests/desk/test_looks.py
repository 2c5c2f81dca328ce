"""The desk before a release: who looks is written down, who may not sees nothing, and two looks are two people."""

import re
from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import Role
from dsr.law.actors import Actor
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.models import SubjectRequest
from dsr.sealing.shelf import OnDisk, ShelfFailed
from dsr.steps import walks, work
from tests.conftest import World
from tests.steps import looks, scenes

Browser = Callable[..., Client]


@pytest.fixture(name="waits")
def _waits(world: World, dana: Actor) -> SubjectRequest:
    """Sam's portable copy at PixPlus, which two people look at."""
    return looks.waiting(world, dana)


def page_of(client: Client, subject_request: SubjectRequest, place: str = "") -> str:
    answer = client.get(address(subject_request, place))
    assert answer.status_code == 200
    return answer.content.decode()


def address(subject_request: SubjectRequest, place: str = "") -> str:
    return f"/desk/requests/{subject_request.reference}/look/{place}"


def yes(client: Client, subject_request: SubjectRequest) -> tuple[int, str]:
    """Press the button as the page has it."""
    digest = re.search(r'name="digest" value="([0-9a-f]{64})"', page_of(client, subject_request))
    answer = client.post(address(subject_request), {"digest": digest[1] if digest else ""}, follow=True)
    return answer.status_code, answer.content.decode()


def test_two_people_look_and_the_answer_leaves(waits: SubjectRequest, browser: Browser, world: World) -> None:
    rhea, olga = browser(Role.REDACTOR, "pixplus"), browser(Role.PRIVACY_OFFICER, "pixplus")
    queue = rhea.get("/desk/?view=look").content.decode()
    assert waits.reference in queue
    assert "To look at" in queue
    page = rhea.get(f"/desk/requests/{waits.reference}/").content.decode()
    assert "Two people look at this answer" in page
    status, said = yes(rhea, waits)
    assert (status, "A second person looks at it now" in said) == (200, True)
    again = page_of(rhea, waits)
    assert "the first look was yours" in again
    assert 'name="digest"' not in again
    status, said = yes(olga, waits)
    assert (status, "The package is put together now" in said) == (200, True)
    world.work(State.PACKAGED, waits)
    assert waits.reference not in rhea.get("/desk/?view=look").content.decode()


def test_an_answer_can_be_looked_at_where_a_worker_died_before_it_moved_the_request(
    world: World, dana: Actor, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject_request = scenes.accepted(world, dana, Right.PORTABILITY, "pixplus")
    with monkeypatch.context() as dying:
        dying.setattr(walks, "WALKS", {})  # killed between each item and the move
        while work.do_next(at=world.at):
            pass
    work.advance_stalled(at=world.at)
    subject_request.refresh_from_db()
    assert subject_request.state == State.ACCEPTED
    for client in (browser(Role.REDACTOR, "pixplus"), browser(Role.PRIVACY_OFFICER, "pixplus")):
        status, _ = yes(client, subject_request)
        assert status == 200
    world.work(State.PACKAGED, subject_request)


def test_the_first_is_refused_as_the_second_whatever_is_posted(waits: SubjectRequest, browser: Browser) -> None:
    rhea = browser(Role.REDACTOR, "pixplus")
    digest = re.search(r'value="([0-9a-f]{64})"', page_of(rhea, waits))
    assert digest
    rhea.post(address(waits), {"digest": digest[1]})
    answer = rhea.post(address(waits), {"digest": digest[1]})
    assert (answer.status_code, "the first look was yours" in answer.content.decode()) == (403, True)
    assert waits.looks.count() == 1


def test_a_record_is_ticked_left_out_and_put_back(waits: SubjectRequest, browser: Browser) -> None:
    rhea = browser(Role.REDACTOR, "pixplus")
    place = "app-database/generations/"
    page = page_of(rhea, waits, place)
    assert "Record 1" in page
    rows = re.findall(r'name="rows" value="([0-9a-f]{64})"', page)
    assert rows == looks.names(waits, "app-database", "generations")[: len(rows)]
    fill = {"rows": rows[:1], "field": "prompt", "ground": "rights_of_others", "words": looks.WHY}
    done = rhea.post(address(waits, place), fill, follow=True).content.decode()
    assert "It is left out, and the answer will name it" in done
    assert f'<div dir="auto">{looks.WHY}</div>' in done
    mark = waits.redactions.get()
    assert (mark.row, mark.field, mark.words()) == (rows[0], "prompt", looks.WHY)
    back = rhea.post(address(waits, f"{mark.pk}/back/"), follow=True).content.decode()
    assert "It goes out" in back
    mark.refresh_from_db()
    assert mark.undone_at is not None


def test_while_the_store_is_down_the_page_says_so(
    waits: SubjectRequest, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(_: OnDisk) -> None:
        why = "it does not answer"
        raise ShelfFailed(why)

    row = looks.names(waits, "app-database", "generations")[0]
    monkeypatch.setattr(OnDisk, "reading", down)
    rhea, place = browser(Role.REDACTOR, "pixplus"), address(waits, "app-database/generations/")
    fill = {"rows": [row], "field": "prompt", "ground": "rights_of_others", "words": looks.WHY}
    for answer in (rhea.get(place, follow=True), rhea.post(place, fill, follow=True)):
        assert (answer.status_code, "cannot be read now" in answer.content.decode()) == (200, True)
    assert not waits.redactions.exists()


def test_what_is_missing_is_said_and_nothing_typed_is_lost(waits: SubjectRequest, browser: Browser) -> None:
    rhea = browser(Role.REDACTOR, "pixplus")
    place = "app-database/generations/"
    row = looks.names(waits, "app-database", "generations")[0]
    ground = {"ground": "rights_of_others"}
    without = rhea.post(address(waits, place), {"field": "prompt", "words": looks.WHY, **ground})
    assert (without.status_code, "Tick the records" in without.content.decode()) == (409, True)
    assert looks.WHY in without.content.decode()
    silent = rhea.post(address(waits, place), {"rows": [row], **ground}).content.decode()
    assert "Say why" in silent
    assert f'value="{row}" checked' in silent
    assert not waits.redactions.exists()


def test_what_is_never_portable_or_shown_is_on_no_page(waits: SubjectRequest, browser: Browser) -> None:
    rhea = browser(Role.REDACTOR, "pixplus")
    overview = page_of(rhea, waits)
    assert "generations" in overview
    assert "face_data" not in overview
    assert rhea.get(address(waits, "app-database/face_data/")).status_code == 404
    assert "Password" not in page_of(rhea, waits, "app-database/accounts/")


def test_each_opening_is_an_event_and_an_agent_opens_nothing(waits: SubjectRequest, browser: Browser) -> None:
    rhea, agent = browser(Role.REDACTOR, "pixplus"), browser(Role.AGENT, "pixplus")
    for place in ("", "app-database/generations/", "app-database/generations/"):
        page_of(rhea, waits, place)
        refused = agent.get(address(waits, place))
        assert (refused.status_code, "Record 1" in refused.content.decode()) == (403, False)
    row = looks.names(waits, "app-database", "generations")[0]
    fill = {"rows": [row], "ground": "rights_of_others", "words": looks.WHY}
    assert agent.post(address(waits, "app-database/generations/"), fill).status_code == 403
    opened = waits.events.filter(tag="release:opened")
    assert [event.details["part"] for event in opened.order_by("id")] == ["overview", *["app-database.generations"] * 2]
    assert address(waits) not in agent.get(f"/desk/requests/{waits.reference}/").content.decode()
    timeline = rhea.get(f"/desk/requests/{waits.reference}/").content.decode()
    assert "Looked at what would go out" in timeline


def test_for_staff_of_another_controller_there_is_nothing_to_look_at(waits: SubjectRequest, browser: Browser) -> None:
    assert browser(Role.REDACTOR).get(address(waits)).status_code == 404


def test_once_it_is_on_its_way_the_pages_lead_back(waits: SubjectRequest, browser: Browser) -> None:
    rhea, olga = browser(Role.REDACTOR, "pixplus"), browser(Role.PRIVACY_OFFICER, "pixplus")
    yes(rhea, waits)
    yes(olga, waits)
    for place in ("", "app-database/generations/"):
        answer = rhea.get(address(waits, place))
        assert answer["Location"] == f"/desk/requests/{waits.reference}/"

"""Tasks on the desk: the list, the page of one, and who may do what there."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Staff
from dsr.desk.tasks import listed
from dsr.law.actors import Actor
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import ItemState, Kind, Outcome
from dsr.models import Errand, Event, SubjectRequest
from dsr.steps.deciding import approval
from dsr.steps.errands import answering
from tests import staging
from tests.conftest import SAM, World
from tests.steps import scenes
from tests.steps.errands import scene

SignIn = Callable[[str], Client]


@pytest.fixture(autouse=True)
def people_are_asked(with_people: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """JoyPix has a paper archive, and a processor that only reads mail."""
    monkeypatch.setattr(django_settings, "DSR_CONTROLLERS", with_people)


searched_by_hand = staging.scene("people_are_asked")(scene.searched_by_hand)


@pytest.fixture
def asked(searched_by_hand: SubjectRequest) -> Errand:
    """The task of Sam's access request."""
    return scene.task(searched_by_hand)


def _staff(actor: Actor) -> Staff:
    return Staff.objects.get(pk=actor.id)


def page_of(errand: Errand) -> str:
    return f"/desk/requests/{errand.item.subject_request.reference}/items/{errand.pk}/task/"


def read(client: Client, url: str, **sent: object) -> str:
    response = client.post(url, sent) if sent else client.get(url)
    assert response.status_code == 200
    return str(response.content.decode())


def test_dana_takes_a_task_from_the_list_and_hands_in_what_was_found(asked: Errand, sign_in: SignIn) -> None:
    client = sign_in("dana")
    listing = read(client, "/desk/tasks/")
    assert page_of(asked) in listing
    assert SAM not in listing
    assert SAM not in read(client, page_of(asked))
    assert SAM in read(client, page_of(asked), act="show")
    client.post(page_of(asked), {"act": "take"})
    rows = SimpleUploadedFile("letters.json", json.dumps({"letters": [{"number": 7, "scan": "7.pdf"}]}).encode())
    scan = SimpleUploadedFile("7.pdf", b"%PDF-1.4")
    sent = {"act": "answer", "said": "found", "rows": rows, "documents": [scan]}
    assert client.post(page_of(asked), sent).status_code == 302
    item = scene.item(asked.item.subject_request)
    assert (item.outcome, item.counts) == (Outcome.FOUND, {"rows": {"letters": 1}, "files": 1})
    assert "This task is over" in read(client, page_of(asked))
    assert "No tasks here" in read(client, "/desk/tasks/")


def test_what_does_not_fit_is_said_on_the_page_and_nothing_is_kept(asked: Errand, sign_in: SignIn) -> None:
    rows = SimpleUploadedFile("letters.csv", b"number,salary\n7,1\n")
    sent = {"act": "answer", "said": "found", "rows": rows, "collection": "letters"}
    response = sign_in("dana").post(page_of(asked), sent)
    assert response.status_code == 409
    assert "a field that the map does not describe" in response.content.decode()
    assert scene.item(asked.item.subject_request).state == ItemState.WAITING


def test_files_too_large_to_be_held_in_memory_are_refused_whole(asked: Errand, sign_in: SignIn) -> None:
    rows = SimpleUploadedFile("letters.json", b" " * (7 << 20))
    response = sign_in("dana").post(page_of(asked), {"act": "answer", "said": "found", "rows": rows})
    assert response.status_code == 409
    assert "Together they may have 6 MB" in response.content.decode()


def test_whoever_looks_whom_a_task_is_about_is_in_the_record(asked: Errand, sign_in: SignIn, dana: Actor) -> None:
    client = sign_in("dana")
    read(client, page_of(asked))
    assert not Event.objects.filter(tag="task:shown").exists()
    read(client, page_of(asked), act="show")
    assert Event.objects.filter(tag="task:shown", actor=str(dana)).count() == 1


def test_whose_duty_it_is_not_gets_no_tasks(asked: Errand, sign_in: SignIn, ada: Actor) -> None:
    client = sign_in("ada")
    assert client.get(page_of(asked)).status_code == 403
    assert client.post(page_of(asked), {"act": "answer", "said": "nothing"}).status_code == 403
    assert page_of(asked) not in read(client, "/desk/tasks/")
    assert scene.item(asked.item.subject_request).state == ItemState.WAITING


def test_an_engineer_takes_a_task_before_seeing_whom_it_is_about(
    asked: Errand, sign_in: SignIn, engineer: Actor
) -> None:
    client = sign_in("enzo")
    assert client.post(page_of(asked), {"act": "show"}).status_code == 403
    client.post(page_of(asked), {"act": "take"})
    assert SAM in read(client, page_of(asked), act="show")


def test_a_second_person_confirms_an_erasure_and_the_first_one_cannot(
    world: World, dana: Actor, devi: Actor, eli: Actor, sign_in: SignIn
) -> None:
    subject_request = scenes.accepted(world, dana, Right.ERASURE)
    client = sign_in("dana")
    rows = SimpleUploadedFile("letters.csv", b"number\n7\n9\n")
    first = scene.waiting(world, subject_request)
    client.post(page_of(first), {"act": "answer", "said": "found", "rows": rows, "collection": "letters"})
    world.work(State.SEARCHED, subject_request)
    approval.approve(subject_request, digest=subject_request.manifest.digest, by=eli, at=world.at)
    world.later(days=4)
    errand = scene.waiting(world, subject_request, Kind.ERASE)
    assert "Delete these rows" in read(client, page_of(errand), act="show")
    wrong = client.post(page_of(errand), {"act": "answer", "said": "erased", "count:letters": "3"})
    assert "Delete these rows" in wrong.content.decode()  # the list that the form speaks of
    looks = Event.objects.filter(subject_request=subject_request, tag="task:shown")
    assert looks.filter(details__item=str(errand.item)).count() == 2
    sent = {"act": "answer", "said": "erased", "count:letters": "2"}
    assert client.post(page_of(errand), sent).status_code == 302
    assert "A second person has to look" in read(client, page_of(errand))
    assert client.post(page_of(errand), {"act": "confirm"}).status_code == 403
    sign_in("devi").post(page_of(errand), {"act": "confirm"})
    world.at = max(world.at, timezone.now())  # the desk reads the clock
    scenes.work_on(world, subject_request, Kind.ERASE)
    assert scene.item(subject_request, Kind.ERASE).outcome == Outcome.ERASED
    timeline = read(client, f"/desk/requests/{subject_request.reference}/")
    assert "Paper archive: erased. Confirmed by hand" in timeline


def test_a_long_list_costs_no_more_queries_than_a_short_one(
    asked: Errand, world: World, dana: Actor, sign_in: SignIn
) -> None:
    counted = []
    for people in ((), ("dan@example.com", "eve@example.com", "fay@example.com")):
        for email in people:
            scene.waiting(world, scenes.accepted(world, dana, Right.ACCESS, email=email))
        client = sign_in("dana")
        with CaptureQueriesContext(connection) as asked_for:
            shown = read(client, "/desk/tasks/")
        counted.append(len(asked_for))
    assert shown.count("/task/") == 4
    assert counted[1] == counted[0]


def test_the_views_are_mine_the_teams_overdue_and_for_a_second_look(
    asked: Errand, world: World, dana: Actor, devi: Actor, sign_in: SignIn
) -> None:
    sign_in("dana").post(page_of(asked), {"act": "take"})
    errand = Errand.objects.get()
    for member, mine in ((dana, 1), (devi, 0)):
        tabs = listed(_staff(member), {}, now=world.at).tabs
        assert [tab.count for tab in tabs] == [mine, 1, 0, 0]
    tabs = listed(_staff(dana), {}, now=world.later(days=8)).tabs
    assert [tab.count for tab in tabs] == [1, 1, 1, 0]
    answering.nothing(errand, by=dana, at=world.at)
    assert [tab.count for tab in listed(_staff(dana), {}, now=world.at).tabs] == [0, 0, 0, 0]

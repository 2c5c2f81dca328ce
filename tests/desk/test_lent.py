"""A colleague without an account does one task by a link: a code first, the duty next, that task and nothing else."""

import json
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.utils import timezone

from accounts.models import Staff
from dsr.law.actors import Actor
from dsr.law.rights import Right
from dsr.law.work import ItemState, Outcome
from dsr.models import Errand, Event, PlanItem, TaskLink
from dsr.portal import lookers
from dsr.steps import maps
from dsr.steps.errands import answering, asking, lending, links
from dsr.steps.move import Conflict
from dsr.steps.permissions import Forbidden
from tests.conftest import SAM, World
from tests.steps import scenes
from tests.steps.errands import scene

HANNA = "hanna@hr.example"
LENT = "/desk/lent/"
SignIn = Callable[[str], Client]


@pytest.fixture(autouse=True)
def people_are_asked(with_people: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """JoyPix has a paper archive."""
    monkeypatch.setattr(django_settings, "DSR_CONTROLLERS", with_people)


def waiting(world: World, dana: Actor, email: str = SAM) -> Errand:
    """The task of an access request; the other systems are searched by nobody here. The desk reads the clock."""
    world.at = timezone.now()
    item = scene.item(scenes.accepted(world, dana, Right.ACCESS, email=email))
    PlanItem.objects.filter(pk=item.pk).update(state=ItemState.WAITING)
    asking.ask(item, 5, at=world.at)
    return scene.task(item.subject_request)


@pytest.fixture
def lent(world: World, dana: Actor) -> Errand:
    """Dana sent Hanna of the paper archive the link."""
    errand = waiting(world, dana)
    lending.lend(errand, HANNA, by=dana, at=world.at)
    return errand


def link_in(letters: list[str]) -> str:
    return str(re.findall(r"/desk/lent/[\w-]{43}/", "".join(letters))[-1])


def code(client: Client, world: World) -> str:
    """A new one, out of the mailbox."""
    client.post(LENT, {"act": "send"})
    world.at = timezone.now()
    return world.code()


def opened(world: World) -> Client:
    """Hanna's browser, in which she typed the code."""
    client = Client()
    client.get(link_in(world.letters()))
    assert client.post(LENT, {"act": "enter", "code": code(client, world)}).status_code == 302
    return client


def text(client: Client, **sent: object) -> str:
    answer = client.post(LENT, sent, follow=True) if sent else client.get(LENT)
    return str(answer.content.decode())


def test_hanna_opens_the_link_types_the_code_acknowledges_looks_and_answers(lent: Errand, world: World) -> None:
    client = opened(world)
    duty = text(client)
    assert "keeps confidential what they see" in duty
    assert SAM not in text(client, act="show")  # nothing opens before the duty
    assert not Event.objects.filter(tag="task:shown").exists()
    page = text(client, act="acknowledge")
    assert "Paper archive" in page
    assert SAM not in page
    assert lent.item.subject_request.reference not in page
    assert SAM in text(client, act="show")
    rows = SimpleUploadedFile("letters.json", json.dumps({"letters": [{"number": 7}]}).encode())
    assert "Your answer is written down" in text(client, act="answer", said="found", rows=rows)
    item = scene.item(lent.item.subject_request)
    assert (item.outcome, item.counts["rows"]) == (Outcome.FOUND, {"letters": 1})
    link = TaskLink.objects.get()
    told = Event.objects.filter(actor=f"colleague:{link.pk}").order_by("pk").values_list("tag", flat=True)
    assert list(told) == ["task:opened", "task:acknowledged", "task:shown", "task:answered"]
    looks = lookers.rows([lent.item.subject_request], maps.controller("joypix"))
    assert looks[0].who == "A colleague, who did this one task for us"
    assert client.post(LENT, {"act": "show"}).status_code == 200  # thanks, and no more
    assert Client().get(LENT).status_code == 410


def test_the_letters_name_nobody_and_the_link_stands_only_as_a_hash(lent: Errand, world: World) -> None:
    letter = world.letters()[-1]
    token = link_in([letter]).rstrip("/").rpartition("/")[2]
    kept = TaskLink.objects.values_list("token_hash", "address_sealed").get()
    assert SAM not in letter
    assert kept[0] == links.hashed(token)
    assert token not in str(TaskLink.objects.values().get())
    assert HANNA not in str(TaskLink.objects.values().get())


def test_opening_the_link_changes_nothing_and_shows_nobody(lent: Errand, world: World) -> None:
    address, before = link_in(world.letters()), TaskLink.objects.values().get()
    events, mails = Event.objects.count(), len(world.letters())
    scanner = Client()
    assert SAM not in scanner.get(address, follow=True).content.decode()
    assert scanner.get(address).headers["Location"] == LENT  # the token leaves the address
    assert TaskLink.objects.values().get() == before
    assert (Event.objects.count(), len(world.letters())) == (events, mails)


def test_whoever_only_has_the_link_neither_looks_nor_answers(lent: Errand, world: World) -> None:
    mallory = Client()
    mallory.get(link_in(world.letters()))
    for sent in ({"act": "show"}, {"act": "answer", "said": "nothing"}, {"act": "acknowledge"}):
        assert "we send a code to the same mailbox" in text(mallory, **sent)
    right = code(mallory, world)
    tries = [text(mallory, act="enter", code=typed) for typed in [*["22222222"] * links.TRIES, right]]
    assert all("The code is not right" in said for said in tries)
    assert [mallory.post(LENT, {"act": "send"}).status_code for _ in range(5)] == [302] * 4 + [429]  # five an hour
    assert scene.item(lent.item.subject_request).state == ItemState.WAITING


def test_a_code_opens_one_browser_once_and_the_next_one_takes_its_place(lent: Errand, world: World) -> None:
    first = opened(world)
    spent, second = world.code(), Client()
    second.get(link_in(world.letters()))
    assert "The code is not right" in text(second, act="enter", code=spent)
    text(second, act="enter", code=code(second, world))
    assert "keeps confidential" in text(second)
    assert "we send a code to the same mailbox" in text(first)


def test_the_link_opens_no_other_page_no_other_task_and_no_act_of_staff(
    lent: Errand, world: World, dana: Actor
) -> None:
    client = opened(world)
    text(client, act="acknowledge")
    reference = lent.item.subject_request.reference
    for page in ("/desk/", "/desk/tasks/", f"/desk/requests/{reference}/items/{lent.pk}/task/"):
        assert client.get(page).headers["Location"].startswith("/desk/login/")
    other, by, at = waiting(world, dana, "dan@example.com"), links.colleague(TaskLink.objects.get()), world.at
    for act in (
        lambda: asking.show(other, by=by, at=at),
        lambda: answering.nothing(other, by=by, at=at),
        lambda: answering.cannot(other, "because", by=by, at=at),
        lambda: asking.take(lent, by=by, at=at),
        lambda: answering.confirm(lent, by=by, at=at),
        lambda: lending.lend(lent, "next@hr.example", by=by, at=at),
        lambda: lending.take_back(lent, by=by, at=at),
    ):
        with pytest.raises(Forbidden):
            act()


def ended(lent: Errand, how: str, by: Actor, at: datetime) -> None:
    """What ends a link."""
    if how == "taken back":
        lending.take_back(lent, by=by, at=at)
    elif how == "sent anew":
        lending.lend(lent, "another@hr.example", by=by, at=at)
    elif how == "late":
        TaskLink.objects.update(expires_at=at)
    elif how == "task done":
        answering.nothing(lent, by=by, at=at)
    else:
        Staff.objects.filter(pk=by.id).update(is_active=False)


def test_a_link_ends_in_the_open_browser_too(lent: Errand, world: World, dana: Actor) -> None:
    client = opened(world)
    text(client, act="acknowledge")
    for how in ("taken back", "sent anew", "late", "task done", "sender left"):
        with transaction.atomic():
            mine = TaskLink.objects.get()
            ended(lent, how, dana, world.at)
            mine.refresh_from_db()
            mine.errand.refresh_from_db()
            sent = ({"act": "show"}, {"act": "answer", "said": "nothing"}, {"act": "send"})
            assert [client.post(LENT, one).status_code for one in sent] == [410] * 3, how
            assert lending.enter(mine, "22222222", at=world.at) == ""
            assert not lending.ask_code(mine, at=world.at)
            with pytest.raises(Forbidden):
                asking.show(lent, by=links.colleague(mine), at=world.at)
            transaction.set_rollback(True)
    assert client.get(LENT).status_code == 200


def test_no_link_goes_to_whom_the_request_names_or_who_has_an_account(lent: Errand, world: World, dana: Actor) -> None:
    Staff.objects.filter(pk=dana.id).update(email="dana@example.com")
    for address in (SAM, SAM.upper(), "DANA@example.com", "not an address"):
        with pytest.raises(Conflict):
            lending.lend(lent, address, by=dana, at=world.at)
    assert TaskLink.objects.get().address() == HANNA


def test_staff_lend_on_the_page_of_the_task_and_only_who_may_see_whom_it_is_about(
    lent: Errand, world: World, sign_in: SignIn, engineer: Actor, ada: Actor
) -> None:
    page = f"/desk/requests/{lent.item.subject_request.reference}/items/{lent.pk}/task/"
    sent = {"act": "lend", "address": "hugo@billing.example"}
    for username in ("enzo", "ada"):  # one sees nothing personal before taking it, the other has no such duty
        assert sign_in(username).post(page, sent).status_code == 403
    client = sign_in("dana")
    assert HANNA in client.get(page).content.decode()
    wrong = client.post(page, {**sent, "address": "not an address"}).content.decode()
    assert 'value="not an address"' in wrong  # what was typed stays, and why it does not fit stands beside it
    assert "Enter an e-mail address, such as name@example.com." in wrong
    assert "hugo@billing.example" in client.post(page, sent, follow=True).content.decode()
    assert "opens nothing any more" in client.post(page, {"act": "unlend"}, follow=True).content.decode()
    assert not TaskLink.objects.filter(ended_at=None).exists()

"""Recipients are told of what was changed, and what they answer is tracked (GDPR Art. 19, J11, P5)."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from pytest_django import Settings

from dsr.law.actors import Actor
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import Letter
from dsr.models import Event, Notice, SubjectRequest, Telling
from dsr.steps.fulfilling import sources
from dsr.steps.move import Conflict
from dsr.steps.permissions import Forbidden
from dsr.steps.recipients import links, sharing, telling
from tests.conftest import World
from tests.steps import scenes
from tests.steps.keys import add_a_key

COMPUTE = "compute-providers"  # told by e-mail
EMAIL = "privacy@compute.example"


@pytest.fixture
def erased(answered: Callable[..., SubjectRequest]) -> SubjectRequest:
    """Sam's data at JoyPix is erased, and its recipients are told."""
    return answered(Right.ERASURE)


def told(subject_request: SubjectRequest, recipient: str = COMPUTE) -> Telling:
    return Telling.objects.get(subject_request=subject_request, recipient=recipient)


def test_every_recipient_of_what_was_erased_is_told_once(erased: SubjectRequest, world: World) -> None:
    before = list(erased.tellings.values_list("recipient", flat=True))
    telling.erased(erased, sources.summary(erased), at=world.at)
    assert {COMPUTE, "payment-institutions", "cloud-storage"} <= set(before)
    assert list(erased.tellings.values_list("recipient", flat=True)) == before
    planned = Event.objects.filter(subject_request=erased, tag="recipient:planned").values_list("details", flat=True)
    assert sorted(details["recipient"] for details in planned) == sorted(before)


def test_nothing_erased_means_that_nobody_is_told(world: World, dana: Actor) -> None:
    subject_request = scenes.accepted(world, dana, Right.ERASURE, email="nobody@example.com")
    world.work(State.PACKAGED, subject_request)
    assert not subject_request.tellings.exists()


def test_a_letter_to_a_recipient_goes_to_it_alone_and_names_nobody(erased: SubjectRequest, world: World) -> None:
    world.letters()
    notice = Notice.objects.get(subject_request=erased, letter=Letter.TELL)
    (message,) = [each for each in scenes.outbox() if each.to == [EMAIL]]
    assert notice.to == f"recipient:{COMPUTE}"
    assert re.search(r"\bsam\b", f"{message.subject} {message.body}", re.IGNORECASE) is None
    assert message.attachments == []


def test_the_token_of_a_link_stands_nowhere_in_the_database(erased: SubjectRequest, world: World) -> None:
    world.letters()
    token = link_of(world).split("/")[-2]
    row = told(erased)
    assert len(token) >= 32
    assert token not in str(Telling.objects.values().get(pk=row.pk)) + str(list(Notice.objects.values()))
    assert links.find("joypix", token) == row
    assert links.find("pixplus", token) is None


def link_of(world: World) -> str:
    """The link in the newest letter to the recipient."""
    texts = [str(each.body) for each in scenes.outbox() if each.to == [EMAIL]]
    return next(word for word in texts[-1].split() if "/recipients/" in word)


def test_a_system_that_kept_rows_answers_that_it_cannot_delete_and_until_when(
    answered: Callable[..., SubjectRequest],
) -> None:
    subject_request = answered(Right.ERASURE, "pixplus")
    row = told(subject_request, "runninghub")
    kept = [
        date.fromisoformat(each["until"])
        for item in subject_request.items.filter(system="runninghub")
        for count in item.counts.values()
        if isinstance(count, dict)
        for each in count.get("kept", [])
    ]
    expected = (telling.CANNOT_DELETE, max(kept)) if kept else (telling.DONE, None)
    assert row.told_by == "connector"
    assert (row.answer, row.expires_on) == expected


def test_an_answer_after_delivery_is_kept_and_recorded(erased: SubjectRequest, world: World) -> None:
    day = world.later(days=40).date() + timedelta(days=10)
    telling.acknowledge(told(erased), answer=telling.CANNOT_DELETE, expires_on=day, words="Backups.", at=world.at)
    row = told(erased)
    event = Event.objects.get(subject_request=erased, tag="recipient:answered", actor=f"recipient:{COMPUTE}")
    assert (row.answer, row.expires_on, row.words()) == (telling.CANNOT_DELETE, day, "Backups.")
    assert event.details["until"] == day.isoformat()
    assert "Backups" not in str(event.details)


def test_a_recipient_answers_once(erased: SubjectRequest, world: World) -> None:
    telling.acknowledge(told(erased), answer=telling.DONE, at=world.at)
    with pytest.raises(Conflict):
        telling.acknowledge(told(erased), answer=telling.NOTHING_HELD, at=world.at)
    assert told(erased).answer == telling.DONE


def test_a_date_is_kept_only_with_what_cannot_be_deleted(erased: SubjectRequest, world: World) -> None:
    telling.acknowledge(told(erased), answer=telling.DONE, expires_on=date(2027, 1, 1), at=world.at)
    assert told(erased).expires_on is None


def test_an_overdue_recipient_is_reminded_once_with_the_same_link_whatever_keys_changed_meanwhile(
    erased: SubjectRequest, world: World, settings: Settings, tmp_path: Path
) -> None:
    world.letters()
    first, due_on = link_of(world), told(erased).due_on
    assert due_on is not None
    assert not telling.remind_next(at=world.at)
    settings.DSR_KEYS = add_a_key(settings.DSR_KEYS, tmp_path)
    world.later(days=(due_on - world.at.date()).days + 2)
    assert telling.remind_next(at=world.at)
    assert not telling.remind_next(at=world.at)
    world.letters()
    assert link_of(world) == first
    assert links.find("joypix", first.rstrip("/").rpartition("/")[2]) == told(erased)
    assert Notice.objects.filter(letter=Letter.TELL_AGAIN).count() == 1


def test_nobody_is_reminded_who_has_answered(erased: SubjectRequest, world: World) -> None:
    telling.acknowledge(told(erased), answer=telling.NOTHING_HELD, at=world.at)
    assert not telling.remind_next(at=world.later(days=90))


def test_staff_write_down_whom_they_told_by_hand(erased: SubjectRequest, world: World, dana: Actor, ada: Actor) -> None:
    Telling.objects.filter(pk=told(erased).pk).update(told_by="hand", told_at=None)
    with pytest.raises(Forbidden):
        telling.mark(told(erased), answer="", by=ada, at=world.at)
    telling.mark(told(erased), answer="", by=dana, at=world.at)
    assert (told(erased).told_at, told(erased).answered_at) == (world.at, None)
    telling.mark(told(erased), answer=telling.DONE, by=dana, at=world.later(hours=1))
    assert told(erased).answered_at == world.at


def test_who_is_not_told_is_named_and_never_answers(erased: SubjectRequest, world: World) -> None:
    row = told(erased)
    Telling.objects.filter(pk=row.pk).update(told_by="none")
    with pytest.raises(Conflict):
        telling.acknowledge(row, answer=telling.DONE, at=world.at)


def test_a_recipient_sees_pseudonymous_ids_and_that_it_looked_is_recorded(erased: SubjectRequest, world: World) -> None:
    shown = sharing.show(told(erased), at=world.at)
    ids = [each for one in shown for each in one.ids]
    assert ids
    assert not [each for each in ids if "@" in each]
    assert Event.objects.filter(subject_request=erased, tag="recipient:looked").count() == 1

"""Every free text that a long life brings is sealed: neither the database nor the var folder holds a canary."""

import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from dsr.law.actors import SUBJECT, Actor
from dsr.law.clocks import ExtensionReason, Pause
from dsr.law.grounds import Ground
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import Asker
from dsr.models import ClockPause, Correction, LegalHold, Representative, SubjectRequest
from dsr.steps.asking import verification
from dsr.steps.counting import extension, pauses, receipt
from dsr.steps.deciding import holds, review, withholding
from dsr.steps.fulfilling import correctable, rectification
from dsr.steps.recording import sequencer
from tests.conftest import World
from tests.steps import scenes
from tests.steps.representing import asked_by

CANARY = "zebra"  # stands in every text below, in none of ours
NAMES = ("sam@example.com", "alma@agents.example", "greta@family.example", "Alma Agent", "Greta Garda", "jp000001")


def held(world: World, dana: Actor) -> None:
    """An access asked for by an agent: asked about, extended, moved back, held, refused in part, then as a whole."""
    own = asked_by(world, Asker.AGENT)
    world.prove(own)
    text = f"Which account do you mean, the {CANARY}?"
    pauses.ask(own, reason=Pause.INFORMATION_REQUIRED, question=text, by=dana, at=world.at)
    pauses.answer(own, f"The {CANARY} of May.", by=SUBJECT, at=world.later(hours=1))
    extension.extend(own, reason=ExtensionReason.NUMBER, words=f"So many {CANARY}s.", by=dana, at=world.at)
    earlier = own.received_at - timedelta(days=2)
    receipt.backdate(own, received_at=earlier, why=f"The {CANARY} letter lay here.", by=dana, at=world.at)
    order = holds.Order(
        reason=f"{CANARY} before the court", review_on=world.at.date() + timedelta(days=30), person=True
    )
    holds.set_hold(own, order, by=dana, at=world.at)
    ground = Ground.RIGHTS_OF_OTHERS
    where = {"system": "app-database", "collection": "generations"}
    withholding.refuse_part(own, **where, ground=ground, words=f"Another {CANARY}.", by=dana, at=world.at)
    review.refuse(own, ground=Ground.NOT_IDENTIFIABLE, words=f"No {CANARY} here.", by=dana, at=world.at)


def corrected(world: World, dana: Actor) -> None:
    """A rectification with a statement; one value declined in words."""
    own = scenes.accepted(world, dana, Right.RECTIFICATION)
    world.work(State.SEARCHED, own)
    row = next(row for row in correctable.rows(own) if row.collection == "users")
    new = {(row.place, "nickname"): f"{CANARY} rider"}
    rectification.propose(own, new, statement=f"I was a {CANARY}.", at=world.at)
    for line in Correction.objects.filter(subject_request=own):
        rectification.decide(line, accepted=False, words=f"No {CANARY} ever.", by=dana, at=world.at)
    rectification.respond(own, text=f"Noted, {CANARY}.", by=dana, at=world.at)


@pytest.fixture
def long_life(world: World, dana: Actor) -> World:
    """Everything that brings a text of somebody's own."""
    held(world, dana)
    guardians = asked_by(world, Asker.GUARDIAN, Right.PORTABILITY)
    verification.confirm(guardians, "2345 6789", at=world.at)
    LegalHold.objects.update(released_at=world.at)
    corrected(world, dana)
    sequencer.sequence(at=world.at)
    return world


def test_no_canary_stands_in_the_portals_database(long_life: World) -> None:
    opened = connection.connection
    assert isinstance(opened, sqlite3.Connection)
    dump = opened.serialize()
    assert b"dsr_correction" in dump
    assert [word for word in (CANARY, *NAMES) if word.encode() in dump] == []


def test_no_canary_lies_in_the_var_folder(long_life: World) -> None:
    files = [path for path in Path(settings.DSR_VAR).rglob("*") if path.is_file()]
    assert any(path.suffix == ".age" for path in files)
    found = [(path.name, word) for path in files for word in (CANARY, *NAMES) if word.encode() in path.read_bytes()]
    assert found == []


def test_the_texts_are_there_for_who_may_read_them(long_life: World) -> None:
    assert CANARY in ClockPause.objects.get().question()
    assert CANARY in LegalHold.objects.latest("set_at").reason()
    assert CANARY in SubjectRequest.objects.get(right=Right.RECTIFICATION).statement()
    assert Representative.objects.get(kind=Asker.GUARDIAN).name() == "Greta Garda"

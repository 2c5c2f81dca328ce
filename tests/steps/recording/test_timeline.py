"""A request's story is told from its Events, with reasons and places, at the same price however long it is."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dsr.law.actors import PORTAL, SUBJECT, Actor
from dsr.law.rights import Right
from dsr.models import Event, SubjectRequest
from dsr.steps.permissions import Forbidden
from dsr.steps.recording import audit, record, sequencer
from tests.conftest import World


@pytest.fixture
def asked(world: World) -> SubjectRequest:
    return world.file(Right.ACCESS)


def told(asked: SubjectRequest) -> list[str]:
    return list(audit.told(asked, audit.plainly, lambda event: event.actor))


def happens(asked: SubjectRequest, world: World, times: int) -> None:
    for number in range(times):
        record.write(asked, "test:happened", by=PORTAL, at=world.at, secret={"reason": f"reason {number}"})


def test_a_long_story_costs_no_more_queries_than_a_short_one(asked: SubjectRequest, world: World) -> None:
    counted = []
    for times in (1, 20):
        happens(asked, world, times)
        sequencer.sequence(at=world.later(seconds=11))
        happens(asked, world, times)  # these have no place yet
        with CaptureQueriesContext(connection) as asked_for:
            lines = told(asked)
        counted.append(len(asked_for))
    assert len(lines) > 40
    assert counted[1] == counted[0]


def test_each_line_says_when_who_what_why_and_where_it_stands(asked: SubjectRequest, world: World) -> None:
    happens(asked, world, 1)
    sequencer.sequence(at=world.at)
    record.write(asked, "test:late", by=SUBJECT, at=world.at, number=7)
    first, *_, happened, late = told(asked)
    place = Event.objects.get(tag="test:happened").sequenced.position
    assert first == f"{asked.reference} · joypix · access\n"
    assert happened == (
        f"2026-11-03 09:00:00 UTC  portal: test happened. Reason: reason 0  [test:happened, position {place}]\n"
    )
    assert late == "2026-11-03 09:00:00 UTC  subject: test late (number 7).  [test:late, not in its place yet]\n"


def test_only_who_audits_has_it_told_and_that_is_an_event(
    asked: SubjectRequest, world: World, ada: Actor, engineer: Actor
) -> None:
    with pytest.raises(Forbidden):
        audit.story(asked, audit.plainly, str, by=engineer, at=world.at)
    assert not Event.objects.filter(tag=audit.TOLD).exists()
    list(audit.story(asked, audit.plainly, str, by=ada, at=world.at))
    assert Event.objects.get(tag=audit.TOLD).actor == str(ada)


def test_a_controllers_record_names_what_is_its_own_and_the_others_by_their_leaf_alone(
    asked: SubjectRequest, world: World, ada: Actor
) -> None:
    world.file(Right.ACCESS, "pixplus")
    sequencer.sequence(at=world.at)
    checkpoint = sequencer.newest()
    assert checkpoint is not None
    text = "".join(audit.export(checkpoint, "joypix", by=ada, at=world.at))
    assert str(asked.pk) in text
    assert '"controller": "pixplus"' not in text
    assert len(text.splitlines()) == 1 + checkpoint.size
    assert Event.objects.get(tag=audit.EXPORTED).controller == "joypix"


def test_nobody_exports_the_record_who_does_not_audit_it(asked: SubjectRequest, world: World, dana: Actor) -> None:
    sequencer.sequence(at=world.at)
    checkpoint = sequencer.newest()
    assert checkpoint is not None
    with pytest.raises(Forbidden):
        audit.export(checkpoint, "joypix", by=dana, at=world.at)

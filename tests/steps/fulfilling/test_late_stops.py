"""The stop before an erasure that was approved first: what ends, holds or changes beside it while it is on its way."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import date, timedelta

import pytest

from dsr.datamap.schema import ControllerMap
from dsr.law.actors import SUBJECT
from dsr.law.grounds import Ground
from dsr.law.work import ItemState, Kind, Letter, Outcome
from dsr.models import PlanItem, SubjectRequest
from dsr.steps import ledger, maps, work
from dsr.steps.asking import cancellation
from dsr.steps.deciding import holds, review
from dsr.steps.fulfilling import stopping
from dsr.steps.post import resending
from tests.life.scene import SAM
from tests.steps import scenes
from tests.steps.on_paper import Acme

UNTOUCHED = [(0, None)]  # the account is not disabled, the consent not withdrawn


def due(acme: Acme) -> SubjectRequest:
    """An erasure whose days are over: the stop comes next."""
    subject_request = acme.approved()
    acme.post(subject_request)
    acme.later(days=14)
    subject_request.refresh_from_db()
    return subject_request


def claimed(acme: Acme) -> PlanItem:
    """The stop, as a worker has it in hand."""
    item = ledger.claim(at=acme.at)
    assert item is not None
    assert item.kind == Kind.STOP
    return item


def stood(acme: Acme) -> list[tuple[object, ...]]:
    """Whether Sam's account is disabled, and when the consent was withdrawn."""
    with closing(sqlite3.connect(acme.database)) as live:
        query = "SELECT disabled, withdrawn_at FROM people JOIN consents ON person = people.id WHERE people.id = '1'"
        return live.execute(query).fetchall()


def cancel(subject_request: SubjectRequest, acme: Acme) -> None:
    cancellation.cancel(SubjectRequest.objects.get(pk=subject_request.pk), by=SUBJECT, at=acme.at)


def refuse(subject_request: SubjectRequest, acme: Acme) -> None:
    fresh = SubjectRequest.objects.get(pk=subject_request.pk)
    review.refuse(fresh, ground=Ground.NOT_IDENTIFIABLE, by=acme.dana, at=acme.at)


@pytest.mark.parametrize("end", [cancel, refuse])
def test_a_stop_in_hand_stops_nothing_once_its_request_has_ended(
    acme: Acme, end: Callable[[SubjectRequest, Acme], None]
) -> None:
    subject_request = due(acme)
    item = claimed(acme)
    end(subject_request, acme)
    stopping.stop(item, at=acme.at)
    assert stood(acme) == UNTOUCHED
    assert (item.state, item.outcome, item.note) == (ItemState.DONE, Outcome.NOTHING, "Called off.")


def test_a_stop_that_has_looked_stops_nothing_once_its_request_is_cancelled_and_nothing_is_taken_back(
    acme: Acme,
) -> None:
    subject_request = due(acme)
    item = claimed(acme)
    with scenes.a_rival_before('UPDATE "dsr_planitem"', lambda: cancel(subject_request, acme)):
        stopping.stop(item, at=acme.at)
    assert stood(acme) == UNTOUCHED
    acme.work()
    assert scenes.item_of(subject_request, Kind.RESUME, "database").outcome == Outcome.NOTHING


def test_what_a_worker_had_stopped_when_it_died_is_taken_back_though_the_stop_is_called_off(acme: Acme) -> None:
    subject_request = due(acme)
    with scenes.dying(ledger, "finish"):
        work.do_next(at=acme.at)
    cancel(subject_request, acme)
    assert stood(acme) != UNTOUCHED
    PlanItem.objects.filter(kind=Kind.STOP).update(lease_until=scenes.LONG_AGO)
    acme.work()
    assert [disabled for disabled, _ in stood(acme)] == [0]
    assert scenes.item_of(subject_request, Kind.RESUME, "database").outcome == Outcome.RESUMED


def test_nobody_reads_that_the_account_was_disabled_when_its_system_never_answered(acme: Acme) -> None:
    subject_request = due(acme)
    away = acme.database.rename(acme.database.with_suffix(".away"))
    assert work.do_next(at=acme.at)
    away.rename(acme.database)
    assert scenes.item_of(subject_request, Kind.STOP, "database").tries == 1
    cancel(subject_request, acme)
    assert "is cancelled" in acme.sent_to(SAM)[-1]
    assert "disabled" not in acme.sent_to(SAM)[-1]
    assert not subject_request.items.filter(kind=Kind.RESUME).exists()


def test_an_account_is_not_called_disabled_when_its_stop_met_days_to_object(acme: Acme) -> None:
    subject_request = acme.approved()
    acme.post(subject_request)
    acme.later(days=13)
    resending.send_again(subject_request.notices.get(letter=Letter.ON_FILE), by=acme.dana, at=acme.at)
    acme.letters()
    acme.later(days=1)
    assert work.do_next(at=acme.at)
    assert scenes.item_of(subject_request, Kind.STOP, "database").fence == 1
    assert not stopping.disables(subject_request)


def without(monkeypatch: pytest.MonkeyPatch, **left: object) -> None:
    """The map as it is after somebody took something off it: of one system, or the system as a whole."""
    about = maps.controller("acme")
    system = about.systems["database"].model_copy(update=left)
    systems = {**about.systems, "database": system} if left else {}
    changed: ControllerMap = about.model_copy(update={"systems": systems})
    monkeypatch.setattr(maps, "controllers", lambda: {"acme": changed})


@pytest.mark.parametrize(
    ("left", "says"),
    [
        ({}, "The data map does not lead to this system any more."),
        ({"stops": {}}, "The data map does not say any more how the account is disabled here."),
    ],
    ids=["system", "stop"],
)
def test_an_account_disabled_where_the_map_leads_no_more_can_be_cancelled_and_a_person_sees_it(
    acme: Acme, monkeypatch: pytest.MonkeyPatch, left: dict[str, object], says: str
) -> None:
    subject_request = acme.stopped()
    without(monkeypatch, **left)
    assert stopping.disables(subject_request)
    cancel(subject_request, acme)
    acme.work()
    item = scenes.item_of(subject_request, Kind.RESUME, "database")
    assert (item.state, item.note) == (ItemState.QUARANTINED, says)


def test_a_stop_that_a_system_has_taken_on_is_asked_after_while_a_hold_stands(acme: Acme) -> None:
    subject_request = due(acme)
    ledger.wait(claimed(acme), seconds=1, handle='{"account": "h"}', at=acme.at)
    holds.set_hold(subject_request, holds.Order("A court asked", date(2027, 6, 1)), by=acme.olga, at=acme.at)
    acme.later(seconds=1)
    assert claimed(acme).handle() == '{"account": "h"}'


def test_a_stop_that_has_not_begun_waits_while_a_hold_stands(acme: Acme) -> None:
    subject_request = due(acme)
    holds.set_hold(subject_request, holds.Order("A court asked", date(2027, 6, 1)), by=acme.olga, at=acme.at)
    assert ledger.claim(at=acme.at + timedelta(days=40)) is None

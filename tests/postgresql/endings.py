"""A request ends while its effect changes hands, or its letter is posted. Django is set up by who imports this."""

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from dsr.law.actors import SUBJECT, Actor
from dsr.law.grounds import Ground
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import Channel, ItemState, Kind, Letter
from dsr.models import PlanItem, SubjectRequest
from dsr.steps import ledger
from dsr.steps.asking import cancellation
from dsr.steps.deciding import review
from dsr.steps.post import notices
from tests.postgresql import threads

PATIENCE = 120.0  # seconds
# Who waits for a row that this connection has locked.
WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"


def endings(by: Actor, at: datetime) -> dict[str, Callable[[SubjectRequest], None]]:
    """The two ways in which what is approved ends before its effect."""
    ground = Ground.IDENTITY_NOT_PROVEN
    return {
        "cancel": lambda mine: cancellation.cancel(mine, by=SUBJECT, at=at),
        "refuse": lambda mine: review.refuse(mine, ground=ground, words="It was not me", by=by, at=at),
    }


class Ending:
    """Somebody ends a request on a connection of their own, and stops before its row is written."""

    def __init__(self, act: Callable[[SubjectRequest], None], own: SubjectRequest) -> None:
        self._act, self._own = act, own
        self.put_back, self.claimed = threading.Event(), threading.Event()
        self.called_off, self.about_to_move = threading.Event(), threading.Event()

    def begin(self) -> None:
        """Run until the items are called off, or it waits for a row of this connection."""
        self._going = threads.begun(self._run)
        with connection.cursor() as cursor:
            while not self.called_off.wait(0.01) and not self._going.done():
                cursor.execute(WAITING)
                if cursor.fetchone()[0]:
                    return

    def end(self) -> str:
        """Let it go on to its end; how it came out."""
        self.claimed.set()
        return threads.outcome_of(self._going)

    def _run(self) -> None:
        try:
            with connection.execute_wrapper(self._in_turn):
                self._act(SubjectRequest.objects.get(pk=self._own.pk))
        finally:
            self.called_off.set()
            self.about_to_move.set()

    def _in_turn(self, execute: Callable[..., Any], sql: str, *rest: Any) -> Any:  # noqa: ANN401 — Django's signature
        if sql.startswith('UPDATE "dsr_subjectrequest"') and not self.about_to_move.is_set():
            self.about_to_move.set()
            self.claimed.wait(PATIENCE)
        done = execute(sql, *rest)
        if sql.startswith('UPDATE "dsr_planitem"') and not self.called_off.is_set():
            self.called_off.set()
            self.put_back.wait(PATIENCE)
        return done


def while_put_back(how: str, by: Actor, at: datetime) -> dict[str, str]:
    """A worker's putting-back is not committed when the request is ended; then another worker claims."""
    own, item = _running(at)
    ending = Ending(endings(by, at)[how], own)
    with transaction.atomic():
        ledger.put_back(item, note="It is held", untouched=True, not_before=at, at=at)
        ending.begin()
    ending.put_back.set()
    ending.about_to_move.wait(PATIENCE)
    ledger.claim(at=at)
    return _told(own, item, ending.end())


def while_claimed(how: str, by: Actor, at: datetime) -> dict[str, str]:
    """A worker's claim is not committed when the request is ended."""
    own, item = _running(at)
    ledger.put_back(item, note="It was held", untouched=True, not_before=at, at=at)
    ending = Ending(endings(by, at)[how], own)
    ending.put_back.set()
    with transaction.atomic():
        ledger.claim(at=at)
        ending.begin()
    return _told(own, item, ending.end())


def while_posted(by: Actor, at: datetime) -> dict[str, str]:
    """The letter that announces an erasure is marked as posted, not committed, when the request is cancelled."""
    own, item = _running(at)
    ledger.put_back(item, note="It is held", untouched=True, not_before=at, at=at)
    SubjectRequest.objects.filter(pk=own.pk).update(channel=Channel.LETTER, erase_after=at)
    own.refresh_from_db()
    notice = notices.queue(own, Letter.APPROVED, at=at, erase_after=at)
    assert notice is not None
    ending = Ending(endings(by, at)["cancel"], own)
    for each in (ending.put_back, ending.claimed):
        each.set()

    def beside(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:  # noqa: ANN401 — Django's signature
        done = execute(sql, *rest)
        if sql.startswith('UPDATE "dsr_notice"'):
            ending.begin()
        return done

    with connection.execute_wrapper(beside):
        notices.posted(notice, by=by, at=at)
    outcome = ending.end()
    notice.refresh_from_db()
    return {**_told(own, item, outcome), "letter": str(notice.state)}


def _running(at: datetime) -> tuple[SubjectRequest, PlanItem]:
    """An approved erasure, and a worker that has just claimed its one item."""
    asked = {"controller": "joypix", "right": Right.ERASURE, "received_at": at, "due_on": at.date()}
    own = SubjectRequest.objects.create(reference=f"R{SubjectRequest.objects.count()}", state=State.APPROVED, **asked)
    due = {"kind": Kind.ERASE, "system": "app-database", "not_before": at, "created_at": at}
    PlanItem.objects.create(subject_request=own, **due)
    item = ledger.claim(at=at)
    assert item is not None
    assert item.subject_request_id == own.pk
    return own, item


def _told(own: SubjectRequest, item: PlanItem, outcome: str) -> dict[str, str]:
    own.refresh_from_db()
    item.refresh_from_db()
    told = {"outcome": outcome, "state": str(own.state), "item": str(item.state)}
    PlanItem.objects.filter(pk=item.pk).update(state=ItemState.DONE)  # the next one is claimed alone
    return told

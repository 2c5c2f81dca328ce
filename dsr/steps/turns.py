"""One worker's turn at an item: its lease is renewed while it works, and its time is limited.

A thread that hangs in somebody else's library cannot be ended from outside. So when the time is over, the item is
given up under a new fence, and whatever hangs is told so by `overrun`: a process of Celery's pool ends itself there,
and the pool starts another one. Elsewhere the thread goes on, finds itself fenced off, and writes nothing.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from time import monotonic
from typing import NamedTuple

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models.functions import Now

from dsr.law.actors import PORTAL
from dsr.law.work import ItemState
from dsr.models import PlanItem
from dsr.steps import gates, ledger
from dsr.steps.recording import record

log = logging.getLogger(__name__)


class Piece(NamedTuple):
    """A piece of work in a worker's hands: to do it, and what becomes of it when something nobody foresaw comes up."""

    do: Callable[[], None]
    spoilt: Callable[[Exception], None]


LONGEST = 1500.0  # seconds, of the portal's own work; no map may say more (Pace.seconds)


def nothing() -> None:
    """Nobody ends this process: the thread finds out by its fence."""


overrun: Callable[[], None] = nothing  # filled in the processes of a worker's pool


@contextmanager
def held(item: PlanItem, *, at: datetime) -> Iterator[None]:
    """Renew the lease in the background while the item is worked on, as long as its time lasts."""
    stop, seconds = threading.Event(), limit(item)

    def watch() -> None:
        began = monotonic()
        while not stop.wait(min(settings.DSR_LEASE_SECONDS / 3, max(0.0, began + seconds - monotonic()))):
            over = monotonic() - began >= seconds
            try:
                if over:
                    _over(item, at=at + timedelta(seconds=seconds))
                else:
                    _beat(item)
            except (OperationalError, InterfaceError) as error:
                # A lock not had, a server that restarts: two more beats fit into the lease.
                log.warning("a heartbeat of %s was missed: %s", item.pk, type(error).__name__)
            finally:
                connection.close()  # one per beat: it rests most of its time, and its thread has no other use for it
            if over:
                overrun()
                return

    thread = threading.Thread(target=watch, name=f"heartbeat {item.pk}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def limit(item: PlanItem) -> float:
    """How many seconds one attempt may take."""
    return float(gates.pace(item).seconds) if item.system else LONGEST


def _beat(item: PlanItem) -> None:
    """Renew the lease, if the item is still this worker's; what is not, still has its end in time."""
    ledger.mine(item).update(lease_until=Now() + timedelta(seconds=settings.DSR_LEASE_SECONDS))


def _over(item: PlanItem, *, at: datetime) -> None:
    log.error("given up after %s seconds: %s %s", round(limit(item)), item.pk, item)
    with suppress(ledger.Fenced):  # another worker has it already
        give_up(item, at=at)


def give_up(item: PlanItem, *, at: datetime) -> None:
    """The attempt takes too long: others may try, and this one writes nothing any more. Raises Fenced.

    Its attempt stays counted: on what hangs every time, a person must look.
    """
    tries = item.tries + 1
    with transaction.atomic():
        rows = (
            ledger.mine(item)
            .filter(state=ItemState.RUNNING)
            .update(
                state=ItemState.WAITING if item.handle_sealed else ItemState.READY,
                fence=item.fence + 1,
                lease_until=None,
                tries=tries,
                not_before=at + timedelta(seconds=ledger.pause_after(tries)),
                note=f"No end after {round(limit(item))} seconds: it was given up.",
            )
        )
        if rows != 1:
            raise ledger.Fenced
        record.write(item.subject_request, "item:unanswered", by=PORTAL, at=at, item=str(item), tries=tries)
        gates.missed(item, seconds=None, at=at)

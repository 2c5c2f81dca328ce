"""The sweep of a worker: items, what the calendar says, stalled moves, certificates; and the post."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from dsr.steps import setbacks, work
from dsr.steps.answering import delivery, grants, handover
from dsr.steps.asking import assertions, entry, seeking, verification
from dsr.steps.counting import pauses, recounting, reminders
from dsr.steps.deciding import holds, merging
from dsr.steps.errands import asking
from dsr.steps.frames import tell
from dsr.steps.fulfilling import rectification
from dsr.steps.post import notices
from dsr.steps.recipients import telling
from dsr.steps.recording import certificates, sequencer
from dsr.steps.turns import Piece

log = logging.getLogger(__name__)

CERTIFICATES = 50  # of one sweep
LOOK = timedelta(seconds=0.5)

# What is due by the calendar. Each does the next of its kind, and says whether there was one.
TIMETABLE: tuple[Callable[..., bool], ...] = (
    sequencer.sequence,
    verification.lapse_next,
    verification.remind_next,
    assertions.forget_next,
    delivery.end_offer_next,
    delivery.expire_next,
    grants.end_next,
    handover.remind_next,
    pauses.end_next,
    reminders.tell_next,
    merging.end_next,
    telling.remind_next,
    asking.remind_next,
    holds.remind_next,
    rectification.remind_next,
    rectification.end_next,
)


def certify(*, at: datetime, since: int | None = None) -> int:
    """Issue the certificates that are due, at most CERTIFICATES, each in a turn of its own; how many had one.

    What goes wrong is tried again after a pause that grows, and behind those that never did.
    """
    due = certificates.due(at=at, most=CERTIFICATES, since=since)
    pieces = (_certificate(turn, at=at) for turn in due)
    while work.do_next(at=at, among=pieces):
        pass
    return len(due)


def _certificate(turn: setbacks.Due, *, at: datetime) -> Piece:
    act = partial(certificates.issue, turn.row, at=at)
    return setbacks.counted(f"no certificate for Event {turn.row}", turn, act, at=at)


def look_at_timetable(*, at: datetime) -> bool:
    """Give each kind of what the calendar says its turn; whether there was any. What goes wrong spoils its own alone.

    Raises OperationalError, InterfaceError.
    """
    found: list[bool] = []
    pieces = (_by_calendar(due, found, at=at) for due in TIMETABLE)
    while work.do_next(at=at, among=pieces):
        pass
    return any(found)


def _by_calendar(due: Callable[..., bool], found: list[bool], *, at: datetime) -> Piece:
    name = f"{due.__module__}.{due.__name__}"
    return Piece(lambda: found.append(due(at=at)), partial(tell, log, "a turn of the timetable went wrong", name))


def sweep(clock: Callable[[], datetime], *, seconds: float = 60.0, after: float = 0.0) -> bool:
    """Do all work that is due: items, and once it has lasted `after` seconds the timetable; whether it came to that.

    Every worker does this. Beside items the timetable has a turn every LOOK; they are many more.
    """
    began = look = clock()
    until, begins = began + timedelta(seconds=seconds), began + timedelta(seconds=after)
    open_downloads(clock)
    if looking := began >= begins:
        recounting.daily(at=began)
    busy = True
    while busy and (at := clock()) < until:
        busy = work.do_next(at=at)
        if (at := clock()) >= begins and (at >= look or not busy):
            if not looking:
                recounting.daily(at=at)
            busy = look_at_timetable(at=at) or busy
            look, looking = at + LOOK, True
    if looking:
        work.advance_stalled(at=clock())
        sequencer.sequence_late(at=clock())
        certify(at=clock())
    return looking


def open_downloads(clock: Callable[[], datetime]) -> None:
    """Open every package that somebody waits for before a page. Before other work, and beside the letters as well."""
    while grants.rewrap_next(at=clock()):
        pass


def post(clock: Callable[[], datetime], *, seconds: float = 60.0) -> None:
    """Send every letter that is due, and open downloads; apart from the sweep, so no slow system holds them back.

    One of each kind in turn: a flood of one kind keeps no other waiting.
    """
    sequencer.sequence(at=clock())  # the record waits for no slow system either
    until = clock() + timedelta(seconds=seconds)
    open_downloads(clock)
    letters = (seeking.send_next, entry.send_next, notices.send_next)
    busy = True
    while busy and clock() < until:
        sent = [send(at=clock()) for send in letters]
        busy = any(sent)
        open_downloads(clock)

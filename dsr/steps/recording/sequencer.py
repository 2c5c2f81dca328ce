"""The sequencer gives every Event its place in the tree and signs checkpoints over it. One works at a time.

An Event gets its place in the order in which the sequencer sees it: by id, and where a transaction was committed
after younger ones, when it is seen. Positions have no gap and never change.
"""

import logging
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from django.db import IntegrityError, connection, transaction
from django.db.models import Max, QuerySet

from dsr.law.actors import PORTAL
from dsr.models import Checkpoint, Event, Leaf, installer
from dsr.record import note, tree
from dsr.record.audit import OUT_OF_TIME
from dsr.record.proof import Proof
from dsr.steps.recording import proving, record, signing

log = logging.getLogger(__name__)

BATCH = 1000  # Events per transaction
MANY = 1000  # leaves that do not wait
RARELY = timedelta(seconds=10)  # between two checkpoints; an Event's is due within 60 s
SETTLED = timedelta(hours=1)  # no transaction of ours is open for so long: see the timeouts in dsr/settings.py
# How much older an Event may be than those before it: work whose moment is when it began, a clock that was set right.
# An older one was made up, or the clock was wrong by more; either is said, in the record itself.
LATE = timedelta(days=1)


class NotAsSigned(Exception):
    """The tables are not what the newest checkpoint signed; nothing is built on them."""


def sequence(*, at: datetime) -> bool:
    """Give new Events their places, and sign a checkpoint when one is due; whether more Events wait."""
    return _sequence(Event.objects.filter(id__gt=_filled()[1]), at)


def sequence_late(*, at: datetime, within: timedelta | None = SETTLED) -> None:
    """The same for Events that were committed after younger ones had their place; without `within`, for all."""
    while _sequence(Event.objects.filter(id__gt=settled(at=at) if within else 0, sequenced=None), at):
        pass


class Backlog(Exception):
    """More Events wait than one transaction takes: catch up first, and come back."""


def catch_up(*, at: datetime) -> None:
    """Give places to a backlog, a batch in each transaction: nobody waits for the lock as long as it would take."""
    more = True
    while more:
        with transaction.atomic():
            installer.alone(connection, wait=True)
            more = _extend(newest(), Event.objects.filter(id__gt=_filled()[1]), at)[1]


def prove_now(event: Event, *, at: datetime, caught_up: bool = False) -> Proof:
    """Sign a checkpoint over this Event, which the same transaction wrote, and all before it.

    Who needs it at once waits here for whoever else extends the record. Raises NotAsSigned; Backlog, where nobody
    has caught up.
    """
    installer.alone(connection, wait=True)
    before = covering = newest()
    at = max(at, before.at) if before else at  # the work may have begun long ago, and checkpoints follow each other
    # While this one was waiting, younger ones may have got their places.
    seen = min(before.seen if before else 0, event.pk - 1)
    waiting, more = Event.objects.filter(id__gt=seen, sequenced=None), True
    while more:
        covering, more = _extend(covering, waiting, at, now=True)
        if more and not caught_up:
            raise Backlog
    if covering is None:
        raise NotAsSigned(f"Event {event.pk} cannot be seen")
    return proving.fresh(event.pk, before, covering)


def newest() -> Checkpoint | None:
    """The newest checkpoint."""
    return Checkpoint.objects.order_by("-size").first()


def settled(*, at: datetime) -> int:
    """The highest Event id below which no Event can still be committed."""
    long_ago = Checkpoint.objects.filter(at__lte=at - SETTLED).order_by("-size").first()
    return long_ago.seen if long_ago else 0


def _sequence(waiting: "QuerySet[Event]", at: datetime) -> bool:
    if not waiting.exists() and not _due(newest(), _filled()[0], at):
        return False
    try:
        with transaction.atomic():
            # Whoever comes second finds nothing to do; on SQLite the transaction itself is the lock.
            return installer.alone(connection) and _extend(newest(), waiting, at)[1]
    except NotAsSigned as why:
        log.error("The record is not extended: %s. Run manage.py verify_audit.", why)  # noqa: TRY400 — no traceback helps
    except IntegrityError:
        log.info("another sequencer was faster")
    return False


def _extend(
    last: Checkpoint | None, waiting: "QuerySet[Event]", at: datetime, *, now: bool = False
) -> tuple[Checkpoint | None, bool]:
    """Within the lock: places first, then a checkpoint over them; the newest there is then, and whether more wait."""
    size, seen = _filled()
    if last and size < last.size:
        raise NotAsSigned(f"there are {size} leaves, and {last.size} were signed")
    found = list(waiting.order_by("id").values_list("id", "leaf")[:BATCH])
    Leaf.objects.bulk_create(
        Leaf(position=position, event_id=event, hash=leaf) for position, (event, leaf) in enumerate(found, size)
    )
    size += len(found)
    if _due(last, size, at) or (now and found):
        last = _sign(last, size, max(seen, found[-1][0]) if found else seen, at)
    return last, len(found) == BATCH


def _due(last: Checkpoint | None, size: int, at: datetime) -> bool:
    unsigned = size - (last.size if last else 0)
    lately = last is not None and timedelta(0) <= at - last.at < RARELY
    return unsigned >= MANY or (unsigned > 0 and not lately)


def _sign(last: Checkpoint | None, size: int, seen: int, at: datetime) -> Checkpoint:
    """Sign so many leaves; `seen` is the highest Event among them."""
    key = signing.log_key(last.origin if last else "")
    if last is None:  # what is older than the first checkpoint, from whenever, is covered by it: see docs/record.md
        peaks = tree.grow(0, [], (entry.hash for entry in _entries(0, size)))
    else:
        _require_signed(last)
        youngest, *new = _entries(last.size - 1, size)
        alarms = [_alarm(entry, position, at) for position, entry in enumerate(_out_of_time(youngest, new, at), size)]
        peaks = tree.grow(last.size, last.peaks, [*(entry.hash for entry in new), *(alarm.hash for alarm in alarms)])
        size += len(alarms)
        seen = max([seen, *(alarm.event_id for alarm in alarms)])
    head = note.Head(key.name, size, tree.fold(peaks))
    return Checkpoint.objects.create(
        size=size, root=head.root, note=note.sign(head.text(), key), at=at, peaks=peaks, seen=seen
    )


def _alarm(entry: "_Entry", position: int, at: datetime) -> Leaf:
    """Say in the record that an entry is not of its time; it stands under the same checkpoint."""
    log.error("Event %s says %s, and the Events before it are younger.", entry.event, entry.at)
    said = entry.at.astimezone(UTC).isoformat()
    event, place = entry.event, entry.position
    alarm = record.write_for(entry.controller, OUT_OF_TIME, by=PORTAL, at=at, event=event, position=place, said=said)
    return Leaf.objects.create(position=position, event=alarm, hash=alarm.leaf)


def _out_of_time(before: "_Entry", new: Iterable["_Entry"], at: datetime) -> list["_Entry"]:
    """New entries that are much older than those before them, or of the future.

    Compared with the Events before, and not with the checkpoint: what waited while no worker ran is in order.
    """
    youngest, found = before.at, []
    for entry in new:
        if youngest - LATE <= entry.at <= at + LATE:
            youngest = max(youngest, entry.at)
        else:
            found.append(entry)
    return found


def _require_signed(last: Checkpoint) -> None:
    """What the next root grows from is what we signed, not what somebody wrote into the table since."""
    try:
        head = note.verified_head(last.note, signing.log_keys(last.origin))
    except note.Unverified as error:
        raise NotAsSigned(f"of the checkpoint of size {last.size}, {error}") from None
    if (head.size, head.root) != (last.size, last.root) or tree.fold(last.peaks) != head.root:
        raise NotAsSigned(f"the checkpoint of size {last.size} was changed")


class _Entry(NamedTuple):
    """An Event in its place."""

    position: int
    hash: str
    event: int
    at: datetime
    controller: str


def _entries(start: int, end: int) -> Iterator[_Entry]:
    """The entries from one position up to another. Raises NotAsSigned where one is missing."""
    rows = Leaf.objects.filter(position__gte=start, position__lt=end).order_by("position")
    columns = rows.values_list("position", "hash", "event_id", "event__at", "event__controller")
    entries = map(_Entry._make, columns.iterator())
    for expected in range(start, end):
        entry = next(entries, None)
        if entry is None or entry.position != expected:
            raise NotAsSigned(f"leaf {expected} is missing")
        yield entry


def _filled() -> tuple[int, int]:
    """How many leaves there are, and the highest Event among them."""
    last = Leaf.objects.aggregate(position=Max("position"), event=Max("event_id"))
    return (0, 0) if last["position"] is None else (last["position"] + 1, last["event"])

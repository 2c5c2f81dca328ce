"""The sequencer gives every Event its place in the tree and signs checkpoints over it. One works at a time.

An Event gets its place in the order in which the sequencer sees it: by id, and where a transaction was committed
after younger ones, when it is seen. Positions have no gap and never change.
"""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from django.db import IntegrityError, connection, transaction
from django.db.models import Max, QuerySet, Subquery
from django.db.models.functions import Coalesce

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
    return _sequence(Event.objects.filter(id__gt=_seen()), at)


def sequence_late(*, at: datetime, within: timedelta | None = SETTLED) -> None:
    """The same for Events that were committed after younger ones had their place; without `within`, for all."""
    while _sequence(Event.objects.filter(id__gt=settled(at=at) if within else 0, sequenced=None), at):
        pass


def catch_up(*, at: datetime) -> None:
    """Give places to a backlog, a batch in each transaction: nobody waits for the lock as long as it would take."""
    last = Leaf.objects.order_by("-event_id").values("event_id")[:1]
    more = Event.objects.filter(id__gt=Coalesce(Subquery(last), 0))[BATCH:].exists()
    while more:
        with transaction.atomic():
            installer.alone(connection, wait=True)
            more = _extend(newest(), Event.objects.filter(id__gt=_seen()), at)[1]


def prove_now(event: Event, *, at: datetime) -> Proof:
    """Sign a checkpoint over this Event, which the same transaction wrote, and all before it. Raises NotAsSigned.

    Who needs it at once waits here for whoever else extends the record.
    """
    installer.alone(connection, wait=True)
    before = covering = newest()
    at = max(at, before.at) if before else at  # the work may have begun long ago, and checkpoints follow each other
    # While this one was waiting, younger ones may have got their places.
    seen = min(before.seen if before else 0, event.pk - 1)
    waiting, more = Event.objects.filter(id__gt=seen, sequenced=None), True
    while more:
        covering, more = _extend(covering, waiting, at, now=True)
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
    if not waiting.exists() and not _due(newest(), _size(), at):
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
    size = _size()
    if last and size < last.size:
        raise NotAsSigned(f"there are {size} leaves, and {last.size} were signed")
    found = list(waiting.order_by("id").values_list("id", "leaf")[:BATCH])
    Leaf.objects.bulk_create(
        Leaf(position=position, event_id=event, hash=leaf) for position, (event, leaf) in enumerate(found, size)
    )
    size += len(found)
    if _due(last, size, at) or (now and found):
        last = _sign(last, size, at)
    return last, len(found) == BATCH


def _due(last: Checkpoint | None, size: int, at: datetime) -> bool:
    unsigned = size - (last.size if last else 0)
    lately = last is not None and timedelta(0) <= at - last.at < RARELY
    return unsigned >= MANY or (unsigned > 0 and not lately)


def _sign(last: Checkpoint | None, size: int, at: datetime) -> Checkpoint:
    key = signing.log_key(last.origin if last else "")
    if last:
        _require_signed(last)
    before, peaks = (last.size, last.peaks) if last else (0, [])
    if last:  # the first checkpoint covers what is older than it, from whenever: see docs/record.md
        size = _alarm(before, size, at)
    peaks = tree.grow(before, peaks, _leaves(before, size))
    head = note.Head(key.name, size, tree.fold(peaks))
    return Checkpoint.objects.create(
        size=size, root=head.root, note=note.sign(head.text(), key), at=at, peaks=peaks, seen=_seen()
    )


def _alarm(start: int, size: int, at: datetime) -> int:
    """Say in the record which of the new entries are not of their time, under the same checkpoint; the new size."""
    for event, moment, controller, position in _out_of_time(start, at):
        log.error("Event %s says %s, and the Events before it are younger.", event, moment)
        said = moment.astimezone(UTC).isoformat()
        alarm = record.write_for(controller, OUT_OF_TIME, by=PORTAL, at=at, event=event, position=position, said=said)
        Leaf.objects.create(position=size, event=alarm, hash=alarm.leaf)
        size += 1
    return size


def _out_of_time(start: int, at: datetime) -> list[tuple[int, datetime, str, int]]:
    """New entries that are much older than those before them, or of the future: Event, moment, controller, position.

    Compared with the Events before, and not with the checkpoint: what waited while no worker ran is in order.
    """
    columns = ("pk", "at", "controller", "sequenced__position")
    entries = Event.objects.filter(sequenced__position__gte=start - 1).order_by("sequenced__position")
    (_, youngest, _, position), *new = entries.values_list(*columns)
    if position != start - 1:
        raise NotAsSigned(f"leaf {start - 1} is missing")
    found = []
    for entry in new:
        if youngest - LATE <= entry[1] <= at + LATE:
            youngest = max(youngest, entry[1])
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


def _leaves(start: int, end: int) -> Iterator[str]:
    rows = Leaf.objects.filter(position__gte=start, position__lt=end).order_by("position")
    for expected, (position, leaf) in enumerate(rows.values_list("position", "hash").iterator(), start):
        if position != expected:
            raise NotAsSigned(f"leaf {expected} is missing")
        yield leaf


def _size() -> int:
    last: int | None = Leaf.objects.aggregate(last=Max("position"))["last"]
    return 0 if last is None else last + 1


def _seen() -> int:
    return Leaf.objects.aggregate(last=Max("event_id"))["last"] or 0

"""Reading the record as a whole: proving it, exporting it, telling a request's story from it."""

import heapq
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Max

from dsr.law.actors import Actor
from dsr.models import Checkpoint, Event, EventSecret, Leaf, SubjectRequest
from dsr.record import audit, note
from dsr.record.audit import Broken, Entry
from dsr.record.note import Head, VerifierKey
from dsr.sealing.fields import Unsealable
from dsr.steps import permissions
from dsr.steps.answering import keeping
from dsr.steps.permissions import Duty
from dsr.steps.recording import record

DUE = timedelta(seconds=60)  # within which an Event has its place and a checkpoint over it
EXPORTED, TOLD = "audit:exported", "timeline:exported"
_CHUNK = 2000


def prove(keys: list[VerifierKey], kept: Iterable[Head], *, at: datetime, secrets: bool = True) -> Head:
    """See that the tables are what was written and signed, and what the `kept` heads say. Raises Broken.

    With `secrets`, what Events commit to is opened and compared as well, as far as it is still there.
    """
    # Looked at before the leaves: what the sequencer adds meanwhile belongs to the next look.
    signed_until = Checkpoint.objects.aggregate(last=Max("size"))["last"] or 0
    size = (Leaf.objects.aggregate(last=Max("position"))["last"] or 0) + 1 if Leaf.objects.exists() else 0
    signed = _signed(keys, size, signed_until)
    heads = heapq.merge(signed, sorted(kept, key=lambda head: head.size), key=lambda head: head.size)
    alarms: list[str] = []
    whole = audit.verify(audit.watched(_proving(size, at, secrets=secrets), alarms), heads)
    _require_in_time(at)
    audit.require_quiet(alarms)
    return whole


def entries(size: int, controller: str | None = None) -> Iterator[Entry]:
    """The first entries of the record; those of other controllers as leaves alone."""
    for leaf in _rows(size):
        mine = controller is None or leaf.event.controller == controller
        yield Entry(leaf.position, leaf.hash, _name(leaf.event), leaf.event.content() if mine else None)


def lines(checkpoint: Checkpoint, controller: str | None = None) -> Iterator[str]:
    """The record as JSON Lines: the checkpoint, then every entry it covers."""
    yield audit.first_line(checkpoint.note) + "\n"
    for entry in entries(checkpoint.size, controller):
        yield audit.line(entry) + "\n"


def export(checkpoint: Checkpoint, controller: str, *, by: Actor, at: datetime) -> Iterator[str]:
    """The lines of a controller's record, for whom it is a duty to read it. Raises Forbidden."""
    permissions.require_at(by, Duty.AUDIT, controller)
    record.write_for(controller, EXPORTED, by=by, at=at, size=checkpoint.size)
    return lines(checkpoint, controller)


def story(
    subject_request: SubjectRequest,
    says: Callable[[Event], str],
    who: Callable[[Event], str],
    *,
    by: Actor,
    at: datetime,
) -> Iterator[str]:
    """What happened to a request, line by line, with the reasons that were given; an Event of its own."""
    permissions.require(by, Duty.AUDIT, subject_request)
    permissions.require(by, Duty.VIEW, subject_request)
    record.write(subject_request, TOLD, by=by, at=at)
    return told(subject_request, says, who)


def told(subject_request: SubjectRequest, says: Callable[[Event], str], who: Callable[[Event], str]) -> Iterator[str]:
    """The lines, oldest first, times in UTC."""
    yield f"{subject_request.reference} · {subject_request.controller} · {subject_request.right}\n"
    for event in subject_request.events.order_by("id").select_related("sequenced", "secret"):
        leaf = getattr(event, "sequenced", None)
        where = "not in its place yet" if leaf is None else f"position {leaf.position}"
        why = event.why()
        reason = f" Reason: {why}" if why else ""
        yield f"{event.at:%Y-%m-%d %H:%M:%S} UTC  {who(event)}: {says(event)}.{reason}  [{event.tag}, {where}]\n"


def plainly(event: Event) -> str:
    """An Event in the words of its tag and details."""
    details = ", ".join(f"{name} {value}" for name, value in sorted(event.details.items()))
    return f"{event.tag.replace(':', ' ')}{f' ({details})' if details else ''}"


def _rows(size: int) -> Iterator[Leaf]:
    rows = Leaf.objects.filter(position__lt=size).order_by("position").select_related("event", "event__secret")
    return rows.iterator(_CHUNK)


def _name(event: Event) -> str:
    return f"Event {event.pk} ({event.tag})"


def _proving(size: int, at: datetime, *, secrets: bool) -> Iterator[Entry]:
    """The entries, with everything compared that the tables say twice."""
    reduced: set[UUID | None] = set(Event.objects.filter(tag=keeping.REDUCED).values_list("subject_request", flat=True))
    over = _forgotten_before(at)
    for leaf in _rows(size):
        event = leaf.event
        if event.leaf != leaf.hash:
            raise Broken(f"{_name(event)} and its leaf at position {leaf.position} differ.")
        kept = getattr(event, "secret", None)
        if kept is None:
            _require_forgotten(event, reduced, over)
        elif secrets:
            _require_fitting(event, kept)
        yield Entry(leaf.position, leaf.hash, _name(event), event.content())


def _signed(keys: list[VerifierKey], size: int, until: int) -> Iterator[Head]:
    for row in Checkpoint.objects.filter(size__lte=until).order_by("size").iterator(_CHUNK):
        try:
            head = note.verified_head(row.note, keys)
        except note.Unverified as error:
            raise Broken(f"The checkpoint of size {row.size} is not signed by us: {error}.") from None
        if (head.size, head.root) != (row.size, row.root):
            raise Broken(f"The checkpoint of size {row.size} is not what was signed: its note says {head.size}.")
        if head.size <= size:
            yield head
            continue
        raise Broken(f"Position {size}: the record ends here, and the checkpoint of size {head.size} signed more.")


def _forgotten_before(at: datetime) -> datetime:
    """Until when the timetable has forgotten what Events about no request commit to; it says so since it can."""
    told = Event.objects.filter(tag=record.FORGOTTEN).values_list("details", flat=True)
    return max([record.kept_from(at), *(datetime.fromisoformat(details["before"]) for details in told)])


def _require_forgotten(event: Event, reduced: set[UUID | None], over: datetime) -> None:
    """What an Event committed to is gone with its request, or after its time; nobody takes it away sooner."""
    in_time = event.subject_request_id in reduced if event.subject_request_id else event.at < over
    if event.commitment and not in_time:
        raise Broken(f"{_name(event)}: the reason beside it is missing, and its time was not over.")


def _require_fitting(event: Event, kept: EventSecret) -> None:
    """What lies beside an Event is what it committed to."""
    try:
        fits = EventSecret.commitment_to(kept.text()) == event.commitment
    except Unsealable:
        fits = False
    if not fits:
        raise Broken(f"{_name(event)}: the reason beside it is not the one it was written with.")


def _require_in_time(at: datetime) -> None:
    """Every Event but the youngest has its place, and a checkpoint over it."""
    newest = Checkpoint.objects.order_by("-size").first()
    covered = newest.size if newest else 0
    young = {"at__gt": at - DUE, "at__lte": at + DUE}
    for missing, waiting in (
        ("a place in the record", Event.objects.filter(sequenced=None)),
        ("a checkpoint over it", Event.objects.filter(sequenced__position__gte=covered)),
    ):
        late = waiting.exclude(**young).order_by("id").first()
        if late:
            raise Broken(f"{_name(late)} of {late.at:%Y-%m-%d %H:%M:%S} UTC still has not {missing}.")

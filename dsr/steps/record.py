"""Writing the record: one Event per thing that happened, in the transaction in which it happened."""

from datetime import UTC, datetime

from dsr.law.actors import Actor
from dsr.models import Event, SubjectRequest
from dsr.record.leaf import leaf_hash


def write(subject_request: SubjectRequest, tag: str, *, by: Actor, at: datetime, **details: object) -> Event:
    """Append an Event. Details are plain values without personal data; a failure fails the act itself."""
    event = Event(
        subject_request=subject_request,
        controller=subject_request.controller,
        tag=tag,
        actor=str(by),
        at=at.astimezone(UTC),
        details=details,
    )
    event.leaf = leaf_hash(event.content())
    event.save(force_insert=True)
    return event


def viewed(subject_request: SubjectRequest, *, by: Actor, at: datetime) -> None:
    """Personal data of this request was shown to somebody who works here (J13)."""
    write(subject_request, "request:viewed", by=by, at=at)

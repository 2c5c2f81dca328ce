"""Writing the record: one Event per thing that happened, in the transaction in which it happened."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import transaction

from dsr.law.actors import PORTAL, Actor
from dsr.law.states import State
from dsr.models import Event, EventSecret, SubjectRequest
from dsr.record.leaf import leaf_hash

SEEN, FORGOTTEN = "request:seen", "secret:forgotten"
ONCE_PER = timedelta(hours=1)
DAYS_OF_A_MONTH = 31


def write(
    subject_request: SubjectRequest,
    tag: str,
    *,
    by: Actor,
    at: datetime,
    secret: Mapping[str, object] | None = None,
    moved_to: str = "",
    **details: object,
) -> Event:
    """Append an Event; a failure fails the act itself.

    Details are plain values without personal data. What may hold some, such as a reason in somebody's own words,
    is `secret`: the Event commits to it (salted SHA-256), and the words lie sealed beside it until they are
    forgotten.
    """
    event = Event(
        subject_request=subject_request,
        controller=subject_request.controller,
        tag=tag,
        actor=str(by),
        at=at.astimezone(UTC),
        moved_to=moved_to,
        details=details,
    )
    return _appended(event, secret)


def write_moves(
    subject_request: SubjectRequest, steps: Iterable[tuple[State, str]], *, by: Actor, at: datetime
) -> None:
    """Append one Event for each state that a request passed through at once, with the Event's tag."""
    about = {"subject_request": subject_request, "controller": subject_request.controller, "actor": str(by)}
    events = [Event(**about, tag=tag, at=at.astimezone(UTC), moved_to=state) for state, tag in steps]
    for event in events:
        event.leaf = leaf_hash(event.content())
    Event.objects.bulk_create(events)


def write_for(
    controller: str,
    tag: str,
    *,
    by: Actor,
    at: datetime,
    secret: Mapping[str, object] | None = None,
    **details: object,
) -> Event:
    """Append an Event that is about no request; an empty controller means the whole installation."""
    event = Event(controller=controller, tag=tag, actor=str(by), at=at.astimezone(UTC), details=details)
    return _appended(event, secret)


def viewed(subject_request: SubjectRequest, *, by: Actor, at: datetime) -> None:
    """Personal data of this request was shown to somebody who works here (J13)."""
    write(subject_request, "request:viewed", by=by, at=at)


def seen(subject_request: SubjectRequest, *, by: Actor, at: datetime) -> None:
    """The person looked at their own request; an Event once an hour.

    Every look at somebody's data by others is an Event of its own. Of the person's own looks the record needs to
    show only that their page was opened, and when: it is not there to count how often they come back.
    """
    lately = subject_request.events.filter(tag=SEEN, at__gt=at - ONCE_PER, at__lte=at)
    if not lately.exists():
        write(subject_request, SEEN, by=by, at=at)


def kept_from(at: datetime) -> datetime:
    """What Events about no request commit to is kept from this moment on."""
    return at - timedelta(days=DAYS_OF_A_MONTH * settings.DSR_KEEP_MONTHS)


def forget_old(*, at: datetime) -> None:
    """Forget what Events about no request commit to, such as addresses searched for, after its time."""
    over = kept_from(at)
    with transaction.atomic():
        gone, _ = EventSecret.objects.filter(event__subject_request=None, event__at__lt=over).delete()
        if gone:  # so that whoever proves the record knows these from what somebody took away
            write_for("", FORGOTTEN, by=PORTAL, at=at, before=over.astimezone(UTC).isoformat(), count=gone)


@transaction.atomic(savepoint=False)
def _appended(event: Event, secret: Mapping[str, object] | None) -> Event:
    text = EventSecret.salted(secret) if secret else ""
    event.commitment = EventSecret.commitment_to(text) if text else ""
    event.leaf = leaf_hash(event.content())
    event.save(force_insert=True)
    if text:
        kept = EventSecret(event=event)
        kept.seal(text)
        kept.save(force_insert=True)
    return event

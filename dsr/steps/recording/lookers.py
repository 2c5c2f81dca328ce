"""Who saw a person's data: looks of staff, of recipients and of the person, read from the record for that person."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from accounts.models import Membership, Role, Staff
from dsr.law.actors import ActorKind
from dsr.models import Event, SubjectRequest

MOST = 500  # looks on one page, the newest
# What an Event of a look was about, by its tag.
REQUEST, DOCUMENT, FOUND, PACKAGE, TASK, TIMELINE, IDS = (
    *("request", "document", "found", "package", "task", "timeline", "ids"),
)
LOOKS = {
    "request:viewed": REQUEST,
    "request:seen": REQUEST,
    "evidence:viewed": DOCUMENT,
    "preview:viewed": FOUND,
    "release:opened": FOUND,
    "task:shown": TASK,
    "package:taken": PACKAGE,
    "package:downloaded": PACKAGE,
    "timeline:exported": TIMELINE,
    "recipient:looked": IDS,
}


@dataclass(frozen=True, slots=True)
class Look:
    """One look: when, by whom, at what of which request."""

    at: datetime
    reference: str
    at_what: str  # one of the words above
    by: ActorKind
    roles: tuple[Role, ...] = ()  # of staff, as they are now; none: they no longer work here
    name: str = ""  # of staff, where the controller names them
    recipient: str = ""  # the slug


def of(requests: Iterable[SubjectRequest], *, named: bool) -> list[Look]:
    """The newest looks at these requests, newest first; staff by their roles, and by name where `named`."""
    rows = Event.objects.filter(subject_request__in=list(requests), tag__in=LOOKS).select_related("subject_request")
    events = list(rows.order_by("-id")[:MOST])
    staff = dict(_staff(events))
    return [_look(event, staff, named=named) for event in events if event.subject_request is not None]


def _look(event: Event, staff: dict[tuple[str, str], tuple[Role, ...]], *, named: bool) -> Look:
    kind, _, number = event.actor.partition(":")
    member = kind == ActorKind.STAFF
    who = Staff.objects.filter(pk=number).first() if named and member else None
    return Look(
        at=event.at,
        reference=event.subject_request.reference if event.subject_request else "",
        at_what=LOOKS[event.tag],
        by=ActorKind(kind),
        roles=staff.get((event.controller, number), ()) if member else (),
        name=(who.get_full_name() or who.get_username()) if who else "",
        recipient=str(event.details.get("recipient", "")),
    )


def _staff(events: list[Event]) -> Iterator[tuple[tuple[str, str], tuple[Role, ...]]]:
    """The roles of each member of staff at the controller of what they looked at."""
    seen = {(event.controller, event.actor.partition(":")[2]) for event in events if event.actor.startswith("staff:")}
    held = Membership.objects.filter(staff_id__in={number for _, number in seen}).order_by("role")
    roles: dict[tuple[str, str], list[Role]] = {}
    for each in held:
        roles.setdefault((each.controller, str(each.staff_id)), []).append(Role(each.role))
    return ((who, tuple(roles.get(who, ()))) for who in seen)

"""Handover: the package of a person without a mailbox leaves on paper or on a medium, by two hands and one record.

It is offered by no link, so no lapse of time delivers it: its dates run on until staff say on which day, and in which
way, it left (GDPR Art. 12(1), (3)). Who entered, checked or accepted the request never takes its package.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from accounts.models import Staff
from dsr.law.actors import PORTAL, Actor, ActorKind
from dsr.law.deadlines import closes_at, local_day
from dsr.law.states import State
from dsr.law.work import Letter
from dsr.models import Download, Package, SubjectRequest
from dsr.steps import maps, permissions
from dsr.steps.answering import delivery, on_file
from dsr.steps.counting import clock
from dsr.steps.deciding import blocking, hands
from dsr.steps.move import Conflict, move
from dsr.steps.post import notices, team
from dsr.steps.recording import record

REASON = 300  # characters
REMIND = timedelta(days=3)
HANDED_OVER = "package:handed-over"
WHY_AGAIN = "The package was taken from here before. Write why it is taken once more."
# Of SubjectRequest: its package is made, and nobody has handed it over.
WAITING = Q(state=State.PACKAGED, answered_at=None)


class Way(StrEnum):
    """How a package leaves."""

    POST = "post"
    REGISTERED = "registered"
    IN_PERSON = "in-person"


@dataclass(frozen=True, slots=True)
class Given:
    """What staff say of the handing-over: the local day, the way, and a reason where there is one to tell."""

    on: date
    way: Way
    reason: str = ""


def by_hand(subject_request: SubjectRequest) -> bool:
    """Whether its package is handed over by staff: there is no mailbox that could open a link."""
    return subject_request.mailbox() is None


def waiting(subject_request: SubjectRequest) -> bool:
    """Whether its package is made, and waits for staff."""
    return subject_request.state == State.PACKAGED and subject_request.answered_at is None


def offer(subject_request: SubjectRequest, *, at: datetime) -> None:
    """Lay the newest package out for staff, with the letter that goes with it. Call it within the move to packaged."""
    package = subject_request.packages.filter(offered_at=None).order_by("-version")[0]
    package.offered_at, package.remind_at = at, at + REMIND
    package.save(update_fields=["offered_at", "remind_at"])
    record.write(subject_request, "package:laid-out", by=PORTAL, at=at, version=package.version, size=package.size)
    letter, told = delivery.letter(subject_request, at=at)
    notices.queue(subject_request, letter, at=at, size=package.size, sha256=package.sha256, **told)
    clock.close_question(subject_request, at=at, done_at=at)
    team.tell(subject_request, Letter.TO_HAND_OVER, _second_people(subject_request), at=at)


def why_not(subject_request: SubjectRequest, by: Actor) -> str:
    """Why somebody with the duty does not take or hand over this package; empty when they do."""
    if hands.in_hand(subject_request, by):
        return "A second person has to hand it over: you entered, checked or accepted this request."
    if blocking.released_by(subject_request, by):
        return "A second person has to hand it over: you released a hold on this request."
    return ""


def take(subject_request: SubjectRequest, *, by: Actor, at: datetime, reason: str = "") -> delivery.Stream:
    """Open the package for a member of staff who hands it over. Raises Forbidden, Conflict.

    It stays open to them until it is destroyed on its date: what is lost in the post is handed over again. Each time
    but the first needs a reason, and the team is told.
    """
    check(subject_request, by)
    package = delivery.available(subject_request)
    if package is None or (package.expires_at and package.expires_at <= at):
        message = "There is no package to hand over: it is not made yet, or it is destroyed already."
        raise Conflict(message)
    reason, before = reason.strip()[:REASON], package.downloads.count()
    if why := on_file.why_wait(subject_request, at=at) or ("" if reason or not before else WHY_AGAIN):
        raise Conflict(why)
    chunks = delivery.opened(package)
    secret = {"reason": reason} if reason else None
    with transaction.atomic():
        _not_frozen(subject_request)
        Download.objects.create(package=package, actor=str(by), at=at)
        record.write(subject_request, "package:taken", by=by, at=at, secret=secret, version=package.version)
        record.viewed(subject_request, by=by, at=at)
        if before:
            told_to = [*team.officers(subject_request), *team.answerable(subject_request)]
            team.tell(subject_request, Letter.TAKEN_AGAIN, told_to, at=at, times=before + 1)
    return delivery.stream_of(package, chunks)


def code_refused(subject_request: SubjectRequest, *, by: Actor, at: datetime) -> None:
    """Who could take the package typed a code that is not right: guessing at it shows in the record."""
    record.write(subject_request, "package:code-refused", by=by, at=at)


def give(subject_request: SubjectRequest, given: Given, *, by: Actor, at: datetime) -> None:
    """Staff handed it over on that day: the request is answered as of then. Raises Forbidden, Conflict."""
    check(subject_request, by)
    package = _laid_out(subject_request)
    _check_day(package, given, at)
    calendar = maps.calendar(subject_request.controller)
    answered_at = min(at, closes_at(given.on, calendar) - timedelta(microseconds=1))
    _, held_until = delivery.dates(subject_request, at=at)  # for staff it stays open as long as it is held
    with transaction.atomic():
        _not_frozen(subject_request)
        move(
            subject_request,
            State.DELIVERED,
            by=by,
            at=at,
            event=HANDED_OVER,
            columns={"answered_at": answered_at},
            secret={"reason": given.reason.strip()[:REASON]} if given.reason.strip() else None,
            version=package.version,
            given_on=given.on.isoformat(),
            way=given.way,
        )
        Package.objects.filter(pk=package.pk).update(expires_at=held_until, held_until=held_until, remind_at=None)
        notices.went_along(subject_request, notices.COVERING, by=by, at=at)
        notices.queue(subject_request, Letter.HANDED_OVER, at=at, **told(subject_request))


def told(subject_request: SubjectRequest) -> dict[str, Any]:
    """What the closing letter says: the day, the way, and until when it can be handed over again."""
    event = subject_request.events.filter(tag=HANDED_OVER).first()
    package = delivery.available(subject_request)
    if event is None or package is None:
        message = "The package is not handed over, or it is destroyed already."
        raise Conflict(message)
    day = date.fromisoformat(event.details["given_on"])
    return {"given_on": day, "way": event.details["way"], "expires_on": delivery.last_day(package)}


def remind_next(*, at: datetime) -> bool:
    """Remind staff of one package that nobody has handed over; whether there was one. A freeze keeps it back."""
    here = SubjectRequest.objects.filter(WAITING, pk=OuterRef("subject_request_id"))
    due = Package.objects.filter(Exists(here), ~blocking.on_packages(), remind_at__lte=at).exclude(wrapped_key="")
    package = due.select_related("subject_request").order_by("remind_at").first()
    if package is None:
        return False
    with transaction.atomic():
        if due.filter(pk=package.pk, remind_at=package.remind_at).update(remind_at=at + REMIND):
            subject_request = package.subject_request
            told_to = [*_second_people(subject_request), *team.answerable(subject_request)]
            team.tell(subject_request, Letter.TO_HAND_OVER, told_to, at=at)
    return True


def check(subject_request: SubjectRequest, by: Actor) -> None:
    """Whether this member of staff takes or hands over the package now. Raises Forbidden, Conflict."""
    permissions.require(by, permissions.Duty.APPROVE, subject_request)
    if by.kind is not ActorKind.STAFF or not by_hand(subject_request):
        message = "This package is for the person alone, who downloads it with a code."
        raise permissions.Forbidden(message)
    if why := why_not(subject_request, by):
        raise permissions.Forbidden(why)
    _not_frozen(subject_request)


def _not_frozen(subject_request: SubjectRequest) -> None:
    if blocking.blocks_delivery(subject_request):
        message = "This account is frozen: nothing about it is handed over until the freeze is released."
        raise Conflict(message)


def _laid_out(subject_request: SubjectRequest) -> Package:
    """The package that waits to be handed over."""
    package = delivery.available(subject_request)
    if package is None or not waiting(subject_request):
        message = "This package does not wait to be handed over. Look at the request again."
        raise Conflict(message)
    return package


def _check_day(package: Package, given: Given, at: datetime) -> None:
    """It left after it was made and taken, and not in the future."""
    calendar = maps.calendar(package.subject_request.controller)
    taken = package.downloads.order_by("at").first()
    message = ""
    if given.on > local_day(at, calendar):
        message = "The day cannot lie in the future."
    elif given.on < local_day(package.released_at, calendar):
        message = "The package was not made yet on that day."
    elif taken is None:
        message = "Nobody has downloaded the package from here yet, so it cannot have been handed over."
    elif given.on < local_day(taken.at, calendar):
        message = "The package was downloaded from here only after that day."
    if message:
        raise Conflict(message)


def _second_people(subject_request: SubjectRequest) -> list[Staff]:
    """Who may hand it over; where nobody is left, the privacy officers, who can give somebody the role."""
    able = permissions.team(subject_request.controller, permissions.Duty.APPROVE)
    free = [one for one in able if not why_not(subject_request, Actor(ActorKind.STAFF, str(one.pk)))]
    reached = [one for one in free if one.email]
    return reached or team.officers(subject_request)

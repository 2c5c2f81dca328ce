"""Recipients are told of a rectification, an erasure or a withdrawal, and their answers tracked (GDPR Art. 19, J11)."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext as _

from dsr.datamap.facts import recipients_of
from dsr.datamap.schema import ControllerMap, Recipient
from dsr.law.actors import PORTAL, Actor, ActorKind
from dsr.law.deadlines import local_day
from dsr.law.work import Kind, Letter, Outcome
from dsr.models import PlanItem, SubjectRequest, Telling, sealed
from dsr.steps import maps, permissions, waking
from dsr.steps.fulfilling import sources
from dsr.steps.move import Conflict
from dsr.steps.post import notices
from dsr.steps.recording import record

DONE, NOTHING_HELD, CANNOT_DELETE = ANSWERS = ("done", "nothing-held", "cannot-delete")
CONNECTOR, EMAIL, HAND, NONE = "connector", "email", "hand", "none"
WORDS = 2_000  # characters of a recipient's own words
ANSWERED = gettext_noop("This recipient has answered already.")
SAID = "It is written down already that this recipient was told. Choose what it answered."
EFFECTS = (Kind.ERASE, Kind.CORRECT, Kind.STOP)


def plan(subject_request: SubjectRequest, *, about: str, recipients: Iterable[str], at: datetime) -> list[Telling]:
    """Tell these recipients, each in its own way. Call it within the move to carried out; repeated, it adds nothing.

    `about` is 'erasure', 'rectification' or 'withdrawal'.
    """
    known = maps.controller(subject_request.controller).controller.recipients
    told = set(subject_request.tellings.values_list("recipient", flat=True))
    slugs = [slug for slug in dict.fromkeys(recipients) if slug in known and slug not in told]
    return [_plan(subject_request, slug, known[slug], about, at) for slug in slugs]


def ask(subject_request: SubjectRequest, slug: str, *, about: str, at: datetime) -> Telling:
    """Write to one recipient whose answer an item of the ledger waits for; repeated, it adds nothing.

    Raises KeyError when the map names no such recipient any more.
    """
    facts = maps.controller(subject_request.controller).controller.recipients[slug]
    with transaction.atomic():
        told = subject_request.tellings.filter(recipient=slug).first()
        return told or _begin(subject_request, slug, facts, EMAIL if facts.email else HAND, about, at)


def touched(controller_map: ControllerMap, places: Iterable[tuple[str, str]]) -> list[str]:
    """Recipients of these places, each 'system' and 'collection'; what the map does not know any more has none."""
    known = [
        recipients_of(controller_map, system, collection)
        for system, collection in places
        if system in controller_map.systems and collection in controller_map.systems[system].collections
    ]
    return list(dict.fromkeys(slug for slugs in known for slug in slugs))


def erased(subject_request: SubjectRequest, summary: Iterable[sources.Row], *, at: datetime) -> list[Telling]:
    """Tell the recipients of everything that an erasure has taken, by the summary of its manifests."""
    places = [(row["system"], row["collection"]) for row in summary if not row["until"]]
    slugs = touched(maps.controller(subject_request.controller), places)
    return plan(subject_request, about="erasure", recipients=slugs, at=at)


def _plan(subject_request: SubjectRequest, slug: str, facts: Recipient, about: str, at: datetime) -> Telling:
    item = _item(subject_request, facts)
    told_by: str = facts.told_by
    if told_by == CONNECTOR and (item is None or item.outcome == Outcome.FAILED):
        told_by = EMAIL if facts.email else HAND
    telling = _begin(subject_request, slug, facts, told_by, about, at)
    if item is not None and told_by == CONNECTOR:
        _set(telling, told_at=at)
        answer, expires_on = _answer_of(item)
        _answered(telling, answer, expires_on, "", by=PORTAL, at=at)
    return telling


def _begin(
    subject_request: SubjectRequest, slug: str, facts: Recipient, told_by: str, about: str, at: datetime
) -> Telling:
    day = local_day(at, maps.calendar(subject_request.controller))
    telling = Telling(subject_request=subject_request, recipient=slug, told_by=told_by, created_at=at)
    telling.due_on = day + timedelta(days=facts.days) if told_by in {EMAIL, HAND} else None
    telling.save(force_insert=True)
    record.write(subject_request, "recipient:planned", by=PORTAL, at=at, recipient=slug, way=told_by)
    if told_by == EMAIL:
        _write(telling, Letter.TELL, about, at)
        _set(telling, told_at=at)
    return telling


def _item(subject_request: SubjectRequest, facts: Recipient) -> PlanItem | None:
    """The work that reached this recipient's own system; a search that found nothing there is work as well."""
    if facts.system is None:
        return None
    items = subject_request.items.filter(system=facts.system, until=None)
    effect = items.filter(kind__in=EFFECTS).exclude(outcome="").order_by("-finished_at").first()
    return effect or items.filter(kind=Kind.FIND, outcome=Outcome.NOTHING).first()


def _answer_of(item: PlanItem) -> tuple[str, date | None]:
    """What the system's own work says for the recipient."""
    counts = [count for count in item.counts.values() if isinstance(count, dict)]
    kept = [row for count in counts for row in count.get("kept", [])]
    if kept or item.outcome == Outcome.KEPT:
        days = [date.fromisoformat(row["until"]) for row in kept if row["until"]]
        return CANNOT_DELETE, max(days, default=None)
    return (NOTHING_HELD if item.outcome == Outcome.NOTHING else DONE), None


def _write(telling: Telling, letter: Letter, about: str, at: datetime) -> None:
    subject_request = telling.subject_request
    notices.queue(
        subject_request,
        letter,
        at=at,
        to_recipient=telling.recipient,
        telling=str(telling.pk),
        about=about,
        answer_by=telling.due_on,
    )


def about(telling: Telling) -> str:
    """What the recipient is told of: 'erasure', 'rectification' or 'withdrawal'."""
    right = telling.subject_request.right
    return "withdrawal" if right == "consent-withdrawal" else str(right)


def acknowledge(
    telling: Telling, *, answer: str, expires_on: date | None = None, words: str = "", at: datetime
) -> None:
    """The recipient answers by its link, once; also after the request was delivered. Raises Conflict."""
    by = Actor(ActorKind.RECIPIENT, telling.recipient)
    with transaction.atomic():
        _answered(telling, answer, expires_on, words, by=by, at=at)


def mark(
    telling: Telling, *, answer: str, expires_on: date | None = None, words: str = "", by: Actor, at: datetime
) -> None:
    """Staff told a recipient by hand, or write down what it answered. Raises Forbidden, Conflict.

    An empty answer says that it was told and has not answered yet.
    """
    permissions.require(by, permissions.Duty.REVIEW, telling.subject_request)
    with transaction.atomic():
        if telling.told_at is None:
            if not Telling.objects.filter(pk=telling.pk, told_at=None, answered_at=None).update(told_at=at):
                message = "Somebody else has marked this recipient meanwhile. Look at it again."
                raise Conflict(message)
            telling.told_at = at
            record.write(telling.subject_request, "recipient:told", by=by, at=at, recipient=telling.recipient)
        elif not answer:
            raise Conflict(SAID if telling.answered_at is None else ANSWERED)
        if answer:
            _answered(telling, answer, expires_on, words, by=by, at=at)


def _answered(telling: Telling, answer: str, expires_on: date | None, words: str, *, by: Actor, at: datetime) -> None:
    if answer not in ANSWERS:
        message = _("Choose what became of the data.")
        raise Conflict(message)
    expires_on = expires_on if answer == CANNOT_DELETE else None
    said = sealed.seal(words.strip()[:WORDS], "telling", telling.id, "words") if words.strip() else ""
    rows = Telling.objects.filter(pk=telling.pk, answered_at=None).exclude(told_by=NONE)
    if not rows.update(answered_at=at, answer=answer, expires_on=expires_on, words_sealed=said):
        raise Conflict(gettext(ANSWERED))
    telling.answered_at, telling.answer, telling.expires_on, telling.words_sealed = at, answer, expires_on, said
    until = {"until": expires_on.isoformat()} if expires_on else {}
    named: dict[str, Any] = {"recipient": telling.recipient, "answer": answer, **until}
    record.write(telling.subject_request, "recipient:answered", by=by, at=at, **named)
    _wake(telling, at)


def _wake(telling: Telling, at: datetime) -> None:
    """Work on a system of this recipient's that waits for its answer goes on, also when a person was to look at it."""
    systems = maps.controller(telling.subject_request.controller).systems.items()
    theirs = [slug for slug, system in systems if system.processor == telling.recipient]
    waking.wake(telling.subject_request.items.filter(kind=Kind.ERASE, system__in=theirs), at=at)


def overdue(at: datetime) -> Q:
    """Tellings whose answer is late, each by the calendar of its controller."""
    late = Q(pk=None)
    for slug in maps.controllers():
        late |= Q(subject_request__controller=slug, due_on__lt=local_day(at, maps.calendar(slug)))
    return late & Q(answered_at=None)


def remind_next(*, at: datetime) -> bool:
    """Write once more to one recipient whose answer is overdue; whether there was one."""
    late = Telling.objects.filter(overdue(at), told_by=EMAIL, reminded_at=None).select_related("subject_request")
    telling = late.order_by("due_on").first()
    if telling is None:
        return False
    with transaction.atomic():
        if Telling.objects.filter(pk=telling.pk, reminded_at=None, answered_at=None).update(reminded_at=at):
            record.write(telling.subject_request, "recipient:reminded", by=PORTAL, at=at, recipient=telling.recipient)
            _write(telling, Letter.TELL_AGAIN, about(telling), at)
    return True


def of(subject_request: SubjectRequest) -> Iterator[tuple[Telling, Recipient | None]]:
    """Each recipient told, and what the map says of it now; None when the map does not know it any more."""
    known = maps.controller(subject_request.controller).controller.recipients
    for telling in subject_request.tellings.all():
        yield telling, known.get(telling.recipient)


def _set(telling: Telling, **columns: object) -> None:
    for name, value in columns.items():
        setattr(telling, name, value)
    telling.save(update_fields=list(columns))

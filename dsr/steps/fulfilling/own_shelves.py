"""What the portal holds about a person, shelf by shelf: which rows, and what is told of each.

Rows are chosen and counted without opening anything; only `tell` unseals, and a worker alone calls it. Told is what
the person gave, got or could have read. Notes of staff among themselves stay theirs, and so does the address of
somebody who asks for the person: that belongs to the representative, who finds it by their own mailbox.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, cast

from django.db.models import Model, Q, QuerySet

from dsr.connectors.contract import Cell
from dsr.law.deadlines import local_day
from dsr.law.work import Asker
from dsr.models import (
    Certificate,
    ClockPause,
    Correction,
    Download,
    Event,
    Evidence,
    Extension,
    Identity,
    Notice,
    PartRefusal,
    Representative,
    SubjectRequest,
    Telling,
    Withdrawal,
)
from dsr.steps import maps
from dsr.steps.deciding import blocking
from dsr.steps.fulfilling import correctable

Requests = QuerySet[SubjectRequest]
Cells = tuple[Cell, ...]
_Hanging = (
    Certificate
    | ClockPause
    | Correction
    | Evidence
    | Extension
    | Notice
    | PartRefusal
    | Representative
    | Telling
    | Withdrawal
)
_OF_HOLDS = "hold:"  # tags: a hold is told by its letter, or not at all (GDPR Art. 23)


def named(lookups: Iterable[str]) -> Q:
    """Of SubjectRequest: in which the person has proven one of these."""
    proven = Identity.objects.filter(lookup__in=lookups, of_representative=False).exclude(proven_at=None)
    return Q(pk__in=proven.values("subject_request"))


def represented(lookups: Iterable[str]) -> Q:
    """Of SubjectRequest: which the owner of this mailbox made for somebody else.

    A guardian proves theirs in the request. An agent's is only named there, so `_acting` tells little of it.
    """
    theirs = Identity.objects.filter(lookup__in=lookups, of_representative=True).exclude(proven_at=None)
    agents = Representative.objects.filter(lookup__in=lookups, kind=Asker.AGENT)
    return Q(pk__in=theirs.values("subject_request")) | Q(pk__in=agents.values("subject_request"))


@dataclass(frozen=True, slots=True)
class Shelf:
    """One collection: its fields, its rows in some requests, and what is told of each."""

    fields: tuple[str, ...]
    rows: Callable[[Requests], QuerySet[Any]]
    tell: Callable[[Any], Cells]
    whose: Callable[[Iterable[str]], Q] = named
    key: str = "pk"

    def found(self, requests: Requests) -> Iterator[Cells]:
        """What is told of every row in these requests."""
        return (self.tell(row) for row in self.rows(requests))

    def standing(self, keys: Iterable[str]) -> set[str]:
        """Which of these keys still say something about a person: until their request is reduced."""
        unreduced = self.rows(SubjectRequest.objects.filter(reduced_at=None))
        return {str(key) for key in unreduced.filter(**{f"{self.key}__in": keys}).values_list(self.key, flat=True)}


def _of(model: type[Model]) -> Callable[[Requests], QuerySet[Any]]:
    """The rows of a table that hang on these requests, oldest request first."""

    def rows(requests: Requests) -> QuerySet[Any]:
        mine: QuerySet[Any] = QuerySet(model).filter(subject_request__in=requests).select_related("subject_request")
        return mine.order_by("subject_request__received_at", "pk")

    return rows


def closed_on(subject_request: SubjectRequest) -> Cell:
    """The local day on which it was closed: its time of keeping begins."""
    if subject_request.closed_at is None:
        return None
    return local_day(subject_request.closed_at, maps.calendar(subject_request.controller))


def _hung(row: _Hanging, *cells: Cell) -> Cells:
    """What is told of a row beside its number, its request, and when that was closed."""
    return (str(row.pk), row.subject_request.reference, *cells, closed_on(row.subject_request))


def _for_child(one: SubjectRequest) -> bool:
    """Whether its own mailbox and postal address are a guardian's."""
    return one.asker == Asker.GUARDIAN


def _request(one: SubjectRequest) -> Cells:
    # What nobody has proven may be a stranger's, and a guardian's own mailbox is not the person's.
    proven = one.identities.filter(of_representative=False).exclude(proven_at=None).order_by("kind")
    identifiers = ", ".join(f"{row.kind}: {row.value()}" for row in proven)
    postal = "" if _for_child(one) else one.postal()
    answer = "" if blocking.withholds_answer(one) else one.answer()
    what = (one.reference, one.right, one.scope, one.state, one.channel, one.region, one.language)
    when = (one.received_at, one.due_on, one.answered_at, closed_on(one))
    return *what, *when, identifiers, postal, one.details(), one.statement(), answer, one.ground, one.refusal()


def _letters(requests: Requests) -> QuerySet[Notice]:
    """To who asks, and to a child whose guardian does; not to staff, recipients or agents."""
    return _of(Notice)(requests).filter(to__in=["", "child"])


def _letter(row: Notice) -> Cells:
    sent_to = "" if _for_child(row.subject_request) and not row.to else row.addressee()
    return _hung(row, row.letter, row.post, sent_to, row.state, row.created_at, row.sent_at)


def _question(row: ClockPause) -> Cells:
    return _hung(row, row.asked_at, row.question(), row.answer(), row.ended_at)


def _corrections(requests: Requests) -> QuerySet[Correction]:
    """As on the person's own page: not while the account is frozen, for a stranger may have proposed them."""
    frozen = SubjectRequest.objects.filter(blocking.on_requests())
    return _of(Correction)(requests.exclude(pk__in=frozen))


def _correction(row: Correction) -> Cells:
    line = correctable.read(row, maps.controller(row.subject_request.controller))
    where = f"{line.system}: {line.collection}"
    values = (line.before, line.proposed, row.proposed_at, line.state, line.words, row.decided_at)
    return _hung(row, where, line.label, *values)


def _refused_part(row: PartRefusal) -> Cells:
    system = maps.controller(row.subject_request.controller).systems.get(row.system)
    known = system.collections.get(row.collection) if system else None
    return _hung(row, known.title if known else str(row), row.ground, row.words(), row.at)


def _representative(row: Representative) -> Cells:
    return _hung(row, row.kind, row.name(), row.confirmed_at, row.checked_at)


def _acting(row: Representative) -> Cells:
    one = row.subject_request
    # Nobody proved an agent's mailbox: where it was mistyped, name and postal address are a stranger's.
    name, postal = (row.name(), one.postal()) if _for_child(one) else ("", "")
    return str(row.pk), row.kind, name, row.email(), postal, one.received_at, closed_on(one)


def _evidence(row: Evidence) -> Cells:
    return _hung(row, row.kind, row.content_type, row.at, row.destroyed_at)


def _extension(row: Extension) -> Cells:
    return _hung(row, row.reason, row.words(), row.at)


def _withdrawal(row: Withdrawal) -> Cells:
    purpose = maps.controller(row.subject_request.controller).controller.purposes.get(row.purpose)
    return _hung(row, purpose.title if purpose else row.purpose, row.stopped_at)


def _telling(row: Telling) -> Cells:
    recipient = maps.controller(row.subject_request.controller).controller.recipients.get(row.recipient)
    title = recipient.title if recipient else row.recipient
    return _hung(row, title, row.told_by, row.told_at, row.answer, row.words(), row.answered_at, row.expires_on)


def _downloads(requests: Requests) -> QuerySet[Download]:
    mine = Download.objects.filter(package__subject_request__in=requests).select_related("package__subject_request")
    return mine.order_by("at", "pk")


def _download(row: Download) -> Cells:
    one = row.package.subject_request
    return str(row.pk), one.reference, row.package.version, row.at, closed_on(one)


def _certificate(row: Certificate) -> Cells:
    return _hung(row, row.issued_at, row.jws)


def _events(requests: Requests) -> QuerySet[Event]:
    """What was done and when, also who looked (CJEU C-579/21)."""
    return _of(Event)(requests).exclude(tag__startswith=_OF_HOLDS).order_by("pk")


def _event(row: Event) -> Cells:
    """By what kind of actor: which member of staff it was is theirs."""
    one = cast("SubjectRequest", row.subject_request)  # Events of no request stand on no shelf
    return str(row.pk), one.reference, row.at, row.tag, row.actor.partition(":")[0], closed_on(one)


def _fields(*between: str) -> tuple[str, ...]:
    return ("id", "reference", *between, "closed_on")


SHELVES = {
    "requests": Shelf(
        (
            *("reference", "right", "scope", "state", "channel", "region", "language"),
            *("received_at", "due_on", "answered_at", "closed_on"),
            *("identifiers", "postal", "details", "statement", "answer", "ground", "refusal"),
        ),
        lambda requests: requests.order_by("received_at", "pk"),
        _request,
        key="reference",
    ),
    "letters": Shelf(_fields("letter", "post", "sent_to", "state", "written_at", "sent_at"), _letters, _letter),
    "questions": Shelf(_fields("asked_at", "question", "answer", "ended_at"), _of(ClockPause), _question),
    "corrections": Shelf(
        _fields("where", "field", "before", "proposed", "proposed_at", "state", "words", "decided_at"),
        _corrections,
        _correction,
    ),
    "refused-parts": Shelf(_fields("part", "ground", "words", "refused_at"), _of(PartRefusal), _refused_part),
    "representatives": Shelf(
        _fields("kind", "name", "confirmed_at", "checked_at"), _of(Representative), _representative
    ),
    "acting": Shelf(
        ("id", "kind", "name", "email", "postal", "received_at", "closed_on"),
        _of(Representative),
        _acting,
        whose=represented,
    ),
    "evidence": Shelf(_fields("kind", "content_type", "kept_at", "destroyed_at"), _of(Evidence), _evidence),
    "extensions": Shelf(_fields("reason", "words", "extended_at"), _of(Extension), _extension),
    "withdrawals": Shelf(_fields("purpose", "stopped_at"), _of(Withdrawal), _withdrawal),
    "recipients": Shelf(
        _fields("recipient", "told_by", "told_at", "answer", "words", "answered_at", "expires_on"),
        _of(Telling),
        _telling,
    ),
    "downloads": Shelf(_fields("version", "downloaded_at"), _downloads, _download),
    "certificates": Shelf(_fields("issued_at", "certificate"), _of(Certificate), _certificate),
    "events": Shelf(_fields("at", "event", "by"), _events, _event),
}

"""The portal as a system of its own data map: what it holds about a person is found like everything else.

What it keeps, it keeps as the record of having answered; when that time is over it reduces each request by itself
(see keeping), so an erasure has nothing to do here but to wait for that.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import ClassVar, Self

from django.db.models import QuerySet

from dsr.connectors.contract import (
    Ability,
    Batch,
    Cell,
    ChangesNothing,
    Chunk,
    Effect,
    Finding,
    Found,
    Receipt,
    Schema,
    Unreachable,
)
from dsr.connectors.settings import system_settings
from dsr.datamap.route import Identities, Key, Route
from dsr.datamap.schema import IdentityKind, SystemMap
from dsr.law.deadlines import local_day
from dsr.models import ClockPause, Identity, Notice, SubjectRequest, sealed
from dsr.steps import maps

_AT_ONCE = 500
_SOON = 3600.0  # seconds: `keeping` runs each hour

Rows = Iterator[tuple[Cell, ...]]


@dataclass(frozen=True, slots=True)
class _Shelf:
    """One collection: its fields, its rows, and which keys still say something about a person."""

    fields: tuple[str, ...]
    rows: Callable[[Iterable[SubjectRequest]], Rows]
    standing: Callable[[list[str]], set[str]]


def _closed_on(subject_request: SubjectRequest) -> Cell:
    """The local day on which it was closed: its time of keeping begins."""
    if subject_request.closed_at is None:
        return None
    return local_day(subject_request.closed_at, maps.calendar(subject_request.controller))


def _requests(found: Iterable[SubjectRequest]) -> Rows:
    for one in found:
        # What nobody has proven may be a stranger's, and a guardian's own mailbox is not the person's.
        proven = one.identities.filter(of_representative=False).exclude(proven_at=None).order_by("kind")
        identifiers = ", ".join(f"{row.kind}: {row.value()}" for row in proven)
        own = (one.reference, one.right, one.state, one.channel, one.region, one.language, one.received_at)
        yield (*own, one.due_on, one.answered_at, _closed_on(one), identifiers, one.details(), one.answer())


def _letters(found: Iterable[SubjectRequest]) -> Rows:
    for one in found:
        for row in one.notices.filter(to=""):
            yield (
                str(row.pk),
                one.reference,
                row.letter,
                row.post,
                row.state,
                row.created_at,
                row.sent_at,
                _closed_on(one),
            )


def _questions(found: Iterable[SubjectRequest]) -> Rows:
    for one in found:
        for row in one.pauses.all():
            yield str(row.pk), one.reference, row.asked_at, row.question(), row.answer(), row.ended_at, _closed_on(one)


SHELVES = {
    "requests": _Shelf(
        (
            *("reference", "right", "state", "channel", "region", "language", "received_at", "due_on"),
            *("answered_at", "closed_on", "identifiers", "details", "answer"),
        ),
        _requests,
        lambda keys: set(_unreduced().filter(reference__in=keys).values_list("reference", flat=True)),
    ),
    "letters": _Shelf(
        ("id", "reference", "letter", "post", "state", "written_at", "sent_at", "closed_on"),
        _letters,
        lambda keys: _texts(Notice.objects.filter(pk__in=keys, subject_request__in=_unreduced())),
    ),
    "questions": _Shelf(
        ("id", "reference", "asked_at", "question", "answer", "ended_at", "closed_on"),
        _questions,
        lambda keys: _texts(ClockPause.objects.filter(pk__in=keys, subject_request__in=_unreduced())),
    ),
}


def _unreduced() -> QuerySet[SubjectRequest]:
    return SubjectRequest.objects.filter(reduced_at=None)


def _texts(rows: QuerySet[Notice] | QuerySet[ClockPause]) -> set[str]:
    return {str(pk) for pk in rows.values_list("pk", flat=True)}


class OwnHouse(ChangesNothing):
    """Requests, letters and questions of a person, by the identifiers they have proven here."""

    abilities: ClassVar[frozenset[Ability]] = frozenset({Ability.FIND, Ability.ERASE})

    def __init__(self, controller: str, system: SystemMap) -> None:
        self._controller = controller
        self._system = system

    @classmethod
    def from_map(cls, system: SystemMap, environ: Mapping[str, str]) -> Self:
        """Its one setting is the controller whose requests it shows."""
        settings = system_settings(system, environ, needed=("controller",))
        return cls(settings["controller"], system)

    def describe(self) -> Schema:
        """The fields it can bring."""
        return Schema({name: dict.fromkeys(shelf.fields, "text") for name, shelf in SHELVES.items()})

    def check(self) -> list[Finding]:
        """Compare the map with what it can bring."""
        findings = []
        for name, collection in self._system.collections.items():
            known, named = SHELVES[name].fields, collection.fields
            findings += [Finding(name, f"there is no field '{field}'") for field in named if field not in known]
            findings += [Finding(name, f"'{field}' is not described") for field in known if field not in named]
        return findings

    def count(self, route: Route, identities: Identities) -> int:
        """How many rows `find` would bring."""
        return sum(len(batch.rows) for batch in self.find(route, identities) if isinstance(batch, Batch))

    def find(self, route: Route, identities: Identities) -> Iterator[Found]:
        """Rows of the requests in which the person proved one of these identifiers."""
        shelf = SHELVES[route.name]
        rows = shelf.rows(self._requests(route, identities))
        while batch := tuple(islice(rows, _AT_ONCE)):
            yield Batch(route.name, shelf.fields, batch)

    def erase(self, chunk: Chunk, key: str) -> Receipt:  # noqa: ARG002 — the contract's signature
        """What is over is reduced by `keeping`; here is only asked whether that is done. Raises Unreachable."""
        left = len(self.read_back(chunk))
        if left:
            message = "The portal reduces its own record of this request within the hour."
            raise Unreachable(message, retry_in=_SOON)
        return Receipt(Effect.ABSENT)

    def read_back(self, chunk: Chunk) -> tuple[Key, ...]:
        """Those of these rows that still say something about a person."""
        standing = SHELVES[chunk.collection].standing([str(key[0]) for key in chunk.keys])
        return tuple(key for key in chunk.keys if key[0] in standing)

    def poll(self, handle: str) -> Receipt:
        """Nothing here is asynchronous."""
        message = f"the portal gave no handle '{handle}'"
        raise ValueError(message)

    def close(self) -> None:
        """The portal's own connection stays."""

    def _requests(self, route: Route, identities: Identities) -> QuerySet[SubjectRequest]:
        """Requests of this controller in which one of the identifiers was proven."""
        kinds = {seed.kind for seed in (*route.seeds, *(seed for hop in route.hops for seed in hop.to.seeds))}
        lookups = [
            hashed
            for kind in kinds & set(IdentityKind)
            for key in identities.get(kind, ())
            for hashed in sealed.lookups(kind, ":".join(map(str, key)))  # a social sign-in is two values
        ]
        proven = Identity.objects.filter(lookup__in=lookups, of_representative=False).exclude(proven_at=None)
        mine = SubjectRequest.objects.filter(controller=self._controller, reduced_at=None)
        return mine.filter(pk__in=proven.values("subject_request")).order_by("received_at")

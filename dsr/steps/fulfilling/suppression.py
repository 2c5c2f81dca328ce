"""The suppression ledger: keyed hashes of who was erased, so that a restored backup does not bring them back for good.

A hash says nothing without its key, which lies in no database and no backup of one. It cannot be searched for in a
system: the identity columns of a system are streamed instead, and each value is hashed and looked up here.
"""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from itertools import islice
from typing import TypeVar
from zoneinfo import ZoneInfo

from dsr.connectors.contract import Batch, Cell, Survey
from dsr.datamap.schema import ControllerMap, IdentityKind, SystemMap
from dsr.law import moments
from dsr.models import PlanItem, SubjectRequest, Suppression, sealed
from dsr.sealing.fields import keyed_hash, keyed_hashes
from dsr.sealing.keyring import Role
from dsr.steps import maps
from dsr.steps.fulfilling import parts, search

AT_ONCE = 500
NORMALISATION = 1  # what is written now; each older one stays below as long as hashes of it are kept
Name = tuple[str, str]  # kind and hash
_One = TypeVar("_One")


def normalised(kind: str, values: Iterable[Cell], version: int = NORMALISATION) -> str:
    """An identifier as it is hashed. Nothing is folded by which two people could become one, such as dots."""
    return _NORMALISATIONS[version](kind, ":".join(str(value) for value in values))


def _first(kind: str, text: str) -> str:
    text = unicodedata.normalize("NFC", text.strip())
    return text.lower() if kind == IdentityKind.EMAIL else text


_NORMALISATIONS = {1: _first}


def remember(subject_request: SubjectRequest, names: Iterable[tuple[str, str]], *, at: datetime) -> None:
    """Keep the hashes of these `names`. Call it in the transaction in which the erasure is carried out."""
    ring = sealed.ring(Role.SUPPRESSION)
    rows = [
        Suppression(
            controller=subject_request.controller,
            kind=kind,
            hash=keyed_hash(ring, _purpose(subject_request.controller, kind), value),
            key_id=ring.current,
            normalisation=NORMALISATION,
            erased_at=at,
            subject_request=subject_request,
        )
        for kind, value in sorted(names)
    ]
    Suppression.objects.bulk_create(rows, ignore_conflicts=True, batch_size=AT_ONCE)


def _purpose(controller: str, kind: str) -> str:
    return f"suppression:{controller}:{kind}"


def names(subject_request: SubjectRequest, finds: Iterable[PlanItem]) -> set[tuple[str, str]]:
    """Kind and normalised value: what was proven, and by what else the systems knew the rows that its `finds` found."""
    found = {(kind, normalised(kind, key)) for kind, keys in search.proven(subject_request).items() for key in keys}
    about = maps.controller(subject_request.controller)
    for item in finds:
        if item.part is None or not item.part.wrapped_key or item.system not in about.systems:
            continue
        system = about.systems[item.system]
        for batch in parts.found_in(item.part):
            if isinstance(batch, Batch):
                found |= set(_in(system, batch))
    return found


def _in(system: SystemMap, batch: Batch) -> Iterator[tuple[str, str]]:
    for kind, fields in system.collections[batch.collection].found_by.items():
        if set(fields) <= set(batch.fields):
            places = [batch.fields.index(name) for name in fields]
            for row in batch.rows:
                if all(row[place] not in (None, "") for place in places):
                    yield kind, normalised(kind, [row[place] for place in places])


def columns(about: ControllerMap, system: SystemMap, collection: str) -> dict[str, tuple[str, ...]]:
    """The identity columns of a collection, by kind: its own, and links to those of another system."""
    found = {str(kind): fields for kind, fields in system.collections[collection].found_by.items()}
    for link in system.collections[collection].links:
        other, dot, name = link.to.partition(".")
        if dot:
            there = about.systems[other].collections[name].found_by
            for kind, fields in there.items():
                if set(fields) <= set(link.on.values()):
                    own = {to: mine for mine, to in link.on.items()}
                    found.setdefault(str(kind), tuple(own[field] for field in fields))
    return found


@dataclass(frozen=True, slots=True)
class Back:
    """A live row of somebody who was erased."""

    subject_request: SubjectRequest
    key: tuple[Cell, ...]
    columns: tuple[str, ...]  # those that name the person
    sure: bool  # older than the erasure; else nobody can tell it from a row of who came back


def lost(controller: str) -> tuple[int, list[str]]:
    """How many hashes no row is found by any more, and the keys they were made with, which the ring lacks."""
    ring = sealed.ring(Role.SUPPRESSION)
    rows = Suppression.objects.filter(controller=controller).exclude(key_id__in=ring.keys)
    return rows.count(), sorted(set(rows.values_list("key_id", flat=True)))


def given_back(about: ControllerMap, system: SystemMap, collection: str, survey: Survey) -> Iterator[Back]:
    """Live rows of people who were erased. Newer rows stay away; of one whose moment cannot be read it is told."""
    described = system.collections[collection]
    wanted = columns(about, system, collection)
    zone = ZoneInfo(about.controller.calendar.zone)
    fields = tuple(dict.fromkeys((*described.key, described.created, *(f for each in wanted.values() for f in each))))
    for rows in _by(AT_ONCE, survey.rows(collection, fields)):
        records = [dict(zip(fields, row, strict=True)) for row in rows]
        named = [(record, set(_hashed(about, wanted, record))) for record in records]
        known = _known(about.controller.slug, {hashed for _, names in named for _, hashed in names})
        for record, names in named:
            created, key = record[described.created], tuple(record[field] for field in described.key)
            for kind, hashed in names:
                for entry in known.get((kind, hashed), ()):
                    before = _before(created, entry.erased_at, zone)
                    if before is not False:
                        yield Back(entry.subject_request, key, wanted[kind], before is True)


def _hashed(about: ControllerMap, wanted: Mapping[str, tuple[str, ...]], record: Mapping[str, Cell]) -> Iterator[Name]:
    """Every hash under which one of the row's identifiers may stand: by each key, and each normalisation."""
    ring = sealed.ring(Role.SUPPRESSION)
    for kind, own in wanted.items():
        values = [record[name] for name in own]
        if all(value not in (None, "") for value in values):
            for version in _NORMALISATIONS:
                purpose = _purpose(about.controller.slug, kind)
                yield from ((kind, hashed) for hashed in keyed_hashes(ring, purpose, normalised(kind, values, version)))


def _known(controller: str, hashes: set[str]) -> dict[Name, list[Suppression]]:
    found: dict[Name, list[Suppression]] = {}
    for some in _by(AT_ONCE, sorted(hashes)):
        rows = Suppression.objects.filter(controller=controller, hash__in=some).select_related("subject_request")
        for row in rows:
            found.setdefault((row.kind, row.hash), []).append(row)
    return found


def _before(created: Cell, erased_at: datetime, zone: tzinfo) -> bool | None:
    """Whether a row is older than the erasure; None where nobody can tell."""
    moment = moments.read(created)
    if moment is None:
        return None
    if isinstance(moment, datetime):
        zones = (moment.tzinfo,) if moment.tzinfo else (UTC, zone)  # one without a zone may be meant in either
        older = {moment.replace(tzinfo=each) < erased_at for each in zones}
        return older.pop() if len(older) == 1 else None
    days = {erased_at.astimezone(UTC).date(), erased_at.astimezone(zone).date()}
    return True if moment < min(days) else False if moment > max(days) else None  # a day has no hour


def _by(many: int, values: Iterable[_One]) -> Iterator[tuple[_One, ...]]:
    """The values, so many at a time."""
    left = iter(values)
    while some := tuple(islice(left, many)):
        yield some

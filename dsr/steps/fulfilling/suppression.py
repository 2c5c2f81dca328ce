"""The suppression ledger: keyed hashes of who was erased, so that a restored backup does not bring them back for good.

A hash says nothing without its key, which lies in no database and no backup of one. It cannot be searched for in a
system: the identity columns of a system are streamed instead, and each value is hashed and looked up here.
A name finds a row, and proves nothing: another account may bear it, or come to bear it. What was erased is known by
its own key as well, which was approved once; nothing else is erased again.
"""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from itertools import islice
from typing import TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from dsr.connectors.contract import Batch, Cell, Survey
from dsr.datamap.schema import ControllerMap, IdentityKind, SystemMap
from dsr.law import moments
from dsr.law.work import Kind
from dsr.models import PlanItem, SubjectRequest, Suppression, sealed
from dsr.sealing.fields import keyed_hash, keyed_hashes
from dsr.sealing.keyring import Role
from dsr.steps import maps
from dsr.steps.asking import scopes
from dsr.steps.fulfilling import manifest, parts, search, sources

AT_ONCE = 500
NORMALISATION = 1  # what is written now; each older one stays below as long as hashes of it are kept
ROW = "row"  # the kind under which the key of an erased row stands
Name = tuple[str, str]  # kind and value, or its hash
_One = TypeVar("_One")


def normalised(kind: str, values: Iterable[Cell], version: int = NORMALISATION) -> str:
    """An identifier as it is hashed. Nothing is folded by which two people could become one, such as dots."""
    return _NORMALISATIONS[version](kind, ":".join(str(value) for value in values))


def _first(kind: str, text: str) -> str:
    text = unicodedata.normalize("NFC", text.strip())
    return text.lower() if kind == IdentityKind.EMAIL else text


_NORMALISATIONS = {1: _first}


def taken(item: PlanItem) -> set[Name]:
    """What to remember of an item: the rows of its system that were approved, and by what they name their person.

    Kind and normalised value. What is kept for now is remembered, too: it leads to what was erased. Of a part of the
    data every row is remembered, for what leads there was not asked for; of everything, only rows that name a person.
    Nothing without such rows, for then nothing may be erased again. Call it before the search's Part is forgotten.
    """
    about = maps.controller(item.subject_request.controller)
    system = about.systems[item.system]
    part = scopes.of_part(item.subject_request)
    named = {name for name in system.collections if part or knowable(about, system, name)}
    rows = {
        (ROW, row_of(system.slug, line.collection, key))
        for line in sources.lines(item)
        if line.collection in named
        for key in line.keys
    }
    return rows | _names(item, system) if rows else set()


def knowable(about: ControllerMap, system: SystemMap, collection: str) -> bool:
    """Whether restored rows of it can be told: its columns name a person, and when a row was made."""
    return bool(system.collections[collection].created and columns(about, system, collection))


def row_of(system: str, collection: str, key: Iterable[str | int | float | bool | None]) -> str:
    """One row as it is hashed, its key as a manifest spells it."""
    return f"{system}.{collection}:{msgspec.json.encode(list(key)).decode()}"


def remember(item: PlanItem, names: Iterable[Name], *, at: datetime) -> None:
    """Keep the hashes of what was `taken`. Call it in the transaction in which the item is done."""
    ring, subject_request = sealed.ring(Role.SUPPRESSION), item.subject_request
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


def _names(item: PlanItem, system: SystemMap) -> set[Name]:
    """What was proven, and by what else the system knew the rows that were found there."""
    subject_request = item.subject_request
    found = {(kind, normalised(kind, key)) for kind, keys in search.proven(subject_request).items() for key in keys}
    finds = subject_request.items.filter(kind=Kind.FIND, system=item.system).exclude(part=None)
    for find in finds.exclude(part__wrapped_key="").select_related("part"):
        for batch in parts.found_in(find.part) if find.part else ():
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
    listed: bool  # it was erased before; else it bears a name of theirs, and may be anybody's


def lost(controller: str) -> tuple[int, list[str]]:
    """How many hashes no row is found by any more, and the keys they were made with, which the ring lacks."""
    ring = sealed.ring(Role.SUPPRESSION)
    rows = Suppression.objects.filter(controller=controller).exclude(key_id__in=ring.keys)
    return rows.count(), sorted(set(rows.values_list("key_id", flat=True)))


def given_back(about: ControllerMap, system: SystemMap, collection: str, survey: Survey) -> Iterator[Back]:
    """Live rows that bear a name of who was erased. Newer ones stay away; one whose moment cannot be read is told."""
    described = system.collections[collection]
    wanted = columns(about, system, collection)
    zone = ZoneInfo(about.controller.calendar.zone)
    fields = tuple(dict.fromkeys((*described.key, described.created, *(f for each in wanted.values() for f in each))))
    for rows in _by(AT_ONCE, survey.rows(collection, fields)):
        records = [dict(zip(fields, row, strict=True)) for row in rows]
        named = [(record, set(_hashed(about, wanted, record))) for record in records]
        known = _known(about.controller.slug, {hashed for _, names in named for _, hashed in names})
        met = [(record, names) for record, names in named if not known.keys().isdisjoint(names)]
        keys = [tuple(record[field] for field in described.key) for record, _ in met]
        erased = _erased(about.controller.slug, system.slug, collection, keys)
        for key, (record, names) in zip(keys, met, strict=True):
            for kind, entry in ((name[0], entry) for name in names for entry in known.get(name, ())):
                when = erased.get((key, entry.subject_request_id))
                before = _before(record[described.created], when or entry.erased_at, zone)
                if before is not False:
                    yield Back(entry.subject_request, key, wanted[kind], before is True, when is not None)


def _erased(
    controller: str, system: str, collection: str, keys: Iterable[tuple[Cell, ...]]
) -> dict[tuple[tuple[Cell, ...], UUID], datetime]:
    """When a row was erased, by its key and whose erasure it was; nothing of a row that never was."""
    ring, purpose = sealed.ring(Role.SUPPRESSION), _purpose(controller, ROW)
    hashes: dict[str, tuple[Cell, ...]] = {}
    for key in keys:
        told = row_of(system, collection, map(manifest.spelled, key))
        hashes |= dict.fromkeys(keyed_hashes(ring, purpose, told), key)
    found = (entry for entries in _known(controller, set(hashes)).values() for entry in entries)
    return {(hashes[one.hash], one.subject_request_id): one.erased_at for one in found if one.kind == ROW}


def listed(system: SystemMap, batch: Batch, subject_request: SubjectRequest) -> Batch:
    """Those of the rows that this request erased; newer ones, which may have taken over a key, stay away."""
    described = system.collections[batch.collection]
    places = [batch.fields.index(name) for name in described.key]
    made = batch.fields.index(described.created) if described.created in batch.fields else None
    keys = [tuple(row[place] for place in places) for row in batch.rows]
    erased = _erased(subject_request.controller, system.slug, batch.collection, keys)
    zone = ZoneInfo(maps.calendar(subject_request.controller).zone)

    def ours(key: tuple[Cell, ...], row: tuple[Cell, ...]) -> bool:
        when = erased.get((key, subject_request.pk))
        return when is not None and (made is None or _before(row[made], when, zone) is True)

    return replace(batch, rows=tuple(row for key, row in zip(keys, batch.rows, strict=True) if ours(key, row)))


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

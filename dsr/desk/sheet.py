"""What a request's page shows of its rows: items, manifest and packages, in words."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from dsr.datamap.schema import ControllerMap
from dsr.desk import silence, timeline, words
from dsr.desk.due import Chip
from dsr.law.grounds import GROUNDS, Ground
from dsr.law.work import ItemState, Kind
from dsr.models import BlastLimit, Manifest, Package, PlanItem, SubjectRequest, Supplement
from dsr.steps import ledger
from dsr.steps.deciding import approval
from dsr.steps.fulfilling import supplement
from dsr.steps.fulfilling.manifest import REFUSED, UNREAD, last_day

TOMBSTONE = "tombstone"
Since = dict[str, datetime]  # by system
_ORDER: list[str] = [
    Kind.PREVIEW,
    Kind.ADDRESSES,
    Kind.STOP,
    Kind.FIND,
    Kind.CLOSE,
    Kind.ERASE,
    Kind.CORRECT,
    Kind.ASSEMBLE_PART,
    Kind.LOOK,
    Kind.ASSEMBLE,
    Kind.RESUME,
]


@dataclass(frozen=True, slots=True)
class Item:
    """A plan item; the two flags say what its state lets one do, not who may."""

    row: PlanItem
    title: str
    chip: Chip
    outcome: str
    counts: list[str]
    retriable: bool
    excludable: bool
    supplementable: bool
    silent_since: datetime | None  # its system does not answer anybody
    paused_since: datetime | None  # staff have its system left alone


@dataclass(frozen=True, slots=True)
class Kept:
    """Rows of one collection that stay."""

    count: int
    ground: str
    until: date | None


@dataclass(slots=True)
class Fate:
    """What becomes of one collection."""

    system: str
    collection: str
    erases: int = 0
    keeps: list[Kept] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Limit:
    """More rows of one collection than its map lets one request take."""

    pk: UUID
    rows: int
    system: str
    collection: str


def items(subject_request: SubjectRequest, controller_map: ControllerMap) -> list[Item]:
    """The plan's items in the order of their work."""
    found = subject_request.items.select_related("errand")
    rows = sorted(found, key=lambda row: (row.deferred, _ORDER.index(Kind(row.kind)), row.system))
    silent, paused = silence.since(subject_request), silence.paused_since(subject_request)
    return [_item(row, controller_map, silent, paused, closed=subject_request.closed) for row in rows]


def fates(manifest: Manifest | Supplement, controller_map: ControllerMap) -> list[Fate]:
    """The manifest's summary: per collection what is erased, what is kept, why and until when."""
    rows: dict[tuple[str, str], Fate] = {}
    for line in (row for row in manifest.summary if not row.get("instead")):
        place = line["system"], line["collection"]
        fate = rows.setdefault(place, Fate(*titles(controller_map, *place)))
        if line["until"]:
            fate.keeps.append(kept(controller_map, line))
        else:
            fate.erases += line["count"]
    return [rows[place] for place in sorted(rows)]


def kept(controller_map: ControllerMap, line: dict[str, Any]) -> Kept:
    """How many rows stay, why and until when."""
    return Kept(line["count"], _ground(controller_map, line["rule"]), last_day(line["until"]))


def packages(subject_request: SubjectRequest) -> list[Package]:
    """The answers that were put together, with their downloads."""
    return list(subject_request.packages.prefetch_related("downloads"))


def limits(met: Iterable[BlastLimit], controller_map: ControllerMap) -> list[Limit]:
    """The limits that an erasure met, as the data map calls what they are about."""
    return [Limit(row.pk, row.rows, *titles(controller_map, row.system, row.collection)) for row in met]


def _item(row: PlanItem, controller_map: ControllerMap, silent: Since, paused: Since, *, closed: bool) -> Item:
    pausing = row.state in {ItemState.READY, ItemState.WAITING} and row.tries > 0
    stuck = row.state == ItemState.QUARANTINED or pausing
    left_alone = row.state == ItemState.READY and row.system in paused
    chip = Chip("Did not answer, tries again", "soon") if pausing else Chip(*words.ITEM_STATES[ItemState(row.state)])
    chip = Chip("Waits, system paused", "soon") if left_alone else chip
    return Item(
        row=row,
        title=timeline.item_title(row.kind, row.system, controller_map),
        chip=chip,
        outcome=words.outcome_of(row.kind, row.outcome),
        counts=list(_counts(row, controller_map)),
        retriable=stuck and (row.deferred or row.kind in ledger.AFTER_THE_END or not closed),
        excludable=(stuck or left_alone) and row.kind in approval.EXCLUDABLE and not row.deferred and not closed,
        supplementable=supplement.possible(row),
        silent_since=None if row.state == ItemState.DONE else silent.get(row.system),
        paused_since=None if row.state == ItemState.DONE else paused.get(row.system),
    )


def _counts(row: PlanItem, controller_map: ControllerMap) -> Iterator[str]:
    """Numbers only. Each kind of item counts in its own way; what is stopped is a purpose, or the account."""
    if row.kind in {Kind.STOP, Kind.RESUME}:
        purposes = controller_map.controller.purposes
        for name, count in row.counts.items():
            yield f"{purposes[name].title if name in purposes else 'Account'}: {count:,}"
        return
    if row.kind == Kind.ERASE:
        yield from _erased(row, controller_map)
        return
    for name, count in _COUNTED.get(Kind(row.kind), _uncounted)(row.counts):
        title = name if name in _TOTALS else titles(controller_map, row.system, name)[1]
        yield f"{title}: {count:,}"


_FILES, _TO_ERASE, _TO_KEEP = _TOTALS = ("Files", "To erase", "To keep")


def _found(counts: dict[str, Any]) -> Iterator[tuple[str, int]]:
    yield from counts.get("rows", {}).items()
    if counts.get("files"):
        yield _FILES, counts["files"]


def _erased(row: PlanItem, controller_map: ControllerMap) -> Iterator[str]:
    """What was erased, and what the system itself keeps; of an item that is not done, nothing."""
    for name, done in row.counts.items():
        if "erased" not in done:
            continue
        kept = sum(rows["count"] for rows in done.get("kept", ()))
        stays = f", {kept:,} kept" if kept else ""
        yield f"{titles(controller_map, row.system, name)[1]}: {done['erased']:,} erased{stays}"


def _corrected(counts: dict[str, Any]) -> Iterator[tuple[str, int]]:
    for name, done in counts.items():
        yield name, done.get("corrected", 0)


def _closed(counts: dict[str, Any]) -> Iterator[tuple[str, int]]:
    lines = counts.get("lines", ())
    yield _TO_ERASE, sum(line["count"] for line in lines if not line["until"])
    yield _TO_KEEP, sum(line["count"] for line in lines if line["until"])


def _uncounted(_: dict[str, Any]) -> Iterator[tuple[str, int]]:
    return iter(())


_COUNTED = {Kind.FIND: _found, Kind.CORRECT: _corrected, Kind.CLOSE: _closed}


def titles(controller_map: ControllerMap, system: str, collection: str) -> tuple[str, str]:
    """As the data map calls them; a map may have changed since, so their slugs must do too."""
    known = controller_map.systems.get(system)
    if known is None:
        return system, collection
    place = known.collections.get(collection)
    return known.title, place.title if place else collection


def _ground(controller_map: ControllerMap, rule: str) -> str:
    if rule == TOMBSTONE:
        return "Kept rows need it; only its number stays"
    if rule.startswith(REFUSED):
        return f"Refused: {GROUNDS[Ground(rule.removeprefix(REFUSED))].plain}"
    if rule.startswith(UNREAD):
        kept_by = _ground(controller_map, rule.removeprefix(UNREAD))
        return f"{kept_by} (the date it is kept from cannot be read: mend these rows, or the map)"
    known = controller_map.controller.retention.get(rule)
    return (known.ground or known.says) if known else rule

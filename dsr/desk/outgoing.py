"""What would go out, as staff look at it before the release: collections, and their records page by page."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice

from dsr.connectors.contract import Batch, Cell
from dsr.datamap.portable import portable_fields
from dsr.datamap.schema import CollectionMap, ControllerMap
from dsr.desk import people
from dsr.law.grounds import GROUNDS, Ground
from dsr.law.rights import Right
from dsr.law.work import ItemState, Kind
from dsr.models import PlanItem, Redaction, SubjectRequest
from dsr.package.cells import Shown, shown
from dsr.package.redaction import label, withheld
from dsr.steps import maps
from dsr.steps.deciding import looking, redacting, withholding
from dsr.steps.fulfilling import parts
from dsr.steps.post import remedies

PER_PAGE = 25
LENGTH = 2_000  # characters of a value


@dataclass(frozen=True, slots=True)
class Place:
    """A collection with something in it."""

    system: str
    collection: str
    system_title: str
    title: str
    count: int
    fields: int
    marks: int
    described: CollectionMap

    @property
    def pages(self) -> int:
        """How many pages its records fill."""
        return max(1, -(-self.count // PER_PAGE))


@dataclass(frozen=True, slots=True)
class Line:
    """One field of a record."""

    label: str
    value: Shown
    out: bool


@dataclass(frozen=True, slots=True)
class Record:
    """One record; `name` tells nobody whose it is."""

    name: str
    number: int
    lines: list[Line]
    out: bool


@dataclass(frozen=True, slots=True)
class Marked:
    """What is left out by one mark, why, and by whom."""

    row: Redaction
    where: str
    what: str
    ground: str
    words: str
    by: str


def places(subject_request: SubjectRequest) -> list[Place]:
    """The collections of which something would go out, as the data map calls them."""
    about = maps.controller(subject_request.controller)
    refused = withholding.refused(subject_request)
    marks = [(one.system, one.collection) for one in looking.standing_marks(subject_request)]
    found = []
    for item in _finds(subject_request):
        system = about.systems.get(item.system)
        counts = item.part.counts if item.part else {}
        for name, count in counts.items():
            if system is None or name not in system.collections or (item.system, name) in refused or not count:
                continue
            described = system.collections[name]
            fields = sum(map(_goes_out(subject_request, about, item.system, name), described.fields))
            if fields:
                at = (item.system, name)
                found.append(Place(*at, system.title, described.title, count, fields, marks.count(at), described))
    return found


def records(subject_request: SubjectRequest, place: Place, page: int) -> list[Record]:
    """The records of one page, without what is never shown; what is left out is shown, and said to be."""
    marked = redacting.marks(subject_request).get((place.system, place.collection))
    first = (page - 1) * PER_PAGE
    goes_out = _goes_out(subject_request, maps.controller(subject_request.controller), place.system, place.collection)
    found = islice(_rows(subject_request, place), first, first + PER_PAGE)
    listed = []
    for number, (names, cells) in enumerate(found, first + 1):
        out = marked.of(names) if marked else frozenset()
        lines = [
            Line(
                label(field, place.described.fields.get(field)),
                shown(cell, place.described.fields[field].codes, length=LENGTH),
                field in out,
            )
            for field, cell in cells
            if goes_out(field)
        ]
        listed.append(Record(names[0], number, lines, bool(marked and not marked.rows.isdisjoint(names))))
    return listed


def choices(subject_request: SubjectRequest, place: Place) -> list[tuple[str, str]]:
    """The fields of a collection that can be left out on their own."""
    about = maps.controller(subject_request.controller)
    goes_out = _goes_out(subject_request, about, place.system, place.collection)
    fields = place.described.fields
    return [
        (name, label(name, field))
        for name, field in fields.items()
        if name not in place.described.key and goes_out(name)
    ]


def marked(subject_request: SubjectRequest, numbers: dict[str, int] | None = None) -> list[Marked]:
    """Everything that is left out; `numbers` of the records on the page where it is shown."""
    about = maps.controller(subject_request.controller)
    rows = looking.standing_marks(subject_request).select_related("by")
    return [_marked(one, about, numbers or {}) for one in rows]


def _marked(one: Redaction, about: ControllerMap, numbers: dict[str, int]) -> Marked:
    system = about.systems.get(one.system)
    described = system.collections.get(one.collection) if system else None
    where = f"{system.title}: {described.title}" if system and described else str(one)
    number = numbers.get(one.row)
    record = f"record {number}" if number else "one record"
    field = label(one.field, described.fields.get(one.field) if described else None) if one.field else ""
    what = f"{field}, in {record if one.row else 'every record'}" if field else f"{record}, whole"
    return Marked(one, where, what, GROUNDS[Ground(one.ground)].plain, one.words(), people.name_of(one.by))


def _finds(subject_request: SubjectRequest) -> list[PlanItem]:
    finds = subject_request.items.filter(kind=Kind.FIND, state=ItemState.DONE).exclude(part=None)
    return list(finds.select_related("part").order_by("system"))


def _goes_out(
    subject_request: SubjectRequest, about: ControllerMap, system: str, collection: str
) -> Callable[[str], bool]:
    """Whether a field would go out at all: not what is never shown, nor in a portable copy what is not portable."""
    laws = remedies.laws(subject_request)
    described = about.systems[system].collections[collection]
    if subject_request.right == Right.PORTABILITY:
        return frozenset(portable_fields(about, system, collection, laws)).__contains__
    kept = {each.field for each in withheld(described, (), laws)}
    return lambda name: name in described.fields and name not in kept


def _rows(subject_request: SubjectRequest, place: Place) -> Iterator[tuple[tuple[str, ...], list[tuple[str, Cell]]]]:
    item = next(each for each in _finds(subject_request) if each.system == place.system)
    if item.part is None or not item.part.wrapped_key:
        return
    opened = partial(parts.as_found, item.part)
    for each in opened():
        if isinstance(each, Batch) and each.collection == place.collection:
            names = redacting.row_names(subject_request, place.system, each, place.described)
            for own, row in zip(names, each.rows, strict=True):
                yield own, list(zip(each.fields, row, strict=True))

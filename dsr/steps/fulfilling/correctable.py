"""What a person may have corrected: the rectifiable fields of what was found, with their present values.

Never a value by which a system knows the person: nothing here proves that the new address is theirs, and whoever holds
it can take the account over. Such a value is changed in the account, or by staff who were shown that it is theirs.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from dsr.connectors.contract import Batch, Cell
from dsr.datamap.narrow import rectifiable_fields
from dsr.datamap.schema import CollectionMap, ControllerMap, FieldMap
from dsr.datamap.sharing import own_fields
from dsr.datamap.values import corrected, same
from dsr.law.work import Kind, Outcome
from dsr.models import Correction, Proposal, SubjectRequest, sealed
from dsr.package.cells import shown
from dsr.package.redaction import label
from dsr.steps import maps
from dsr.steps.fulfilling import parts
from dsr.steps.fulfilling.manifest import spelled
from dsr.steps.move import Conflict
from dsr.steps.post import remedies, wording

ADDRESS = "user.contact.email"  # by which we know a person, and write to them
_NO_FIELD = FieldMap(category="user")  # the map has changed since


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a row, as it was found."""

    name: str
    label: str
    described: FieldMap
    value: Cell

    @property
    def typed(self) -> str:
        """The present value as one would type it."""
        return typed(self.value)

    @property
    def says(self) -> str:
        """The present value as one reads it."""
        return readable(self.value, self.described)


@dataclass(frozen=True, slots=True)
class Row:
    """One row with its rectifiable fields; `place` names it without saying what its key is."""

    system: str
    collection: str
    title: str
    name: str
    place: str
    key: str  # JSON
    fields: tuple[Field, ...]


def rows(subject_request: SubjectRequest, about: ControllerMap | None = None) -> Iterator[Row]:
    """Every row that was found and has rectifiable fields, system by system; `about` says in which language."""
    controller_map = about or maps.controller(subject_request.controller)
    laws = remedies.laws(subject_request)
    finds = subject_request.items.filter(kind=Kind.FIND).exclude(part=None).select_related("part").order_by("system")
    for item in finds:
        known = controller_map.systems.get(item.system)
        if item.part is None or not item.part.wrapped_key or known is None:
            continue
        batches = [each for each in parts.found_in(item.part) if isinstance(each, Batch)]
        for name, collection in known.collections.items():  # an account before its orders, as the map tells it
            mine = [batch for batch in batches if batch.collection == name]
            numbered = sum(len(batch.rows) for batch in mine) > 1
            for batch in mine:
                yield from _rows(item.system, batch, collection, laws, numbered=numbered)


def row(subject_request: SubjectRequest, place: str, about: ControllerMap | None = None) -> Row | None:
    """The row of that place."""
    return next((each for each in rows(subject_request, about) if each.place == place), None)


def changes(row: Row, given: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """What was typed for a row, by field: the new values, and in words what is wrong with others."""
    new: dict[str, str] = {}
    wrong: dict[str, str] = {}
    for field in row.fields:
        text = given.get(field.name)
        if text is None or text == field.typed:
            continue
        try:
            value = corrected(field.described, text)
        except ValueError as error:
            wrong[field.name] = f"{field.label}: {wording.mistake(error)}"
        else:
            if not same(field.value, value):
                new[field.name] = str(value)
    return new, wrong


def proposed(
    subject_request: SubjectRequest, values: Mapping[tuple[str, str], str], at: datetime
) -> Iterator[Correction]:
    """The rows of what is proposed, not kept yet; only what differs. Raises Conflict when a value does not fit."""
    for row in rows(subject_request):
        new, wrong = changes(row, {name: text for (place, name), text in values.items() if place == row.place})
        if wrong:
            raise Conflict(next(iter(wrong.values())))
        for field in (each for each in row.fields if each.name in new):
            one = Correction(subject_request=subject_request, system=row.system, collection=row.collection)
            one.field, one.place, one.proposed_at = field.name, row.place, at
            one.seal("key", row.key)
            one.seal("before", as_json(field.value))
            one.seal("proposed", new[field.name])
            yield one


def named(subject_request: SubjectRequest) -> list[dict[str, object]]:
    """What can be corrected, as a letter lists it: the fields of each collection, and no value."""
    about = maps.localised(subject_request.controller, subject_request.language)
    found: dict[str, list[str]] = {}
    for each in rows(subject_request, about):
        found.setdefault(each.title, []).extend(field.label for field in each.fields)
    return [{"where": title, "fields": list(dict.fromkeys(labels))} for title, labels in found.items()]


def _rows(
    system: str, batch: Batch, collection: CollectionMap, laws: Collection[str], *, numbered: bool
) -> Iterator[Row]:
    offered = (name for name in rectifiable_fields(collection, laws) if not _identifies(name, collection))
    own = own_fields(collection, batch.share)  # of a row that concerns others, too
    names = [name for name in offered if name in batch.fields and (own is None or name in own)]
    if not names:
        return
    for cells in batch.rows:
        record = dict(zip(batch.fields, cells, strict=True))
        key = msgspec.json.encode([spelled(record[name]) for name in collection.key]).decode()
        yield Row(
            system=system,
            collection=batch.collection,
            title=collection.title,
            name=_name(collection, record) or (_key(collection, record) if numbered else ""),
            place=sealed.lasting(f"{system}.{batch.collection}", key),
            key=key,
            fields=tuple(_field(name, collection.fields[name], record[name]) for name in names),
        )


def _name(collection: CollectionMap, record: dict[str, Cell]) -> str:
    """What the map says names a row."""
    return shown(record.get(collection.item_title), {}, length=60).text if collection.item_title else ""


def _key(collection: CollectionMap, record: dict[str, Cell]) -> str:
    """The row's number, unless it is never shown."""
    open_ = [name for name in collection.key if name in collection.fields]
    return ", ".join(shown(record[name], {}, length=60).text for name in open_)


def _field(name: str, described: FieldMap, value: Cell) -> Field:
    return Field(name, label(name, described), described, value)


def typed(value: Cell) -> str:
    """A value as one would type it."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def as_json(value: Cell) -> str:
    """A value as it is kept."""
    return msgspec.json.encode(value).decode()


def from_json(text: str) -> Cell:
    """What `as_json` wrote."""
    value: Cell = msgspec.json.decode(text)
    return value


def readable(value: Cell, described: FieldMap) -> str:
    """A value as one reads it: a coded one by its meaning."""
    seen = shown(value, described.codes)
    return seen.meaning or seen.text


@dataclass(frozen=True, slots=True)
class Line:
    """One proposed correction, as the person and the desk read it."""

    row: Correction
    system: str
    collection: str
    label: str
    before: str
    proposed: str
    words: str
    identifying: bool  # by this value the system knows the person

    @property
    def state(self) -> str:
        """'proposed', 'declined', 'accepted', or what came of it."""
        return self.row.outcome or self.row.decision or "proposed"


def lines(subject_request: SubjectRequest, about: ControllerMap | None = None) -> list[Line]:
    """Everything that was proposed. Nothing, once the portal has forgotten the values."""
    if subject_request.reduced_at is not None:
        return []
    controller_map = about or maps.controller(subject_request.controller)
    return [read(each, controller_map) for each in subject_request.corrections.all()]


def read(row: Correction, controller_map: ControllerMap) -> Line:
    """One of them, opened."""
    system, collection, described = _described(row, controller_map)
    return Line(
        row=row,
        system=system,
        collection=collection.title if collection else row.collection,
        label=label(row.field, described),
        before=readable(from_json(row.text("before")), described),
        proposed=readable(row.text("proposed"), described),
        words=row.text("words"),
        identifying=bool(collection and _identifies(row.field, collection)),
    )


def identifying(row: Correction) -> bool:
    """Whether the system knows the person by this field."""
    collection = _described(row, maps.controller(row.subject_request.controller))[1]
    return bool(collection and _identifies(row.field, collection))


def _identifies(name: str, collection: CollectionMap) -> bool:
    known = collection.fields.get(name, _NO_FIELD)
    return known.category == ADDRESS or any(name in fields for fields in collection.found_by.values())


def _described(row: Correction, controller_map: ControllerMap) -> tuple[str, CollectionMap | None, FieldMap]:
    system = controller_map.systems.get(row.system)
    collection = system.collections.get(row.collection) if system else None
    field = collection.fields.get(row.field) if collection else None
    return (system.title if system else row.system), collection, field or _NO_FIELD


def told(subject_request: SubjectRequest) -> dict[str, Any]:
    """What the closing letter says: each field by its label, and no value."""
    proposal = Proposal.objects.filter(subject_request=subject_request).first()
    about = maps.localised(subject_request.controller, subject_request.language)
    found = lines(subject_request, about)
    unasked = subject_request.items.filter(kind=Kind.FIND, outcome=Outcome.FAILED).order_by("system")
    known = about.systems
    became = {
        "asked": proposal is not None,
        "proposed": proposal is not None and proposal.sent_at is not None,
        "fields": {state.replace("-", "_"): _named(found, state) for state in sorted({line.state for line in found})},
        "identifying": any(line.identifying and line.state == "corrected" for line in found),
        "statement": bool(subject_request.statement_sealed),
        "unsearched": [
            {"title": known[item.system].title if item.system in known else item.system, "note": item.note}
            for item in unasked
        ],
    }
    return {"became": became}


def _named(found: list[Line], state: str) -> list[dict[str, object]]:
    """Fields with this fate; the same field of several rows is named once."""
    counted = Counter((line.collection, line.label, line.words) for line in found if line.state == state)
    return [
        {"where": where, "field": field, "words": words, "count": count}
        for (where, field, words), count in counted.items()
    ]

"""Redacting: before an answer leaves, staff leave out of it what concerns others, each time with a ground and words.

One place for every format: what passes `left` is all that a package is made of. Rows are known by a keyed hash of their
key, so the marks alone tell nobody whose rows they are.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import groupby

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from dsr.connectors.contract import Batch, Cell, Found
from dsr.datamap.schema import CollectionMap, ControllerMap
from dsr.law.actors import Actor
from dsr.law.grounds import GROUNDS, Ground, grounds_for
from dsr.law.rights import Right
from dsr.law.work import Kind
from dsr.models import PlanItem, Redaction, SubjectRequest, sealed
from dsr.package.contents import LeftOut, OpenPart
from dsr.package.portable import key_text
from dsr.package.redaction import label
from dsr.steps import maps, permissions
from dsr.steps.deciding import looking
from dsr.steps.fulfilling import parts
from dsr.steps.move import Conflict
from dsr.steps.post import grounds
from dsr.steps.recording import record

COPIES = frozenset({Right.ACCESS, Right.PORTABILITY})
WORDS = 1_000  # characters
AT_ONCE = 200  # rows of one mark


@dataclass(frozen=True, slots=True)
class Mark:
    """What is to be left out: a field of every row (no rows), rows (no field), or a field of rows."""

    system: str
    collection: str
    rows: tuple[str, ...]  # as `row_names` gives them
    field: str
    ground: Ground
    words: str


@dataclass(slots=True)
class Marked:
    """What is left out of one collection."""

    described: CollectionMap
    rows: set[str]
    fields: set[str]
    cells: dict[str, frozenset[str]]  # row -> fields

    def of(self, names: tuple[str, ...]) -> frozenset[str]:
        """The fields that are left out of the row of these names, if it is not left out whole."""
        return frozenset(self.fields).union(*(self.cells.get(one, ()) for one in names))


Marks = dict[tuple[str, str], Marked]


def leave_out(subject_request: SubjectRequest, mark: Mark, *, by: Actor, at: datetime) -> None:
    """Mark something as left out; every look so far is void. Raises Forbidden, Conflict."""
    permissions.require(by, permissions.Duty.RELEASE, subject_request)
    _check(subject_request, mark)
    with transaction.atomic():
        looking.changed(subject_request, at=at)
        for row in mark.rows or ("",):
            one = Redaction(subject_request=subject_request, system=mark.system, collection=mark.collection, row=row)
            one.field, one.ground, one.at, one.by_id = mark.field, mark.ground, at, int(by.id)
            one.seal_words(mark.words.strip())
            try:
                with transaction.atomic():
                    one.save(force_insert=True)
            except IntegrityError:
                message = "This is left out already. Load the page again."
                raise Conflict(message) from None
        why = {"reason": mark.words.strip()}
        told: dict[str, str] = {"ground": mark.ground, "citation": grounds.cited(subject_request, mark.ground)}
        told |= {"part": f"{mark.system}.{mark.collection}", "field": mark.field, "records": str(len(mark.rows))}
        record.write(subject_request, "release:left-out", by=by, at=at, secret=why, **told)


def put_back(redaction: Redaction, *, by: Actor, at: datetime) -> None:
    """Take a mark away, so that it goes out after all; every look so far is void. Raises Forbidden, Conflict."""
    subject_request = redaction.subject_request
    permissions.require(by, permissions.Duty.RELEASE, subject_request)
    with transaction.atomic():
        looking.changed(subject_request, at=at)
        standing = Redaction.objects.filter(pk=redaction.pk, undone_at=None)
        if standing.update(undone_at=at, undone_by_id=int(by.id)) != 1:
            message = "This is not left out any more."
            raise Conflict(message)
        part, field = str(redaction), redaction.field
        record.write(subject_request, "release:put-back", by=by, at=at, part=part, field=field)


def concerns(subject_request: SubjectRequest) -> bool:
    """Whether its right is answered by a copy, of which something can be left out."""
    return subject_request.right in COPIES


def possible(item: PlanItem) -> bool:
    """Whether anything can be left out of the package that this puts together: its first claim is before any look."""
    return item.fence > 1 or looking.asked(item.subject_request) > 0


def possible_grounds(subject_request: SubjectRequest) -> tuple[Ground, ...]:
    """On which of them something is left out of an answer; others' rights (GDPR Art. 15(4)) come first."""
    known = grounds_for(Right(subject_request.right), part=True)
    return tuple(sorted(known, key=lambda ground: ground is not Ground.RIGHTS_OF_OTHERS))


def marks(subject_request: SubjectRequest) -> Marks:
    """What is left out, by system and collection."""
    about = maps.controller(subject_request.controller)
    found: Marks = {}
    for one in looking.standing_marks(subject_request):
        system = about.systems.get(one.system)
        if system is None or one.collection not in system.collections:
            continue  # nothing of it goes out any more
        marked = found.setdefault(
            (one.system, one.collection), Marked(system.collections[one.collection], set(), set(), {})
        )
        if not one.field:
            marked.rows.add(one.row)
        elif one.row:
            marked.cells[one.row] = marked.cells.get(one.row, frozenset()) | {one.field}
        else:
            marked.fields.add(one.field)
    return found


def without(subject_request: SubjectRequest, found: Marks, system: str, opened: OpenPart) -> OpenPart:
    """The same Part, without what is left out; it opens anew at each call."""
    return partial(left, subject_request, found, system, opened) if found else opened


def left(subject_request: SubjectRequest, found: Marks, system: str, opened: OpenPart) -> Iterator[Found]:
    """What was found in a system, without what is left out. A file goes with its row, and with the field it is."""
    for each in opened():
        marked = found.get((system, each.collection))
        if marked is None:
            yield each
        elif isinstance(each, Batch):
            yield from _cut(each, marked, row_names(subject_request, system, each, marked.described))
        elif not _file_left_out(marked, _names(subject_request, system, each.collection, each.key)):
            yield each


def row_names(
    subject_request: SubjectRequest, system: str, batch: Batch, described: CollectionMap
) -> list[tuple[str, ...]]:
    """By what each row of a batch is marked: first by the present key of the ring, then by older ones."""
    places = [batch.fields.index(name) for name in described.key]
    keys = (tuple(row[place] for place in places) for row in batch.rows)
    return [_names(subject_request, system, batch.collection, key) for key in keys]


def said(subject_request: SubjectRequest, about: ControllerMap) -> tuple[LeftOut, ...]:
    """What is left out, as the answer names it: together what has one reason."""
    counts: dict[tuple[str, str, str, str, str], int] = {}
    for one in looking.standing_marks(subject_request):
        place = (one.system, one.collection, one.field, one.ground, one.words())
        counts[place] = counts.get(place, 0) + bool(one.row)
    return tuple(
        LeftOut(
            system=system,
            collection=collection,
            field=field,
            label=label(field, about.systems[system].collections[collection].fields.get(field)) if field else "",
            records=count,
            ground=_(GROUNDS[Ground(ground)].plain),
            citation=grounds.cited(subject_request, ground),
            words=words,
        )
        for (system, collection, field, ground, words), count in counts.items()
        if system in about.systems and collection in about.systems[system].collections
    )


def _names(subject_request: SubjectRequest, system: str, collection: str, key: tuple[Cell, ...]) -> tuple[str, ...]:
    return sealed.lookups(f"row:{subject_request.pk}:{system}.{collection}", key_text(key))


def _cut(batch: Batch, marked: Marked, names: list[tuple[str, ...]]) -> Iterator[Batch]:
    """The batch without rows and fields that are left out; rows with the same cells left out stay together."""
    places = [place for place, name in enumerate(batch.fields) if name not in marked.fields]
    fields = tuple(batch.fields[place] for place in places)
    kept = (
        (frozenset(name for one in own for name in marked.cells.get(one, ())), row)
        for own, row in zip(names, batch.rows, strict=True)
        if marked.rows.isdisjoint(own)
    )
    for out, group in groupby(kept, key=lambda each: each[0]):
        rows = (tuple(None if batch.fields[place] in out else row[place] for place in places) for _, row in group)
        yield Batch(batch.collection, fields, tuple(rows), batch.share, batch.left_out | out)


def _file_left_out(marked: Marked, own: tuple[str, ...]) -> bool:
    field = marked.described.files
    if field in marked.fields or not marked.rows.isdisjoint(own):
        return True
    return any(field in marked.cells.get(one, ()) for one in own)


def _check(subject_request: SubjectRequest, mark: Mark) -> None:
    """It is there, it can be left out, and it is said why. Raises Conflict."""
    known = maps.controller(subject_request.controller).systems.get(mark.system)
    described = known.collections.get(mark.collection) if known else None
    message = "The data map knows no such collection."
    if described is not None:
        message = _unfit(mark, described) or _unsaid(subject_request, mark)
    if not message and described and not _there(subject_request, mark, described):
        message = "Such a record was not found. Load the page again."
    if message:
        raise Conflict(message)


def _unfit(mark: Mark, described: CollectionMap) -> str:
    if not (mark.rows or mark.field):
        return "Tick the records, or choose the field that is left out."
    if len(mark.rows) > AT_ONCE:
        return f"That is too much at once: at most {AT_ONCE} records."
    if mark.field and mark.field not in described.fields:
        return "The data map knows no such field."
    if mark.field in described.key:
        return "By this field a record is known. Leave out the whole record instead."
    return ""


def _unsaid(subject_request: SubjectRequest, mark: Mark) -> str:
    if mark.ground not in possible_grounds(subject_request):
        return "On this ground nothing is left out of such an answer."
    if not mark.words.strip():
        return "Say in your own words why: the person reads it beside the ground."
    return f"Your words are too long: at most {WORDS} characters fit." if len(mark.words) > WORDS else ""


def _there(subject_request: SubjectRequest, mark: Mark, described: CollectionMap) -> bool:
    """Whether all its rows were found; the Part is read for it."""
    missing: set[str] = set(mark.rows)
    item = subject_request.items.filter(kind=Kind.FIND, system=mark.system).select_related("part").first()
    if item is None or item.part is None or not item.part.wrapped_key:
        return False
    for each in parts.as_found(item.part):
        if not missing:
            break
        if isinstance(each, Batch) and each.collection == mark.collection:
            missing.difference_update(own[0] for own in row_names(subject_request, mark.system, each, described))
    return not missing

"""The manifests that an erase item works by: the first one of its request, then every approved supplement."""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from django.db.models import Exists

from dsr.datamap.route import Key
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.models import Manifest, Part, PlanItem, SubjectRequest, Supplement
from dsr.steps.fulfilling import manifest, parts

SHORT = 1 << 20  # bytes
Row = dict[str, Any]  # of a summary
Place = tuple[str, tuple[str | int | float | bool | None, ...]]  # collection and key


class Unapproved(Exception):
    """A manifest is not (any more) the one that was approved."""


def supplements(subject_request: SubjectRequest, system: str = "") -> list[Supplement]:
    """Supplementary manifests that a second person approved, in the order of their closing."""
    approved = Supplement.objects.filter(subject_request=subject_request, approval__isnull=False)
    return list((approved.filter(system=system) if system else approved).prefetch_related("part", "approval"))


def first(subject_request: SubjectRequest) -> Manifest | None:
    """The manifest of an erasure, once it is closed, which then never changes; nothing else has one."""
    try:
        return subject_request.manifest if subject_request.right == Right.ERASURE else None
    except Manifest.DoesNotExist:
        return None


def summary(
    subject_request: SubjectRequest, late: list[Supplement] | None = None, listed: Manifest | None = None
) -> list[Row]:
    """Counts per system, collection, rule and day over everything that is approved; empty without a manifest.

    `late`, `listed`: its supplements and its manifest, where the caller has read them.
    """
    listed = listed or first(subject_request)
    if listed is None:
        return []
    late = supplements(subject_request) if late is None else late
    counted: dict[tuple[str, str, str, str], int] = {}
    rows = [*listed.summary, *(row for each in late for row in each.summary)]
    for row in rows:
        place = row["system"], row["collection"], row["rule"], row["until"]
        counted[place] = counted.get(place, 0) + row["count"] * (-1 if row.get("instead") else 1)
    names = ("system", "collection", "rule", "until")
    return [{**dict(zip(names, place, strict=True)), "count": count} for place, count in counted.items() if count > 0]


def later(late: Iterable[Supplement], system: str) -> list[Row]:
    """The part of the summary that no search had found: a system's approved supplements."""
    rows = [row for each in late if each.system == system for row in each.summary]
    return [row for row in rows if not row.get("again") and not row.get("instead")]


def lines(item: PlanItem) -> Iterator[manifest.Line]:
    """Every line that is known of an item's system."""
    return (line for _, listed in lists(item) for line, _ in listed)


def lists(item: PlanItem) -> Iterator[tuple[str, Iterator[tuple[manifest.Line, int]]]]:
    """The lines of each approved list, with the list's own name, which is empty for the first manifest.

    With each line stands how many of its rows a later list has decided about anew; they are left out of it.

    The newest supplement comes first: what came in late may point at rows of an earlier list, and children go before
    their parents. Names and the order within a list never change, so neither do the keys of effects.
    """
    if item.source is None:
        return
    decided: set[Place] = set()
    for each in _late(item):
        yield str(each.pk), _without(_read(item, each.part), frozenset(decided))
        decided.update(places(_read(item, each.part)))
    yield "", _without(_read(item, item.source), frozenset(decided))


def _late(item: PlanItem) -> list[Supplement]:
    """Its supplements, the newest first; none is approved while an item runs.

    What a system keeps by its own word stands in a Part of its own, and nothing is added to it.
    """
    if "late" not in item.in_hand:
        late = supplements(item.subject_request, item.system)[::-1]
        item.in_hand["late"] = late if late and Manifest.objects.filter(part=item.source_id).exists() else []
    known: list[Supplement] = item.in_hand["late"]
    return known


def places(lines: Iterable[manifest.Line]) -> Iterator[Place]:
    """Collection and key of every row that stands in these lines."""
    return ((line.collection, tuple(key)) for line in lines for key in line.keys)


def _without(lines: Iterable[manifest.Line], decided: frozenset[Place]) -> Iterator[tuple[manifest.Line, int]]:
    """The lines without these rows, and how many were taken. A line that becomes empty keeps its place in the list."""
    return (less(line, decided) for line in lines)


def less(line: manifest.Line, places: frozenset[tuple[str, Key]]) -> tuple[manifest.Line, int]:
    """The line without the rows of these places, and how many it had."""
    left = [key for key in line.keys if (line.collection, tuple(key)) not in places] if places else line.keys
    taken = len(line.keys) - len(left)
    return (msgspec.structs.replace(line, keys=left) if taken else line), taken


def _read(item: PlanItem, part: Part) -> Iterable[manifest.Line]:
    """The lines of the item's system. A short list is opened once for each claim, which asks for it ten times."""
    if part.size > SHORT:
        return _streamed(item, part)
    name = f"lines of {part.pk}"
    if name not in item.in_hand:
        item.in_hand[name] = list(_streamed(item, part))
    lines: list[manifest.Line] = item.in_hand[name]
    return lines


def _streamed(item: PlanItem, part: Part) -> Iterator[manifest.Line]:
    with parts.reading(part) as stream:
        yield from (line for line in manifest.read(stream) if line.system == item.system)


def check(item: PlanItem, *asked: Exists) -> tuple[State, list[bool]]:
    """Whether everything the item erases by is approved as it is read; and the state of its request.

    Whatever else is `asked` is answered beside it: one question, for it is put before every effect. Raises Unapproved.
    """
    found = SubjectRequest.objects.filter(pk=item.subject_request_id)
    late = "approvals__supplement__"
    columns = ("manifest__digest", "approvals__digest", f"{late}digest", f"{late}system")
    rows = list(found.values_list("state", *columns, *asked))
    approved = [given for _, _, given, listed, *_ in rows if listed is None]
    read = [(rows[0][1], approved[0] if approved else "")]
    read += [
        (listed, given) for _, _, given, listed, system, *_ in rows if listed is not None and system == item.system
    ]
    if any(digest != approved for digest, approved in read):
        message = "The approval names another manifest."
        raise Unapproved(message)
    return State(rows[0][0]), list(rows[0][1 + len(columns) :])


def dates(rows: Iterable[Row]) -> set[tuple[str, str]]:
    """The (system, ISO date) pairs on which kept rows go."""
    return {(row["system"], row["until"]) for row in rows if row["until"]}

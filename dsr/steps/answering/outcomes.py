"""Outcomes: what became of each system and collection, as the answer names it; what is recorded is read once."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from dsr.datamap.schema import ControllerMap
from dsr.datamap.sharing import STAYS
from dsr.law.rights import Right
from dsr.law.work import Kind, Outcome
from dsr.models import PartRefusal, PlanItem, SubjectRequest, Supplement
from dsr.package.contents import CollectionOutcome, KeptRows, SystemOutcome
from dsr.steps.asking import scopes
from dsr.steps.deciding import withholding
from dsr.steps.errands.said import confirmed
from dsr.steps.fulfilling import sources, staying
from dsr.steps.fulfilling.manifest import REFUSED, TOMBSTONE, UNREAD, last_day

_BY_WAY = re.compile(r"It is searched by way of (.+), which was left out\.")  # as the search notes it for the desk


@dataclass(frozen=True, slots=True)
class Known:
    """What stands recorded of one request's work."""

    about: ControllerMap
    erasing: bool
    refused: dict[tuple[str, str], PartRefusal]
    late: list[Supplement]
    listed: list[sources.Row]  # of an erasure: what is approved, by system, collection, rule and day
    erased: dict[str, PlanItem]  # by system


def known(subject_request: SubjectRequest, about: ControllerMap) -> Known:
    """Read it."""
    erasing = subject_request.right == Right.ERASURE
    late = sources.supplements(subject_request) if erasing else []
    items = subject_request.items.filter(kind=Kind.ERASE, until=None) if erasing else []
    return Known(
        about=about,
        erasing=erasing,
        refused=withholding.refused(subject_request),
        late=late,
        listed=sources.summary(subject_request, late) if erasing else [],
        erased={item.system: item for item in items},
    )


def of(known: Known, find: PlanItem) -> SystemOutcome:
    """What became of the system that was searched."""
    rows = _rows(known, find)
    if find.outcome == Outcome.FAILED:
        return SystemOutcome(find.system, "failed", _failed(known.about, find.note))
    if not known.erasing or not rows:
        refused = known.refused
        collections = tuple(
            CollectionOutcome(name, 0, refused=withholding.said(refused[find.system, name]))
            if (find.system, name) in refused
            else CollectionOutcome(name, count)
            for name, count in rows.items()
        )
        return SystemOutcome(find.system, find.outcome, "", collections)
    erased = known.erased.get(find.system)
    if erased is not None and erased.outcome == Outcome.FAILED:
        return SystemOutcome(find.system, "failed", erased.note)
    counts = erased.counts if erased else {}
    kept = _kept(known, find, erased)
    numbers = _tombstones(known, find)  # rows of which the number alone stays: kept, not erased
    collections = tuple(
        CollectionOutcome(name, found, counts.get(name, {}).get("erased", 0) - numbers.get(name, 0), kept.get(name, ()))
        for name, found in rows.items()
    )
    how = confirmed(known.about, find.system)
    return SystemOutcome(find.system, "kept" if any(kept.values()) else "erased", how, collections)


def _failed(about: ControllerMap, note: str) -> str:
    """Why a system was not searched: words of staff as they are, our own in the language of the answer."""
    ours = _BY_WAY.fullmatch(note)
    if not ours:
        return note
    slugs = ours[1].split(", ")
    titles = _(", ").join(about.systems[slug].title if slug in about.systems else slug for slug in slugs)
    return _("It is searched by way of %(systems)s, which was left out.") % {"systems": titles}


def _rows(known: Known, find: PlanItem) -> Counter[str]:
    """What was found of each collection that is asked for; rows that came in later and were approved count as well."""
    rows: dict[str, int] = find.counts.get("rows", {})
    asked = Counter({name: n for name, n in rows.items() if scopes.within(find.subject_request, find.system, name)})
    for row in sources.later(known.late, find.system):
        asked[row["collection"]] += row["count"] if row["rule"] != TOMBSTONE else 0
    return asked


def _kept(known: Known, find: PlanItem, erased: PlanItem | None) -> dict[str, tuple[KeptRows, ...]]:
    """Rows that stay, by retention rule (from the manifest) or by the system's own word (from its receipts)."""
    kept: dict[str, list[KeptRows]] = {}
    for row in known.listed:
        if row["system"] == find.system and row["until"]:
            ground, citation, words = _withheld(known, row) or (*_ground(known.about, row["rule"]), "")
            until = last_day(row["until"])
            kept.setdefault(row["collection"], []).append(KeptRows(row["count"], ground, citation, until, words))
    for name, rows in _since_listed(known, erased) if erased else ():
        kept.setdefault(name, []).append(rows)
    return {name: tuple(each) for name, each in kept.items()}


def _since_listed(known: Known, erased: PlanItem) -> Iterator[tuple[str, KeptRows]]:
    """By a rule that was asked again before anything was erased, or by the system's own word."""
    for name, count in erased.counts.items():
        for row in count.get("kept", []):
            day = date.fromisoformat(row["until"]) if row["until"] else None
            if staying.by_rule(known.about, row["reason"]):
                yield name, KeptRows(row["count"], *_ground(known.about, row["reason"]), day)
            else:
                where, words = _by_the_system(staying.why(erased, row["reason"]))
                yield name, KeptRows(row["count"], "", where, day, words)


def _by_the_system(reason: str) -> tuple[str, str]:
    """Why a system keeps rows: in the place of a ground, and its own words."""
    if reason == STAYS:
        return (
            _("an erasure reaches what is about you"),
            _("It belongs to somebody else, too, and nothing in it names you any more."),
        )
    return _("the recipient's own answer"), reason


def _withheld(known: Known, row: sources.Row) -> tuple[str, str, str] | None:
    """Why rows stay that staff refused to erase: ground, citation and their own words."""
    if not row["rule"].startswith(REFUSED):
        return None
    ground = row["rule"].removeprefix(REFUSED)
    pointing = (
        part for part in known.refused.values() if part.ground == ground
    )  # it stays for the rows that point at it
    said = withholding.said(known.refused.get((row["system"], row["collection"])) or next(pointing))
    return said.ground, said.citation, said.words


def _tombstones(known: Known, find: PlanItem) -> Counter[str]:
    rows = [row for row in known.listed if row["system"] == find.system and row["rule"] == TOMBSTONE]
    return Counter({row["collection"]: row["count"] for row in rows})


def _ground(controller_map: ControllerMap, rule: str) -> tuple[str, str]:
    if rule == TOMBSTONE:
        return (
            _("Only the number of the row stays, because kept rows point to it."),
            _("follows from the rows above"),
        )
    rule = rule.removeprefix(UNREAD)
    retention = controller_map.controller.retention.get(rule)
    if retention is None:  # the map has changed since the manifest was closed
        return _("Kept by a rule of the data map of that day."), rule
    return retention.ground or retention.says, retention.citation

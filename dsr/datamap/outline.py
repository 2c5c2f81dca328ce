"""What an erasure would take and what would stay, told before anything is searched."""

from dataclasses import dataclass
from enum import StrEnum

from dsr.datamap.schema import CollectionMap, ControllerMap, Period, Retention, SystemMap, Way


class Goes(StrEnum):
    """How much of a collection an erasure takes."""

    ALL = "all"
    PARTLY = "partly"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class OutlineRow:
    """One collection: what goes, how, and why and until when something stays ('' when nothing does)."""

    system: str
    collection: str
    goes: Goes
    how: str
    why_kept: str = ""
    until: str = ""
    citation: str = ""
    public: bool = False  # J8: content the person made public


_HOW = {
    Way.DELETE: "deleted",
    Way.REDACT: "overwritten, so that it no longer says anything about you",
    Way.AGGREGATE: "stripped of everything that points at you; what stays is only counted",
    Way.KEEP: "kept",
}


def erasure_outline(controller_map: ControllerMap) -> tuple[OutlineRow, ...]:
    """One row per collection, in the order of the maps."""
    rules = controller_map.controller.retention
    return tuple(
        _row(rules, system, collection)
        for system in controller_map.systems.values()
        for collection in system.collections.values()
    )


def period_in_words(period: Period) -> str:
    """'3 years', '1 month and 2 days'."""
    counted = period.model_dump()
    parts = [
        f"{counted[unit]} {unit if counted[unit] != 1 else unit[:-1]}"
        for unit in ("years", "months", "days", "hours")
        if counted[unit]
    ]
    return " and ".join(parts) or "no time at all"


def _row(rules: dict[str, Retention], system: SystemMap, collection: CollectionMap) -> OutlineRow:
    goes, rule = _kept_by(rules, system, collection)
    how = _HOW[collection.erase.way]
    if rule is None:
        return OutlineRow(system.title, collection.title, goes, how, public=collection.public)
    return OutlineRow(
        system.title,
        collection.title,
        goes,
        how,
        why_kept=rule.ground,
        until=_until(rule, collection),
        citation=rule.citation,
        public=collection.public,
    )


def _kept_by(
    rules: dict[str, Retention], system: SystemMap, collection: CollectionMap
) -> tuple[Goes, Retention | None]:
    if collection.erase.way is Way.KEEP:
        return Goes.NONE, rules[collection.retention]
    if collection.keep:
        return Goes.PARTLY, rules[collection.keep.rule]
    # A processor decides for itself what it must keep; its rule with a ground says that it may.
    own = rules[collection.retention]
    if system.processor and own.ground:
        return Goes.PARTLY, own
    return Goes.ALL, None


def _until(rule: Retention, collection: CollectionMap) -> str:
    if rule.period is None:
        return rule.says
    since = collection.keep.since if collection.keep else ""
    label = collection.fields[since].label if since else ""
    period = period_in_words(rule.period)
    return f"{period} after the {label[:1].lower()}{label[1:]}" if label else rule.says

"""What an erasure would take and what would stay, told before anything is searched."""

from collections.abc import Callable
from dataclasses import dataclass, replace
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
    place: str = ""  # 'system.collection'


_HOW = {
    Way.DELETE: "deleted",
    Way.REDACT: "overwritten, so that it no longer says anything about you",
    Way.AGGREGATE: "stripped of everything that points at you; what stays is only counted",
    Way.UNLINK: "cut loose, so that nothing in it leads to you any more",
    Way.TOMBSTONE: "emptied; its number alone stays",
    Way.KEEP: "kept",
}


Say = Callable[[str], str]  # how an English text is said to its reader


def erasure_outline(controller_map: ControllerMap, say: Say = str) -> tuple[OutlineRow, ...]:
    """One row per collection, in the order of the maps."""
    rules = controller_map.controller.retention
    return tuple(
        replace(_row(rules, system, collection, say), place=f"{system.slug}.{name}")
        for system in controller_map.systems.values()
        for name, collection in system.collections.items()
    )


def period_in_words(period: Period, say: Say = str) -> str:
    """'3 years', '1 month and 2 days'."""
    named = {
        "years": (say("{n} year"), say("{n} years")),
        "months": (say("{n} month"), say("{n} months")),
        "days": (say("{n} day"), say("{n} days")),
        "hours": (say("{n} hour"), say("{n} hours")),
    }
    counted = period.model_dump()
    parts = [words[counted[unit] != 1].format(n=counted[unit]) for unit, words in named.items() if counted[unit]]
    return say(" and ").join(parts) or say("no time at all")


def _row(rules: dict[str, Retention], system: SystemMap, collection: CollectionMap, say: Say) -> OutlineRow:
    goes, rule = _kept_by(rules, system, collection)
    how = say(_HOW[collection.erase.way])
    if collection.shared and collection.erase.way is not Way.KEEP:
        how = say("cut loose from you where somebody else is in it, too; deleted where nobody else is")
    if rule is None:
        return OutlineRow(system.title, collection.title, goes, how, public=collection.public)
    return OutlineRow(
        system.title,
        collection.title,
        goes,
        how,
        why_kept=rule.ground,
        until=_until(rule, collection, say),
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


def _until(rule: Retention, collection: CollectionMap, say: Say) -> str:
    if rule.period is None:
        return rule.says
    since = collection.keep.since if collection.keep else ""
    label = collection.fields[since].label if since in collection.fields else ""
    after = say("{period} after the {moment}")
    moment = f"{label[:1].lower()}{label[1:]}"
    return after.format(period=period_in_words(rule.period, say), moment=moment) if label else rule.says

"""Per collection, whether the live data obeys the controller's own retention rules."""

from collections.abc import Collection, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import cast

from dsr.connectors.contract import Ability, Ages, Connector, Rejected, Surveying, Unreachable
from dsr.datamap.schema import CollectionMap, ControllerMap, SystemMap
from dsr.law.ages import oldest_allowed
from dsr.package.since import anchored
from dsr.steps.fulfilling import search
from dsr.steps.fulfilling.replay import PORTAL_KIND

_ELSEWHERE = "its system tells nobody how old its rows are; ask whoever runs it"
_LEFT = "staff have paused its system; name it by --system to ask it all the same"
_OWN = "the portal reduces it by itself"
_UNKNOWN = Ages("", 0, 0)


class Verdict(StrEnum):
    """What can be said of one collection."""

    OBEYS = "obeys"
    BROKEN = "broken"  # rows are older than the rule lets them be
    CANNOT_BE_JUDGED = "cannot be judged"  # rows hold a moment that nobody can read
    CANNOT_BE_ASKED = "cannot be asked"  # its system answers no question about whole collections
    NO_ANSWER = "no answer"
    PAUSED = "paused"  # staff have its system left alone
    NO_DATE = "no date"  # the map names nothing that the period runs from
    NO_PERIOD = "no period"  # the rule states criteria only
    OWN = "our own"  # the portal holds it, and reduces it by itself


# There is a period, and nobody has seen whether the live data obeys it.
UNKNOWN = frozenset(
    {Verdict.CANNOT_BE_JUDGED, Verdict.CANNOT_BE_ASKED, Verdict.NO_ANSWER, Verdict.PAUSED, Verdict.NO_DATE}
)


@dataclass(frozen=True, slots=True)
class Line:
    """One collection under its rule."""

    controller: str
    system: str
    collection: str
    rule: str
    kind: str
    verdict: Verdict
    oldest: str = ""
    older: int = 0  # rows over age
    undated: int = 0  # rows whose period has not begun, or names no moment
    unread: int = 0  # rows that name one which cannot be read
    note: str = ""


def report(about: ControllerMap, only: str = "", *, at: datetime, paused: Collection[str] = ()) -> Iterator[Line]:
    """One line for each collection and the rule it lives by; the portal itself reduces what it holds.

    What staff have `paused` is not asked.
    """
    for system in (one for slug, one in about.systems.items() if only in {"", slug}):
        if system.connector.kind == PORTAL_KIND:
            yield from (_told(about, system, name, Verdict.OWN, note=_OWN) for name in system.collections)
            continue
        if system.slug in paused:
            yield from (_told(about, system, name, Verdict.PAUSED, note=_LEFT) for name in system.collections)
            continue
        try:
            with closing(search.connect(system)) as connector:
                for name, collection in system.collections.items():
                    yield _line(about, system, name, collection, connector, at)
        except Rejected as error:
            yield from (_told(about, system, name, Verdict.NO_ANSWER, note=str(error)) for name in system.collections)


def _line(
    about: ControllerMap, system: SystemMap, name: str, collection: CollectionMap, connector: Connector, at: datetime
) -> Line:
    rule = about.controller.retention[collection.retention]
    if rule.period is None:
        return _told(about, system, name, Verdict.NO_PERIOD, note=rule.says)
    if not (since := anchored(collection)):
        return _told(about, system, name, Verdict.NO_DATE, note="the map names no 'ages_from'")
    if not {Ability.SURVEY, Ability.AGES} & connector.abilities:
        return _told(about, system, name, Verdict.CANNOT_BE_ASKED, note=_ELSEWHERE)
    keep = collection.keep
    when = keep.when if keep and keep.rule == collection.retention else {}
    before = oldest_allowed(at, **rule.period.model_dump())
    try:
        ages = cast("Surveying", connector).survey().ages(name, since, before, when)
    except (Unreachable, Rejected) as error:
        return _told(about, system, name, Verdict.NO_ANSWER, note=str(error))
    verdict = Verdict.BROKEN if ages.older else Verdict.CANNOT_BE_JUDGED if ages.unread else Verdict.OBEYS
    return _told(about, system, name, verdict, ages)


def _told(
    about: ControllerMap,
    system: SystemMap,
    name: str,
    verdict: Verdict,
    ages: Ages = _UNKNOWN,
    note: str = "",
) -> Line:
    slug = system.collections[name].retention
    kind = about.controller.retention[slug].kind
    counted = (ages.oldest, ages.older, ages.undated, ages.unread)
    return Line(about.controller.slug, system.slug, name, slug, kind, verdict, *counted, note)

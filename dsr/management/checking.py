"""What check_systems finds: of each system whether it answers, and where it differs from its map."""

import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from enum import StrEnum

from dsr.connectors import registry
from dsr.connectors.contract import Finding, Rejected, Schema, Unreachable
from dsr.datamap.schema import ControllerMap, SystemMap
from dsr.management import seen

_TEXT = ("CHAR", "TEXT", "CLOB", "UUID", "ENUM")
_LEFT = "Staff have paused it, so it was not asked; name it by --system to ask it all the same."
_NUMBER = ("INT", "SERIAL", "NUMERIC", "DECIMAL")


class Standing(StrEnum):
    """What can be said of a system."""

    WELL = "well"
    DIFFERS = "differs"
    UNREACHABLE = "unreachable"  # nothing is known: it did not answer
    REFUSED = "refused"  # wrong settings, or it answers and will not have us
    PAUSED = "paused"  # nothing is known: staff have it left alone


@dataclass(frozen=True, slots=True)
class Checked:
    """One system. `note` says why it could not be asked."""

    controller: str
    system: str
    standing: Standing
    findings: tuple[Finding, ...] = ()
    note: str = ""
    accepted: Mapping[Finding, str] = field(default_factory=dict)  # findings that fail no check, and why
    unmet: tuple[str, ...] = ()  # accepted, and not found any more
    live: Schema = field(default_factory=lambda: Schema({}))

    def told(self) -> dict[str, object]:
        """The same for a program."""
        found = [{"collection": one.collection, "message": one.message} for one in self.findings]
        known = [
            {"collection": one.collection, "message": one.message, "reason": why} for one, why in self.accepted.items()
        ]
        return {
            "controller": self.controller,
            "system": self.system,
            "standing": self.standing,
            "findings": found,
            "accepted": known,
            "accepted_and_not_found": list(self.unmet),
            "note": self.note,
        }


def checked(controller_map: ControllerMap, only: str = "", *, paused: Collection[str] = ()) -> Iterator[Checked]:
    """Ask every system of a controller, or `only` this one; then compare the links that cross systems.

    What staff have `paused` is not asked.
    """
    controller = controller_map.controller.slug
    asked = {
        slug: Checked(controller, slug, Standing.PAUSED, note=_LEFT) if slug in paused else _asked(controller, one)
        for slug, one in controller_map.systems.items()
    }
    for slug, one in asked.items():
        if only in {"", slug}:
            found = seen.findings(controller_map, controller_map.systems[slug], one.live)
            crossing = (*_crossing(controller_map.systems, asked, slug), *found)
            met = one.standing in {Standing.WELL, Standing.DIFFERS} and crossing
            whole = _with(one, crossing) if met else one
            yield _judged(whole, controller_map.systems[slug])


def _asked(controller: str, system: SystemMap) -> Checked:
    try:
        with closing(registry.build(system, os.environ)) as connector:
            findings = tuple(connector.check())
            standing = Standing.DIFFERS if findings else Standing.WELL
            return Checked(controller, system.slug, standing, findings, live=connector.describe())
    except Unreachable as error:
        return Checked(controller, system.slug, Standing.UNREACHABLE, note=str(error))
    except (Rejected, ValueError) as error:
        return Checked(controller, system.slug, Standing.REFUSED, note=str(error))


def _with(one: Checked, more: Iterable[Finding]) -> Checked:
    return replace(one, standing=Standing.DIFFERS, findings=(*one.findings, *more))


def _judged(one: Checked, system: SystemMap) -> Checked:
    """The same without what the map accepts."""
    if one.standing not in {Standing.WELL, Standing.DIFFERS}:
        return one
    reasons = {each.finding: each.reason for each in system.accepted}
    told = {f"{each.collection}: {each.message}": each for each in one.findings}
    left = tuple(each for text, each in told.items() if text not in reasons)
    return replace(
        one,
        standing=Standing.DIFFERS if left else Standing.WELL,
        findings=left,
        accepted={each: reasons[text] for text, each in told.items() if text in reasons},
        unmet=tuple(text for text in reasons if text not in told),
    )


def _crossing(systems: Mapping[str, SystemMap], asked: Mapping[str, Checked], slug: str) -> Iterator[Finding]:
    """Links into other systems whose two ends are of types that never meet."""
    for name, collection in systems[slug].collections.items():
        for link in collection.links:
            other, dot, to = link.to.partition(".")
            for own, there in link.on.items() if dot else ():
                mine, theirs = _type(systems, asked, slug, name, own), _type(systems, asked, other, to, there)
                if {_sort(mine), _sort(theirs)} == {"text", "number"}:
                    message = f"field '{own}' ({mine}) cannot hold what '{link.to}.{there}' ({theirs}) holds"
                    yield Finding(name, message)


def _type(systems: Mapping[str, SystemMap], asked: Mapping[str, Checked], slug: str, name: str, field: str) -> str:
    return asked[slug].live.collections.get(seen.table(systems[slug], name), {}).get(field, "")


def _sort(kind: str) -> str:
    named = kind.upper()
    if any(word in named for word in _TEXT):
        return "text"
    return "number" if any(word in named for word in _NUMBER) else ""

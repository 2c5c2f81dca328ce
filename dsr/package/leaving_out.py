"""What staff left out before a release, in words: the person reads how much it is, and why."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from django.utils.translation import gettext as _

from dsr.package.contents import Answer, LeftOut
from dsr.package.words import counted


@dataclass(frozen=True, slots=True)
class LeftOutReading:
    """One line of it."""

    where: str
    what: str
    ground: str
    citation: str
    words: str


def read(answer: Answer) -> tuple[LeftOutReading, ...]:
    """Everything that was left out of this answer."""
    return tuple(_lines(answer))


def listed(answer: Answer) -> list[dict[str, Any]]:
    """The same for programs."""
    return [asdict(each) for each in answer.left_out]


def _lines(answer: Answer) -> Iterator[LeftOutReading]:
    for each in answer.left_out:
        system = answer.controller.systems[each.system]
        where = f"{system.collections[each.collection].title} ({system.title})"
        yield LeftOutReading(where, _what(each), each.ground, each.citation, each.words)


def _what(each: LeftOut) -> str:
    if not each.field:
        return counted(each.records, "record")
    much = counted(each.records, "record") if each.records else _("every record")
    return _("“%(field)s” in %(records)s") % {"field": each.label, "records": much}

"""What an erasure left and what was refused, in words: where, why, and until when."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from dsr.package.cells import day
from dsr.package.contents import Answer
from dsr.package.words import counted


@dataclass(frozen=True, slots=True)
class KeptReading:
    """What stays, why, and until when."""

    where: str
    counted: str
    ground: str
    citation: str
    until: str


@dataclass(frozen=True, slots=True)
class RefusedReading:
    """A collection that is left out, and why."""

    where: str
    ground: str
    citation: str
    words: str


def kept(answer: Answer) -> Iterator[KeptReading]:
    """What an erasure left, rule by rule."""
    for outcome in answer.systems:
        described = answer.controller.systems[outcome.system]
        for each in outcome.collections:
            for rows in each.kept:
                yield KeptReading(
                    where=f"{described.collections[each.collection].title} ({described.title})",
                    counted=counted(rows.count, "record"),
                    ground=rows.why,
                    citation=rows.citation,
                    until=day(rows.until) if rows.until else _("the reason ends; no date is fixed"),
                )


def refused(answer: Answer) -> Iterator[RefusedReading]:
    """What was refused, collection by collection."""
    for outcome in answer.systems:
        described = answer.controller.systems[outcome.system]
        for each in outcome.collections:
            if each.refused:
                where = f"{described.collections[each.collection].title} ({described.title})"
                yield RefusedReading(where, each.refused.ground, each.refused.citation, each.refused.words)

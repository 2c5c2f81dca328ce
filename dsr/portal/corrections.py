"""A rectification as its person reads it: that it is their turn, and what became of each value."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext_lazy as _

from dsr.datamap.schema import ControllerMap
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.models import SubjectRequest
from dsr.portal.words import Text
from dsr.steps.fulfilling import correctable, rectification

SAYS: Mapping[str, Text] = {
    "proposed": _("We look at it."),
    "accepted": _("Accepted. It is written into our systems next."),
    "declined": _("Not corrected."),
    "corrected": _("Corrected, and read back from our systems."),
    "changed-meanwhile": _("It had been changed before we came to it. We left it as it is now."),
    "failed": _("Accepted, but we could not correct it."),
}

ENDED = SAYS["declined"]


@dataclass(frozen=True, slots=True)
class Row:
    """One value: before, proposed, and what came of it."""

    where: str
    label: str
    before: str
    proposed: str
    says: Text
    words: str


@dataclass(frozen=True, slots=True)
class Corrections:
    """The box on the status page."""

    until: date | None  # it is the person's turn
    anew: bool  # their days began again after a freeze
    rows: list[Row]
    statement: str


def of(own: SubjectRequest, about: ControllerMap) -> Corrections | None:
    """None for every other right, and while there is nothing to see."""
    if own.right != Right.RECTIFICATION:
        return None
    proposal = rectification.awaited(own)
    ended = own.state in {State.REFUSED, State.CANCELLED}  # what had been accepted by then is not written
    rows = [
        Row(line.collection, line.label, line.before, line.proposed, ENDED if ended else SAYS[line.state], line.words)
        for line in correctable.lines(own, about)
    ]
    statement = own.statement()
    if not (proposal or rows or statement):
        return None
    anew = own.events.filter(tag="correction:renewed").exists()
    return Corrections(proposal.last_day if proposal else None, anew, rows, statement)

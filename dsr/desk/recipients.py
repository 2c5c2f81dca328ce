"""Recipients on the desk: who was told, who answered, and who has not yet."""

from dataclasses import dataclass
from datetime import datetime

from dsr.desk.due import Chip
from dsr.law.deadlines import local_day
from dsr.models import SubjectRequest, Telling
from dsr.steps import maps
from dsr.steps.recipients import telling

ANSWERS = {"done": "Done", "nothing-held": "Nothing held", "cannot-delete": "Cannot delete"}
WAYS = {"connector": "by its system", "email": "by e-mail", "hand": "by hand", "none": "not told"}


@dataclass(frozen=True, slots=True)
class Row:
    """One recipient; `open` says that somebody can write down what it answered."""

    row: Telling
    title: str
    address: str
    way: str
    why_not: str
    chip: Chip
    open: bool


def rows(subject_request: SubjectRequest, now: datetime) -> list[Row]:
    """Everybody who is told of what this request changed."""
    today = local_day(now, maps.calendar(subject_request.controller))
    found = []
    for row, facts in telling.of(subject_request):
        late = row.due_on is not None and row.due_on < today
        waiting = row.answered_at is None and row.told_by != telling.NONE
        found.append(
            Row(
                row=row,
                title=facts.title if facts else row.recipient,
                address=(facts.address or facts.email) if facts else "",
                way=WAYS[row.told_by],
                why_not=facts.why_not if facts else "",
                chip=_chip(row, late=late),
                open=waiting,
            )
        )
    return found


def _chip(row: Telling, *, late: bool) -> Chip:
    if row.answer:
        return Chip(ANSWERS[row.answer], "good" if row.answer != telling.CANNOT_DELETE else "soon")
    if row.told_by == telling.NONE:
        return Chip("Not told", "quiet")
    if late:
        return Chip("Overdue", "overdue")
    return Chip("Told, no answer yet" if row.told_at else "To tell by hand", "busy" if row.told_at else "soon")

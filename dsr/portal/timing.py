"""The dates of a request as its person reads them: what we promised, what the law says, and what changed them."""

from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import gettext_lazy as _

from dsr.law.clocks import Duty, ExtensionReason, Pause
from dsr.law.deadlines import local_day
from dsr.law.regimes import HOUSE, regimes
from dsr.models import ClockPause, Deadline, Extension, SubjectRequest
from dsr.portal.words import Text
from dsr.steps import maps

ASKED: dict[str, Text] = {
    Pause.IDENTITY_REQUIRED: _("We need to be surer that the request comes from you."),
    Pause.INFORMATION_REQUIRED: _("We need to know more about what you ask for."),
}
EXTENDED: dict[str, Text] = {
    ExtensionReason.COMPLEXITY: _("The reason: your request is complex."),
    ExtensionReason.NUMBER: _("The reason: there are many requests."),
}


@dataclass(frozen=True, slots=True)
class Limit:
    """One date for the answer. `counted_on` is where it would be without pause and without waiting for a proof."""

    law: str
    due_on: date
    counted_on: date | None
    stands_still: bool
    extended: bool
    over: bool
    missed_on: date | None  # it stays when `due_on` moves on


@dataclass(frozen=True, slots=True)
class Timing:
    """Everything the status page says of time."""

    promise: Limit | None
    laws: list[Limit]
    missed: list[Limit]
    late: bool
    question: ClockPause | None
    asked: Text
    answered: list[ClockPause]
    stops: bool
    extension: Extension | None
    why_longer: Text


def timing(subject_request: SubjectRequest, *, at: datetime) -> Timing:
    """As it stands now. A request from before there were deadlines has none of them, until they are counted."""
    rows = [row for row in subject_request.deadlines.all() if row.duty == Duty.ANSWER]
    today = local_day(at, maps.calendar(subject_request.controller))
    pauses = list(subject_request.pauses.all())
    question = next((pause for pause in pauses if pause.ended_at is None), None)
    extension = Extension.objects.filter(subject_request=subject_request).first()
    promise = next((_limit(row, today) for row in rows if row.regime == HOUSE), None)
    laws = [_limit(row, today) for row in rows if row.regime != HOUSE]
    limits = [*([promise] if promise else []), *laws]
    return Timing(
        promise,
        laws,
        [limit for limit in limits if limit.missed_on],
        any(limit.over for limit in limits) if limits else subject_request.due_on < today,
        question,
        ASKED[question.reason] if question else "",
        [pause for pause in pauses if pause.answer_sealed],
        any(limit.stands_still for limit in limits),
        extension,
        EXTENDED[extension.reason] if extension else "",
    )


def _limit(deadline: Deadline, today: date) -> Limit:
    law = regimes().get(deadline.regime)
    return Limit(
        law.title if law else deadline.regime,
        deadline.due_on,
        deadline.unpaused_on if deadline.unpaused_on != deadline.due_on else None,
        deadline.pausing_from is not None,
        deadline.extended,
        deadline.due_on < today and deadline.pausing_from is None,
        deadline.missed_on,
    )

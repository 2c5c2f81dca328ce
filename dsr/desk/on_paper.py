"""An erasure without a mailbox on the desk: who was told on file, and how long the person can still cancel."""

from datetime import date, datetime

from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import Letter, NoticeState
from dsr.models import SubjectRequest
from dsr.steps import maps
from dsr.steps.answering import on_file
from dsr.steps.deciding import approval, grace

SHOWN = frozenset({State.SEARCHED, State.APPROVED})


def card(subject_request: SubjectRequest, *, at: datetime) -> dict[str, object]:
    """What stands beside its manifest; nothing for anybody with a proven mailbox."""
    if subject_request.own_mailbox() is not None or subject_request.right != Right.ERASURE:
        return {}
    if subject_request.state not in SHOWN:
        return {}
    days = grace.by_post(maps.controller(subject_request.controller).controller)
    to_come = subject_request.state == State.SEARCHED
    by_post = subject_request.mailbox() is None  # a guardian has one
    ahead = grace.of(subject_request, on_file.alert(subject_request), at=at) if to_come and by_post else None
    return {
        "erasure_on_paper": True,
        "told": on_file.alert(subject_request),
        "grace_days": days,
        "would_begin": ahead.ends_at if ahead else None,
        "to_print": subject_request.notices.filter(letter=Letter.APPROVED, state=NoticeState.TO_POST).exists(),
        "shortened_for": ahead.shortened_for if ahead else _shortened_for(subject_request),
    }


def _shortened_for(subject_request: SubjectRequest) -> date | None:
    """Of the approval that was given."""
    event = subject_request.events.filter(tag="plan:approved").first()
    day = event.details.get(approval.SHORTENED_FOR) if event else None
    return date.fromisoformat(day) if day else None

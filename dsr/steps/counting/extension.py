"""More time: once, before the first statutory date, with a reason of the law and a notice (GDPR Art. 12(3))."""

from datetime import datetime
from typing import Any

from django.db import transaction

from dsr.law.actors import Actor
from dsr.law.clocks import Duty, ExtensionReason
from dsr.law.deadlines import local_day
from dsr.law.regimes import HOUSE, regimes
from dsr.law.states import State
from dsr.law.work import Letter
from dsr.models import Deadline, Extension, SubjectRequest, sealed
from dsr.steps import permissions
from dsr.steps.counting import clock, misses, reckoning
from dsr.steps.move import Conflict
from dsr.steps.post import notices
from dsr.steps.recording import record

WORDS = 1_000  # characters


def extend(subject_request: SubjectRequest, *, reason: ExtensionReason, words: str, by: Actor, at: datetime) -> None:
    """Lengthen every date whose law allows it, and tell the person why. Raises Conflict, and changes nothing."""
    permissions.require(by, permissions.Duty.REVIEW, subject_request)
    words = words.strip()
    if not words or len(words) > WORDS:
        message = f"Write for the person why it takes longer, in at most {WORDS} characters."
        raise Conflict(message)
    with transaction.atomic():
        present = clock.held(subject_request)
        if why := why_not(present, at=at) or _unknown_to_law(present, reason):
            raise Conflict(why)
        rows = [row for row in clock.answers(present) if row.extended_term]
        for deadline in rows:
            misses.note_if_over(deadline, at=at)
            deadline.extended = True
            clock.recounted(deadline, at=at)
        clock.first_date(present)
        text = sealed.seal(words, "extension", present.pk, "words")
        given = Extension(subject_request=present, reason=reason, words_sealed=text, at=at, by_id=int(by.id))
        given.save(force_insert=True)
        due = {row.regime: row.due_on.isoformat() for row in rows}
        record.write(present, "clock:extended", by=by, at=at, secret={"words": words}, reason=reason, due=due)
        notices.queue(present, Letter.EXTENDED, at=at, **told(given))
    subject_request.due_on = present.due_on


def told(given: Extension) -> dict[str, Any]:
    """What the letter says: the date that binds us, as the page names it, and beside it those of the laws."""
    own = given.subject_request
    laws = own.deadlines.filter(extended=True, duty=Duty.ANSWER).exclude(regime=HOUSE)
    return {
        "reason": given.reason,
        "words": given.words(),
        "extended_to": own.due_on,
        "laws": [{"law": regimes()[row.regime].title, "due_on": row.due_on} for row in laws],
    }


def why_not(subject_request: SubjectRequest, *, at: datetime) -> str:
    """Why there can be no more time now, whatever the reason; empty when there can."""
    if not clock.running(subject_request):
        return "This request is answered or closed."
    if subject_request.state == State.PACKAGED:
        return "The package is made: no more time is needed. Hand it over."
    if Extension.objects.filter(subject_request=subject_request).exists():
        return "This request was given more time once. There is no second time."
    deciding = _deciding(subject_request)
    titles = [regimes()[row.regime].title for row in deciding if not row.extended_term]
    if titles or not deciding:
        return f"No more time: {', '.join(titles) or 'no law that counts here'} does not allow it for this right."
    if any(_over(row, at) for row in deciding):
        return "The first date is over. More time can be taken, and must be told, before it."
    return ""


def _deciding(subject_request: SubjectRequest) -> list[Deadline]:
    """The statutory dates; without any, the promise."""
    rows = clock.answers(subject_request)
    return [row for row in rows if row.regime != HOUSE] or rows


def _unknown_to_law(subject_request: SubjectRequest, reason: ExtensionReason) -> str:
    laws = [regimes()[row.regime] for row in _deciding(subject_request)]
    others = [law.title for law in laws if reason not in law.extension_reasons]
    return f"This is no reason for more time by: {', '.join(others)}." if others else ""


def _over(deadline: Deadline, at: datetime) -> bool:
    return local_day(at, reckoning.edition_of(deadline.edition_id)) > deadline.due_on

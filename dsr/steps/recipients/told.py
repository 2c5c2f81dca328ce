"""The recipients told of a change, as the person reads it: on the page, in the letter, in the package."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from dsr.datamap.schema import ControllerMap
from dsr.law.rights import COPIED
from dsr.models import SubjectRequest, Telling
from dsr.package.contents import RecipientTold
from dsr.steps import maps
from dsr.steps.post import wording
from dsr.steps.recipients import telling

ANSWERS: dict[str, Promise] = {
    telling.DONE: _("It is done"),
    telling.NOTHING_HELD: _("Nothing of it is held here"),
    telling.CANNOT_DELETE: _("It cannot be deleted; it expires by itself"),
}
OPEN: dict[str, Promise] = {
    telling.CONNECTOR: _("We have asked; the answer is still to come."),
    telling.EMAIL: _("We have told them; the answer is still to come."),
    telling.HAND: _("We tell them; the answer is still to come."),
    telling.NONE: _("We do not tell them."),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One recipient."""

    title: str
    says: Promise | str
    words: str
    due_on: date | None
    answered_at: datetime | None
    expires_on: date | None


def rows(subject_request: SubjectRequest, about: ControllerMap) -> Iterator[Row]:
    """Everybody the controller's map names for what was changed, also those who cannot be told, and why."""
    for each in subject_request.tellings.all():
        known = about.controller.recipients.get(each.recipient)
        title = known.title if known else each.recipient
        says = ANSWERS[each.answer] if each.answer else _open(each, known.why_not if known else "")
        yield Row(title, says, each.words(), each.due_on, each.answered_at, each.expires_on)


def _open(each: Telling, why_not: str) -> Promise | str:
    return why_not if each.told_by == telling.NONE and why_not else OPEN[each.told_by]


def packaged(subject_request: SubjectRequest, language: str) -> tuple[RecipientTold, ...]:
    """The same for the package and the closing letter, in one language."""
    if subject_request.right in COPIED:
        return ()  # nothing was changed of which a recipient would be told
    with translation.override(language):
        about = maps.localised(subject_request.controller, language)
        return tuple(RecipientTold(row.title, str(row.says), _when(row)) for row in rows(subject_request, about))


def _when(row: Row) -> str:
    """When it expires there, or by when an answer is due; neither for one that is done."""
    day = row.expires_on or (row.due_on if row.answered_at is None else None)
    return wording.day(day) if day else ""

"""Letters on the desk: what left us, to whom, by which post, and what became of it."""

from dataclasses import dataclass
from datetime import datetime

from dsr.datamap.schema import ControllerMap
from dsr.desk import people, words
from dsr.desk.due import Chip
from dsr.law.work import Letter, NoticeState
from dsr.models import Notice, SubjectRequest
from dsr.steps import maps
from dsr.steps.post import notices, resending


@dataclass(frozen=True, slots=True)
class Row:
    """A notice without addressee and words; the flags say what its state lets one do, not who may."""

    row: Notice
    title: str
    to: str
    chip: Chip
    sendable: bool
    printable: bool
    markable: bool  # a letter that goes with a package is marked with it


def rows(subject_request: SubjectRequest, now: datetime) -> list[Row]:
    """The request's letters, the oldest first."""
    about = maps.controller(subject_request.controller)
    return [_row(notice, about, now) for notice in subject_request.notices.all()]


def _row(notice: Notice, about: ControllerMap, now: datetime) -> Row:
    return Row(
        row=notice,
        title=words.LETTERS[Letter(notice.letter)],
        to=_to(notice.to, about),
        chip=Chip(*words.NOTICE_STATES[NoticeState(notice.state)]),
        sendable=resending.holds(notice, now),
        printable=(printable := notice.state == NoticeState.TO_POST),
        markable=printable and notice.letter not in notices.COVERING,
    )


def _to(to: str, about: ControllerMap) -> str:
    kind, _, name = to.partition(":")
    if kind == "staff":
        return people.names_of([to])[to]
    if kind == "recipient":
        facts = about.controller.recipients.get(name)
        return facts.title if facts else name
    if kind == "colleague":
        return "A colleague without an account"
    if kind == "on-file":
        return "The address on file"
    return "The person" if not to else to.capitalize()

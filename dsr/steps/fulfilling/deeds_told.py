"""What a rectification or a withdrawal did, as its package tells it: by system, with counts, and who else was told."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from dsr.datamap.schema import ControllerMap
from dsr.law.rights import Right
from dsr.law.work import Outcome
from dsr.models import PlanItem, SubjectRequest
from dsr.package.contents import Answer, CollectionOutcome, ConsentEnded, FieldCorrected, SystemOutcome
from dsr.steps.answering import packaging
from dsr.steps.fulfilling import correctable, correcting, withdrawal

RIGHTS = frozenset({Right.RECTIFICATION, Right.CONSENT_WITHDRAWAL})


def assemble(item: PlanItem, *, at: datetime) -> None:
    """Put its package together. Raises Fenced."""
    packaging.build(item, answer_to(item.subject_request, at=at), at=at)


def answer_to(subject_request: SubjectRequest, *, at: datetime) -> Answer:
    """What the package says; no records are copied into it."""
    answer = packaging.answer_to(subject_request, at=at)
    about = answer.controller
    if subject_request.right == Right.RECTIFICATION:
        return replace(
            answer,
            parts={},
            systems=tuple(_corrected(subject_request, about)),
            corrected=tuple(_fields(subject_request, about)),
            statement=bool(subject_request.statement_sealed),
        )
    return replace(
        answer, parts={}, systems=tuple(_stopped(subject_request, about)), ended=tuple(_ended(subject_request))
    )


def _fields(subject_request: SubjectRequest, about: ControllerMap) -> Iterator[FieldCorrected]:
    """Each field by its label, once per fate; no value."""
    counted: Counter[FieldCorrected] = Counter()
    for line in correctable.lines(subject_request, about):
        row = line.row
        counted[FieldCorrected(row.system, row.collection, row.field, line.label, line.state, 0, line.words)] += 1
    return (replace(each, count=count) for each, count in counted.items())


def _corrected(subject_request: SubjectRequest, about: ControllerMap) -> Iterator[SystemOutcome]:
    """What became of each system that was searched: how many rows were found, and whether something was corrected."""
    corrected = subject_request.corrections.filter(outcome=correcting.CORRECTED)
    done = set(corrected.values_list("system", flat=True))
    for find in packaging.searched(subject_request):
        rows: dict[str, int] = find.counts.get("rows", {})
        known = about.systems[find.system].collections if find.system in about.systems else {}
        found = tuple(CollectionOutcome(name, count) for name, count in rows.items() if name in known)
        outcome = Outcome.CORRECTED if find.system in done else find.outcome
        yield SystemOutcome(find.system, outcome, find.note if outcome == Outcome.FAILED else "", found)


def _stopped(subject_request: SubjectRequest, about: ControllerMap) -> Iterator[SystemOutcome]:
    for item in withdrawal.stops(subject_request, about):
        yield SystemOutcome(item.system, item.outcome, item.note if item.outcome == Outcome.FAILED else "")


def _ended(subject_request: SubjectRequest) -> Iterator[ConsentEnded]:
    """Each consent, since when it no longer holds, and in which systems it was stopped."""
    since = dict(subject_request.withdrawals.values_list("purpose", "stopped_at"))
    for each in withdrawal.stopped(subject_request):
        places, failed = tuple(each.places), tuple(each.unstopped)
        yield ConsentEnded(
            each.purpose, each.title, since[each.purpose], places, failed, each.means, each.how, each.looked
        )

"""What had to be kept until a day is over: the person is told that it is erased now, or what stays longer and why."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet

from dsr.law.actors import PORTAL
from dsr.law.work import ItemState, Kind, Letter
from dsr.models import PlanItem, SubjectRequest
from dsr.steps import maps
from dsr.steps.move import Conflict
from dsr.steps.post import outbox
from dsr.steps.recording import record


def tell(item: PlanItem, *, at: datetime) -> None:
    """After the last system of this day. Call it in the transaction in which the item is done.

    Once the request's time is over no address is known any more: then the record alone says it.
    """
    # Locked, so that of two systems that end in the same moment the second one sees the first.
    subject_request = SubjectRequest.objects.select_for_update().get(pk=item.subject_request_id)
    if item.until is None or _of(subject_request, item.until).exclude(state=ItemState.DONE).exists():
        return
    facts = told(subject_request, item.until)
    notice = outbox.queue(subject_request, Letter.KEPT_OVER, at=at, **facts)
    tag = "kept:told" if notice else "kept:untold"
    record.write(subject_request, tag, by=PORTAL, at=at, until=item.until.isoformat())


def told(subject_request: SubjectRequest, until: date | None = None) -> dict[str, Any]:
    """What the letter says of that day, or of the last one that is over: nothing of what it was. Raises Conflict."""
    done = subject_request.items.filter(kind=Kind.ERASE, state=ItemState.DONE).exclude(until=None)
    until = until or done.order_by("-until").values_list("until", flat=True).first()
    if until is None:
        message = "Nothing that was kept is over yet."
        raise Conflict(message)
    counts = [count for item in _of(subject_request, until) for count in item.counts.values()]
    return {
        "until": until,
        "erased": any(count["erased"] for count in counts),
        "kept": [
            {"until": date.fromisoformat(day) if day else "", "why": why, "citation": citation}
            for day, why, citation in sorted(set(_kept(subject_request, counts)))
        ],
    }


def _of(subject_request: SubjectRequest, until: date) -> QuerySet[PlanItem]:
    return subject_request.items.filter(kind=Kind.ERASE, until=until)


def _kept(subject_request: SubjectRequest, counts: list[dict[str, Any]]) -> Iterator[tuple[str, str, str]]:
    """Day, ground and citation of what stays longer; a system's own words stay with it."""
    rules = maps.localised(subject_request.controller, subject_request.language).controller.retention
    for row in (row for count in counts for row in count["kept"]):
        rule = rules.get(row["reason"])
        yield row["until"], (rule.ground or rule.says) if rule else "", rule.citation if rule else ""

"""Tasks: systems that wait for a person, in one list for all controllers of a staff member."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.core.paginator import Page, Paginator
from django.db.models import Count, Q
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.models import Staff
from dsr.desk import people, words
from dsr.desk.due import Chip
from dsr.desk.queue import Tab
from dsr.desk.timeline import item_title
from dsr.law.deadlines import local_day
from dsr.law.work import ItemState
from dsr.models import Errand, PlanItem
from dsr.steps import maps
from dsr.steps.errands import asking
from dsr.steps.permissions import Duty

if TYPE_CHECKING:
    from dsr.desk.site import Desk

PER_PAGE = 50
VIEWS = {"mine": "Mine", "team": "The team's", "overdue": "Overdue", "second": "For a second look"}


@dataclass(frozen=True, slots=True)
class Row:
    """One task; nothing in it is personal data."""

    item: PlanItem
    title: str
    controller: str
    chip: Chip
    owner: str


@dataclass(frozen=True, slots=True)
class Tasks:
    """The page: its views with their numbers, and one page of rows."""

    tabs: list[Tab]
    rows: list[Row]
    page: Page[PlanItem]
    view: str


@require_safe
def show(request: HttpRequest, site: "Desk") -> TemplateResponse:
    """Tasks of this staff member's controllers, the most urgent first."""
    tasks = listed(people.staff_of(request), request.GET.dict(), now=timezone.now())
    return TemplateResponse(
        request, "desk/tasks.html", {**site.each_context(request), "title": "Tasks", "tasks": tasks}
    )


def listed(staff: Staff, asked: Mapping[str, str], *, now: datetime) -> Tasks:
    """One page of tasks, as the URL asks for it."""
    controllers = people.controllers_of(staff, Duty.OPERATE)
    found = asking.standing(controllers)
    takes = {
        "mine": Q(errand__owner=staff),
        "team": ~Q(pk=None),
        "overdue": asking.late(controllers, now),
        "second": ~Q(errand__answer="") & ~Q(errand__answered_by=staff),
    }
    view = asked.get("view", "")
    view = view if view in VIEWS else "team"
    counts = found.order_by().aggregate(**{slug: Count("pk", filter=q) for slug, q in takes.items()})
    page = Paginator(found.filter(takes[view]), PER_PAGE).get_page(asked.get("page"))
    return Tasks(
        tabs=[Tab(title, counts[slug], f"?view={slug}", slug == view) for slug, title in VIEWS.items()],
        rows=[_row(item, now) for item in page],
        page=page,
        view=view,
    )


def _row(item: PlanItem, now: datetime) -> Row:
    controller_map = maps.controller(item.subject_request.controller)
    return Row(
        item=item,
        title=item_title(item.kind, item.system, controller_map),
        controller=controller_map.controller.name,
        chip=chip(item, item.errand, now, held=bool(getattr(item, "held", False))),
        owner=people.name_of(item.errand.owner),
    )


def chip(item: PlanItem, errand: Errand, now: datetime, *, held: bool) -> Chip:
    """How a task stands."""
    if item.state == ItemState.DONE:
        return Chip("Over", "quiet")
    if held:
        return Chip("Held: do nothing now", "quiet")
    if errand.answer:
        return Chip("Confirmed", "good") if errand.confirmed_at else Chip("Waits for a second look", "soon")
    if item.state == ItemState.QUARANTINED:
        return Chip(*words.ITEM_STATES[ItemState.QUARANTINED])
    return _time_left(item, errand, now)


def _time_left(item: PlanItem, errand: Errand, now: datetime) -> Chip:
    left = (errand.due_on - local_day(now, maps.calendar(item.subject_request.controller))).days
    days = f"{abs(left)} day{'' if abs(left) == 1 else 's'}"
    if left < 0:
        return Chip(f"Overdue by {days}", "overdue")
    return Chip(f"{days} left" if left else "Due today", "soon" if left <= 1 else "track")

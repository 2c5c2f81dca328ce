"""The queue: which requests a staff member sees, in saved views and by filters that stand in the URL."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Page, Paginator
from django.db.models import Case, Count, Exists, OuterRef, Q, QuerySet, When

from accounts.models import Staff
from dsr.desk import due, people, words
from dsr.law.deadlines import due_on, local_day
from dsr.law.rights import SEARCHED, URGENT, Right
from dsr.law.states import CLOSED, State
from dsr.law.work import ItemState
from dsr.models import Identity, PlanItem, Proposal, SubjectRequest, Supplement
from dsr.steps import maps, setbacks
from dsr.steps.answering import handover
from dsr.steps.deciding import looking
from dsr.steps.permissions import Duty

PER_PAGE = 50
FILTERS = ("controller", "right", "person")
STUCK = (ItemState.QUARANTINED, ItemState.IN_DOUBT)


@dataclass(frozen=True, slots=True)
class View:
    """A saved view: its address, its title, and what it takes up."""

    slug: str
    title: str
    takes: Callable[[Staff, list[str], datetime], Q]


@dataclass(frozen=True, slots=True)
class Tab:
    """A saved view as a link with its number of requests."""

    title: str
    count: int
    url: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One request in the queue; nothing in it is personal data."""

    subject_request: SubjectRequest
    right: str
    controller: str
    state: str
    chip: due.Chip | None
    owner: str


@dataclass(frozen=True, slots=True)
class Queue:
    """The page: tabs, rows of one page, and what they were chosen by."""

    tabs: list[Tab]
    rows: list[Row]
    page: Page[SubjectRequest]
    chosen: Mapping[str, str]
    pages_url: str


# The portal promises that reports are looked at before anything else.
_URGENT_FIRST = Case(When(right__in=URGENT, then=0), default=1)
_OPEN = ~Q(state__in=CLOSED)
_RUNNING = _OPEN & Q(answered_at=None)  # an answer that lies ready for download keeps its date


_VALUES = Proposal.objects.filter(subject_request=OuterRef("pk")).exclude(sent_at=None)
_TO_DECIDE = Q(state=State.SEARCHED, right=Right.RECTIFICATION) & Q(Exists(_VALUES))


_LATE = Supplement.objects.filter(subject_request=OuterRef("pk"), approval=None)
_TO_APPROVE = Q(state=State.SEARCHED, right=Right.ERASURE) | Q(state=State.APPROVED) & Q(Exists(_LATE))


def _overdue(_: Staff, controllers: list[str], now: datetime) -> Q:
    late = Q(pk=None)
    for slug in controllers:
        late |= Q(controller=slug, due_on__lt=local_day(now, maps.calendar(slug)))
    return _RUNNING & late


def _soon(_: Staff, controllers: list[str], now: datetime) -> Q:
    soon = Q(pk=None)
    for slug in controllers:
        calendar = maps.calendar(slug)
        days = local_day(now, calendar), due_on(now, due.SOON, calendar)
        soon |= Q(controller=slug, due_on__range=days)
    return _RUNNING & soon


def _failed(_: Staff, __: list[str], ___: datetime) -> Q:
    stuck = Q(state__in=STUCK) | Q(state__in=[ItemState.READY, ItemState.WAITING], tries__gt=0)
    return Q(Exists(PlanItem.objects.filter(stuck, subject_request=OuterRef("pk")))) | setbacks.standing()


VIEWS = (
    View("open", "Open", lambda *_: _OPEN),
    View("mine", "Mine", lambda staff, *_: _OPEN & Q(owner=staff)),
    View("unassigned", "Unassigned", lambda *_: _OPEN & Q(owner=None)),
    View("review", "To review", lambda *_: Q(state=State.VERIFIED)),
    View("approve", "To approve", lambda *_: _TO_APPROVE),
    View("look", "To look at", lambda *_: looking.waiting()),
    View("correct", "To decide", lambda *_: _TO_DECIDE),
    View("answer", "To answer", lambda *_: Q(state=State.ACCEPTED) & ~Q(right__in=SEARCHED)),
    View("post", "To be posted", lambda *_: handover.WAITING),
    View("failed", "Failed items", _failed),
    View("soon", f"Due in {due.SOON} days", _soon),
    View("overdue", "Overdue", _overdue),
    View("closed", "Answered and closed", lambda *_: Q(state__in=CLOSED)),
    View("all", "All", lambda *_: ~Q(pk=None)),
)


def seen_by(staff: Staff) -> QuerySet[SubjectRequest]:
    """Requests of the controllers this staff member works for; the others do not exist for them."""
    return SubjectRequest.objects.filter(controller__in=people.controllers_of(staff))


def queue(staff: Staff, asked: Mapping[str, str], *, now: datetime) -> Queue:
    """One page of the queue, as the URL asks for it."""
    controllers = people.controllers_of(staff)
    # PostgreSQL takes no NUL, and no request has one.
    chosen = {name: asked[name].replace("\0", "") for name in FILTERS if asked.get(name)}
    found = _filtered(staff, chosen)
    view = next((view for view in VIEWS if view.slug == asked.get("view")), VIEWS[0])
    takes = {each.slug: each.takes(staff, controllers, now) for each in VIEWS}
    counts = found.aggregate(**{slug: Count("pk", filter=q) for slug, q in takes.items()})
    past = view.slug in {"closed", "all"}
    order: tuple[Any, ...] = ("-received_at",) if past else (_URGENT_FIRST, "due_on", "received_at")
    in_view = (
        found.filter(takes[view.slug]).select_related("owner").prefetch_related("pauses", "deadlines").order_by(*order)
    )
    page = Paginator(in_view, PER_PAGE).get_page(asked.get("page"))
    return Queue(
        tabs=[Tab(each.title, counts[each.slug], _url(view=each.slug, **chosen), each is view) for each in VIEWS],
        rows=[_row(subject_request, now) for subject_request in page],
        page=page,
        chosen={"view": view.slug, **chosen},
        pages_url=_url(view=view.slug, **chosen),
    )


def _filtered(staff: Staff, chosen: Mapping[str, str]) -> QuerySet[SubjectRequest]:
    plain = {name: chosen[name] for name in ("controller", "right") if name in chosen}
    found = seen_by(staff).filter(**plain)
    if "person" not in chosen:
        return found
    # Whether somebody has a request at all is personal data too: it takes the duty that shows it.
    named = Identity.objects.filter(lookup__in=chosen["person"].split(",")).values("subject_request")
    return found.filter(pk__in=named, controller__in=people.controllers_of(staff, Duty.VIEW))


def _row(subject_request: SubjectRequest, now: datetime) -> Row:
    return Row(
        subject_request=subject_request,
        right=words.RIGHTS[Right(subject_request.right)],
        controller=maps.controller(subject_request.controller).controller.name,
        state=words.state_of(subject_request),
        chip=due.chip(subject_request, now),
        owner=people.name_of(subject_request.owner),
    )


def _url(**asked: str) -> str:
    return f"?{urlencode(asked)}"

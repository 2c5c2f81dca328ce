"""A task: asked once for an item, owned by one, seen by who needs it, reminded of and escalated when it is late."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet

from accounts.models import Staff
from dsr.datamap.schema import Way
from dsr.law.actors import PORTAL, Actor, ActorKind
from dsr.law.deadlines import local_day
from dsr.law.work import ItemState, Kind, Letter
from dsr.models import Errand, PlanItem
from dsr.steps import maps, permissions
from dsr.steps.deciding import blocking
from dsr.steps.errands import links
from dsr.steps.fulfilling import execution, search
from dsr.steps.move import Conflict
from dsr.steps.permissions import Duty, Forbidden
from dsr.steps.post import team
from dsr.steps.recording import record

MOST = 2_000  # keys of one collection on a page
EARLIEST = timedelta(hours=14)  # the zone whose day begins first
NEW, DUE, LATE, AGAIN, SECOND = "new", "due", "late", "again", "second"


@dataclass(frozen=True, slots=True)
class Shown:
    """What a task says about one collection: by what to look, or which rows to erase in which way."""

    collection: str
    by: tuple[tuple[str, tuple[str, ...]], ...] = ()  # in words, and the values
    way: Way | None = None
    new: tuple[str, ...] = ()  # fields that get new values, with these
    keys: tuple[str, ...] = ()
    more: int = 0


def ask(item: PlanItem, days: int, *, at: datetime) -> None:
    """Make a task of an item, due in so many days and not after the request itself; repeated, it changes nothing."""
    subject_request = item.subject_request
    today = local_day(at, maps.calendar(subject_request.controller))
    due_on = today + timedelta(days=days)
    if today <= subject_request.due_on:
        due_on = min(due_on, subject_request.due_on)
    with transaction.atomic():
        errand, made = Errand.objects.get_or_create(
            item=item, defaults={"owner_id": subject_request.owner_id, "created_at": at, "due_on": due_on}
        )
        if made:
            record.write(subject_request, "task:asked", by=PORTAL, at=at, item=str(item), due_on=due_on.isoformat())
            tell(errand, NEW, at=at)


def tell(errand: Errand, stage: str, *, at: datetime, more: Iterable[Staff] = ()) -> None:
    """Write to its owner, or to everybody who could do it; the letter names no person."""
    subject_request = errand.item.subject_request
    owner = errand.owner if errand.owner and errand.owner.is_active and errand.owner.email else None
    who = [owner] if owner and stage != SECOND else permissions.team(subject_request.controller, Duty.OPERATE)
    if stage == SECOND:
        who = [each for each in who if each.pk != errand.answered_by_id]
    known = maps.controller(subject_request.controller).systems.get(errand.item.system)
    title = known.title if known else errand.item.system
    team.tell(subject_request, Letter.TASK, [*who, *more], at=at, stage=stage, system=title, task_due_on=errand.due_on)


def standing(controllers: Iterable[str]) -> QuerySet[PlanItem]:
    """Items whose task is open, the most urgent first; `held` says that a legal hold stands in the way."""
    tasks = PlanItem.objects.filter(subject_request__controller__in=list(controllers), errand__confirmed_at=None)
    tasks = tasks.filter(errand__isnull=False).exclude(state=ItemState.DONE)
    return (
        tasks.annotate(held=ExpressionWrapper(Q(kind=Kind.ERASE) & Q(blocking.on_items()), BooleanField()))
        .select_related("errand__owner", "subject_request")
        .order_by("errand__due_on", "pk")
    )


def late(controllers: Iterable[str], at: datetime, *, days: int = 0) -> Q:
    """Of PlanItem: its task was due before today, or before so many days from now, by its controller's calendar."""
    found = Q(pk=None)
    for slug in controllers:
        day = local_day(at, maps.calendar(slug)) + timedelta(days=days)
        found |= Q(subject_request__controller=slug, errand__due_on__lt=day)
    return found


def take(errand: Errand, *, by: Actor, at: datetime) -> None:
    """Become its owner, also in a colleague's place. Raises Forbidden, Conflict."""
    permissions.require(by, Duty.OPERATE, errand.item.subject_request)
    if by.kind is not ActorKind.STAFF:
        raise Forbidden
    with transaction.atomic():
        still = Errand.objects.filter(pk=errand.pk, owner=errand.owner_id, confirmed_at=None)
        if not still.exclude(item__state=ItemState.DONE).update(owner_id=int(by.id)):
            message = "Somebody else has taken this task meanwhile, or it is over."
            raise Conflict(message)
        record.write(errand.item.subject_request, "task:taken", by=by, at=at, item=str(errand.item))
    errand.owner_id = int(by.id)


def may_see(errand: Errand, by: Actor) -> bool:
    """Its owner sees whom to look for, and so does whoever may see personal data of the request anyway."""
    subject_request = errand.item.subject_request
    if not permissions.may(by, Duty.OPERATE, subject_request):
        return False
    return permissions.may(by, Duty.VIEW, subject_request) or str(errand.owner_id) == by.id


def show(errand: Errand, *, by: Actor, at: datetime) -> list[Shown]:
    """Whom to look for, or which rows to erase; that somebody looked is an Event. Raises Forbidden."""
    if not (links.may_act(errand, by, at=at) or may_see(errand, by)):
        raise Forbidden
    item = errand.item
    record.write(item.subject_request, "task:shown", by=by, at=at, item=str(item))
    return list(_rows(item) if item.kind == Kind.ERASE else _asked(item))


def _asked(item: PlanItem) -> Iterable[Shown]:
    plan, identities, _ = search.led(item)
    for route in plan.routes:
        by: list[tuple[str, tuple[str, ...]]] = []
        for seed in route.seeds:
            values = tuple(":".join(map(str, key)) for key in identities.get(seed.kind, ()))
            if values:
                by.append((" / ".join(_labels(item, route.name, seed.fields)), values))
        by += [(f"what belongs to: {_title(item, hop.to.name)}", ()) for hop in route.hops]
        yield Shown(route.name, tuple(by))


def _rows(item: PlanItem) -> Iterable[Shown]:
    found: dict[str, list[str]] = {}
    lines = {line.collection: line for line in execution.lines_of(item)}
    for line in execution.lines_of(item):
        found.setdefault(line.collection, []).extend(spelled(tuple(key)) for key in line.keys)
    for name, keys in found.items():
        line = lines[name]
        labels = (*_labels(item, name, tuple(line.set)),)
        new = tuple(
            f"{label}: {'(empty)' if value is None else value}"
            for label, value in zip(labels, line.set.values(), strict=True)
        )
        yield Shown(name, way=line.way, new=new, keys=tuple(keys[:MOST]), more=max(0, len(keys) - MOST))


def spelled(key: tuple[object, ...]) -> str:
    """A row's key as people read and type it."""
    return " / ".join(map(str, key))


def _labels(item: PlanItem, collection: str, fields: tuple[str, ...]) -> Iterable[str]:
    described = maps.controller(item.subject_request.controller).systems[item.system].collections[collection].fields
    return (described[name].label or name for name in fields)


def _title(item: PlanItem, collection: str) -> str:
    return maps.controller(item.subject_request.controller).systems[item.system].collections[collection].title


def remind_next(*, at: datetime) -> bool:
    """Remind of one task on the day before it is due; once it is late, escalate it. Whether there was one."""
    idle = standing(maps.controllers()).exclude(Q(kind=Kind.ERASE) & blocking.on_items())
    escalated = idle.filter(late(maps.controllers(), at), errand__escalated_at=None).first()
    if escalated is not None:
        return _remind(escalated, LATE, "escalated_at", at)
    near = idle.filter(
        late(maps.controllers(), at, days=2), errand__reminded_at=None, errand__escalated_at=None
    ).first()
    return near is not None and _remind(near, DUE, "reminded_at", at)


def _remind(item: PlanItem, stage: str, column: str, at: datetime) -> bool:
    subject_request = item.subject_request
    with transaction.atomic():
        if Errand.objects.filter(pk=item.pk, **{column: None}).update(**{column: at}):
            tag = "task:escalated" if stage == LATE else "task:reminded"
            record.write(subject_request, tag, by=PORTAL, at=at, item=str(item))
            officers = team.officers(subject_request) if stage == LATE else []
            tell(item.errand, stage, at=at, more=officers)
    return True

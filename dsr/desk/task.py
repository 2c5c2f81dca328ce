"""The page of one task: what to do, for whom, what became of it, and the second look."""

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from dsr.connectors.contract import Rejected, fields_brought
from dsr.datamap.schema import SystemMap, Way
from dsr.desk import people, task_forms
from dsr.desk.outcome import CONFLICT, refused
from dsr.desk.pages import heading, known
from dsr.desk.tasks import chip
from dsr.desk.timeline import item_title
from dsr.law.actors import Actor
from dsr.law.work import ItemState, Kind
from dsr.models import Errand, PlanItem
from dsr.steps import maps
from dsr.steps.deciding import blocking
from dsr.steps.errands import answering, asking, lending, uploads
from dsr.steps.fulfilling import execution, search
from dsr.steps.move import Conflict
from dsr.steps.permissions import Duty, Forbidden, may

if TYPE_CHECKING:
    from dsr.desk.site import Desk

Form = task_forms.FindReport | task_forms.EraseReport
WAYS = {
    Way.DELETE: "Delete these rows.",
    Way.REDACT: "Keep these rows, and overwrite in each:",
    Way.AGGREGATE: "Keep these rows, and overwrite in each:",
}
DONE = {
    "found": "Handed in. It is sealed, and the answer goes on by itself.",
    "nothing": "Written down: nothing is there.",
    "erased": "Written down. A colleague looks a second time now; then it counts as erased.",
    "cannot": "Written down. The request's page offers to try again, or to leave this system out.",
}


@require_http_methods(["GET", "HEAD", "POST"])
def show(request: HttpRequest, reference: str, item: UUID, site: "Desk") -> HttpResponse:
    """Read it, take it, see whom it is about, answer it, look a second time."""
    subject_request = known(people.staff_of(request), reference)
    errand = Errand.objects.select_related("item__subject_request", "owner", "answered_by").filter(
        pk=item, item__subject_request=subject_request
    )
    if (task := errand.first()) is None:
        raise Http404
    by = people.actor_of(request)
    if not may(by, Duty.OPERATE, subject_request):
        return refused(request, site, subject_request)
    page = Page(request, site, task, by)
    try:
        return page.act(request.POST.get("act", "") if request.method == "POST" else "")
    except Forbidden as why:
        return refused(request, site, subject_request, str(why) or "Your role does not allow this.")


class Page:
    """One look at a task."""

    def __init__(self, request: HttpRequest, site: "Desk", task: Errand, by: Actor) -> None:
        self.request, self.site, self.task, self.by = request, site, task, by
        self.item: PlanItem = task.item
        self.now: datetime = timezone.now()
        self.system: SystemMap | None = maps.controller(self.item.subject_request.controller).systems.get(
            self.item.system
        )

    def act(self, name: str) -> HttpResponse:
        """What was pressed; without anything, the page."""
        if name == "show":
            return self.look()
        if name == "answer":
            return self.answer()
        steps = {"take": asking.take, "confirm": answering.confirm, "back": answering.send_back}
        if name in {"lend", "unlend"}:
            return self.lend(name)
        if name not in steps:
            return self.page()
        said = {
            "take": "This task is yours now.",
            "confirm": "Confirmed. The answer goes on by itself.",
            "back": "The task is open again.",
        }
        try:
            steps[name](self.task, by=self.by, at=self.now)
        except Conflict as conflict:
            messages.error(self.request, str(conflict))
        else:
            messages.success(self.request, said[name])
        return self.again()

    def lend(self, name: str) -> HttpResponse:
        """Send a colleague the link to it, or take that back."""
        form = task_forms.Lend(self.request.POST) if name == "lend" else None
        if form is not None and not form.is_valid():
            return self.page(lend=form)
        try:
            if form is None:
                lending.take_back(self.task, by=self.by, at=self.now)
            else:
                lending.lend(self.task, form.cleaned_data["address"], by=self.by, at=self.now)
        except Conflict as conflict:
            if form is not None and self.form(sent=False):  # what was typed stands there, with why it does not fit
                form.add_error("address", str(conflict))
                return self.page(lend=form)
            messages.error(self.request, str(conflict))
        else:
            messages.success(self.request, "The link opens nothing any more." if form is None else "The link is sent.")
        return self.again()

    def look(self) -> HttpResponse:
        """The page with whom it is about."""
        try:
            return self.page(asking.show(self.task, by=self.by, at=self.now))
        except Rejected as why:  # the map has changed since
            messages.error(self.request, str(why))
            return self.again()

    def again(self) -> HttpResponse:
        """Back to the page."""
        return redirect("desk:task", self.item.subject_request.reference, self.item.pk)

    def form(self, *, sent: bool) -> Form | None:
        """What to fill in; None when there is nothing to answer (now)."""
        if self.system is None or self.task.answer or self.item.state == ItemState.DONE or self.held():
            return None
        kind = task_forms.EraseReport if self.item.kind == Kind.ERASE else task_forms.FindReport
        form = kind(self.request.POST, self.request.FILES) if sent else kind()
        form.fit(self.system, self.collections())
        return form

    def held(self) -> bool:
        """Whether a legal hold says to do nothing."""
        return self.item.kind == Kind.ERASE and blocking.blocks_erasure(self.item.subject_request)

    def collections(self) -> list[str]:
        """What the task is about."""
        if self.item.kind == Kind.ERASE:
            return list(dict.fromkeys(line.collection for line in execution.lines_of(self.item)))
        try:
            plan, _, _ = search.led(self.item)
        except Rejected:
            return []
        return [route.name for route in plan.routes]

    def fields(self) -> list[tuple[str, list[str]]]:
        """What rows of each collection may hold, for who writes them into a file."""
        if self.system is None or self.item.kind == Kind.ERASE:
            return []
        return [(name, list(fields_brought(self.system.collections[name]))) for name in self.collections()]

    def answer(self) -> HttpResponse:
        """Take what was filled in."""
        form = self.form(sent=True)
        if form is None:
            messages.error(self.request, "This task takes no answer now. Look at it again.")
            return self.again()
        if int(self.request.META.get("CONTENT_LENGTH") or 0) > settings.FILE_UPLOAD_MAX_MEMORY_SIZE:
            form.add_error(None, "These files are too large. Together they may have 6 MB.")
        if form.is_valid():
            try:
                self.step(form)
            except (Conflict, Rejected, uploads.NotTaken) as why:
                form.add_error(None, str(why))
            else:
                messages.success(self.request, DONE[form.cleaned_data["said"]])
                return self.again()
        return self.page(self.seen(), form)

    def seen(self) -> list[asking.Shown] | None:
        """The rows that were to be erased, for who corrects what they wrote of them; it is recorded as any look."""
        if self.item.kind != Kind.ERASE or not asking.may_see(self.task, self.by):
            return None
        try:
            return asking.show(self.task, by=self.by, at=self.now)
        except Rejected:  # the map has changed since: there is no list any more
            return None

    def step(self, form: Form) -> None:
        """Say it."""
        said, by, at = form.cleaned_data["said"], self.by, self.now
        if said == "cannot":
            answering.cannot(self.task, form.cleaned_data["because"], by=by, at=at)
        elif said == "nothing":
            answering.nothing(self.task, by=by, at=at)
        elif isinstance(form, task_forms.EraseReport):
            answering.erased(self.task, form.erased(), by=by, at=at)
        else:
            plan, identities, _ = search.led(self.item)
            found = uploads.read(form.upload(), plan.routes, identities)
            answering.bring(self.task, found, by=by, at=at)

    def told(self, shown: list[asking.Shown] | None, form: Form | None) -> dict[str, object]:
        """What the page says of the task; with whom it is about, where that was asked for."""
        controller_map = maps.controller(self.item.subject_request.controller)
        collections = self.system.collections if self.system else {}
        shown_form = form or self.form(sent=False)
        return {
            "title": item_title(self.item.kind, self.item.system, controller_map),
            "controller": controller_map.controller,
            "task": self.task,
            "item": self.item,
            "held": self.held(),
            "erasing": self.item.kind == Kind.ERASE,
            "system": self.system,
            "how": self.system.connector.settings.get("how", "") if self.system else "",
            "because": self.task.because(),
            "shown": [
                (collections[one.collection].title, WAYS.get(one.way) if one.way else None, one) for one in shown or []
            ],
            "fields": self.fields() if shown_form else [],
            "form": shown_form,
        }

    def page(
        self,
        shown: list[asking.Shown] | None = None,
        form: Form | None = None,
        *,
        lend: task_forms.Lend | None = None,
    ) -> HttpResponse:
        """The page, as staff see it."""
        may_see, told = asking.may_see(self.task, self.by), self.told(shown, form)
        context = {
            **heading(self.item.subject_request),
            **told,
            "chip": chip(self.item, self.task, self.now, held=self.held()),
            "task_owner": people.name_of(self.task.owner),
            "answered_by": people.name_of(self.task.answered_by),
            "mine": str(self.task.owner_id) == self.by.id,
            "over": self.item.state == ItemState.DONE,
            "may_see": may_see,
            **self.lent(),
            "lending": (lend or task_forms.Lend()) if may_see and told["form"] else None,
            "why_not_confirm": answering.why_not_confirm(self.task, self.by),
        }
        return self.drawn("desk/task.html", context, form)

    def lent(self) -> dict[str, object]:
        """The link that stands, and who answered by one."""
        answered = self.task.links.filter(answered_at=self.task.answered_at) if self.task.answered_at else None
        by = answered.first() if answered is not None else None
        return {"link": lending.standing(self.task, at=self.now), "lent_to": by.address() if by else ""}

    def drawn(self, template: str, context: dict[str, object], form: Form | None) -> HttpResponse:
        """The page, which says by its status when what was filled in does not fit."""
        status = CONFLICT if form is not None and form.non_field_errors() else 200
        return render(self.request, template, {**self.site.each_context(self.request), **context}, status=status)

"""Correcting: what was found and can be corrected, new values row by row, a statement, and sending them once."""

from dataclasses import dataclass

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from dsr.datamap.schema import ControllerMap
from dsr.law.rights import Right
from dsr.law.work import Kind, Outcome
from dsr.models import Proposal, SubjectRequest
from dsr.portal import access, pages, proposal
from dsr.portal.words import Text
from dsr.steps.answering import on_file, opening
from dsr.steps.deciding import blocking
from dsr.steps.fulfilling import correctable, drafts, rectification
from dsr.steps.move import Conflict

PER_PAGE = 20


@dataclass(frozen=True, slots=True)
class Entry:
    """A field: as it is now, and as it should be; an empty `new` means unchanged."""

    label: str
    now: str
    new: str


@dataclass(frozen=True, slots=True)
class Card:
    """One row with its fields."""

    row: correctable.Row
    entries: list[Entry]


@require_safe
def show(request: HttpRequest, slug: str, reference: str) -> HttpResponse:
    """Everything that can be corrected, with what was entered so far."""
    about, own, waits = _own(request, slug, reference)
    if waits is None:
        return redirect("portal:status", slug, own.reference)
    draft = drafts.load(request.session, own)
    page = Paginator(list(correctable.rows(own, about)), PER_PAGE).get_page(request.GET.get("page"))
    return pages.page(
        request,
        "own/correct.html",
        about,
        own=own,
        until=waits.last_day,
        page=page,
        cards=[_card(row, draft) for row in page],
        draft=draft,
        unsearched=_unsearched(own, about),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def row(request: HttpRequest, slug: str, reference: str, place: str) -> HttpResponse:
    """New values for the fields of one row."""
    about, own, waits = _own(request, slug, reference)
    if waits is None:
        return redirect("portal:status", slug, own.reference)
    found = correctable.row(own, place, about)
    if found is None:
        message = "no such row"
        raise Http404(message)
    draft = drafts.load(request.session, own)
    form = proposal.RowForm(found, pages.posted(request), draft.values.get(place, {}))
    if request.method == "POST" and form.is_valid():
        draft.values[place] = form.changes
        drafts.keep(request.session, own, draft)
        return redirect("portal:correct", slug, own.reference)
    return pages.page(request, "own/correct_row.html", about, own=own, form=form, row=found)


@require_http_methods(["GET", "HEAD", "POST"])
def statement(request: HttpRequest, slug: str, reference: str) -> HttpResponse:
    """Words for what is incomplete, or wrong and not listed (GDPR Art. 16)."""
    about, own, waits = _own(request, slug, reference)
    if waits is None:
        return redirect("portal:status", slug, own.reference)
    draft = drafts.load(request.session, own)
    form = proposal.StatementForm(pages.posted(request), draft.statement)
    if request.method == "POST" and form.is_valid():
        draft.statement = form.cleaned_data["statement"]
        drafts.keep(request.session, own, draft)
        return redirect("portal:correct", slug, own.reference)
    return pages.page(request, "own/correct_statement.html", about, own=own, form=form)


@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest, slug: str, reference: str) -> HttpResponse:
    """Every new value beside the old one once more; then they are sent, once."""
    about, own, waits = _own(request, slug, reference)
    if waits is None:
        return redirect("portal:status", slug, own.reference)
    draft = drafts.load(request.session, own)
    if draft.empty:
        return redirect("portal:correct", slug, own.reference)
    problem: Text = ""
    if request.method == "POST":
        try:
            rectification.propose(own, draft.flat, statement=draft.statement, at=timezone.now())
        except Conflict as conflict:
            problem = str(conflict)
        else:
            drafts.forget(request.session, own)
            return redirect("portal:status", slug, own.reference)
    changed = [_card(row, draft) for row in correctable.rows(own, about) if draft.values.get(row.place)]
    return pages.page(request, "own/correct_check.html", about, own=own, cards=changed, draft=draft, problem=problem)


def _own(request: HttpRequest, slug: str, reference: str) -> tuple[ControllerMap, SubjectRequest, Proposal | None]:
    about = pages.controller_map(slug)
    own = access.proven(request, about, reference)
    if own is None or own.right != Right.RECTIFICATION:
        message = "no such request"
        raise Http404(message)
    at = timezone.now()
    # Of a frozen account nothing is shown, and nothing is taken; nor before its owner could object to a guardian, nor
    # to who has shown less than the request needed.
    kept_back = (
        blocking.blocks_delivery(own)
        or on_file.waits(own, at=at)
        or not opening.shown(own, access.through(request, own), at=at)
    )
    return about, own, None if kept_back else rectification.awaited(own)


def _card(row: correctable.Row, draft: drafts.Draft) -> Card:
    entered = draft.values.get(row.place, {})
    return Card(
        row,
        [
            Entry(
                field.label,
                field.says,
                correctable.readable(entered[field.name], field.described) if field.name in entered else "",
            )
            for field in row.fields
        ],
    )


def _unsearched(own: SubjectRequest, about: ControllerMap) -> list[str]:
    """Systems that could not be searched: what they hold is not in the list."""
    failed = own.items.filter(kind=Kind.FIND, outcome=Outcome.FAILED).values_list("system", flat=True)
    return [about.systems[slug].title for slug in failed if slug in about.systems]

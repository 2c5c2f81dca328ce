"""A person's own request: proving the address, following it, cancelling."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dsr.datamap.schema import ControllerMap
from dsr.law.actors import SUBJECT
from dsr.law.grounds import GROUNDS, Ground
from dsr.law.references import read_reference
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import Asker
from dsr.models import SubjectRequest
from dsr.portal import access, bounds, corrections, journey, knocking, offered, pages, progress, standing
from dsr.portal.forms import CodeForm, FindForm
from dsr.portal.timing import timing
from dsr.portal.views.question import AnswerForm
from dsr.portal.words import WORDS
from dsr.steps import maps
from dsr.steps.answering import grants, on_file, opening
from dsr.steps.asking import cancellation, pace, verification
from dsr.steps.asking.verification import Confirmation
from dsr.steps.counting import pauses
from dsr.steps.deciding import blocking
from dsr.steps.fulfilling import stopping
from dsr.steps.move import Conflict
from dsr.steps.post import grounds, remedies, wording
from dsr.steps.recipients import told

SAID = {
    Confirmation.WRONG: gettext_lazy("This code is not right. Check it in the mail and enter it again"),
    Confirmation.EXPIRED: gettext_lazy("This code is too old. Ask for a new one below"),
    Confirmation.USED_UP: gettext_lazy(
        "This code was entered wrongly too often and no longer works. Ask for a new one below"
    ),
    Confirmation.NONE: gettext_lazy("There is no code waiting for this request. Ask for a new one below"),
}


@require_http_methods(["GET", "HEAD", "POST"])
def prove(request: HttpRequest, slug: str, reference: str) -> HttpResponse:
    """The receipt, and the code from the mail; the code field alone in a browser that did not send it."""
    about = pages.controller_map(slug)
    own = access.filed(request, about, reference)
    if own is not None and own.state != State.RECEIVED:
        return redirect("portal:status", slug, own.reference)
    form = CodeForm(pages.posted(request))
    if request.method == "POST" and form.is_valid():
        if waits := knocking.too_many_codes(request, about):
            return waits
        known = own or SubjectRequest.objects.filter(controller=slug, reference=read_reference(reference) or "").first()
        outcome = Confirmation.NONE
        if known is not None:
            outcome = verification.confirm(known, form.cleaned_data["code"], at=timezone.now())
        if known is not None and outcome is Confirmation.CONFIRMED:
            access.remember_proven(request, known)
            return redirect("portal:status", slug, known.reference)
        # To a stranger every wrong code reads alike, so nothing tells whether the reference exists.
        alike = _("This code is not right, or no longer works. Check it, or find your request to get a new one")
        form.add_error("code", SAID[outcome] if own else alike)
    return pages.page(
        request,
        "own/prove.html",
        about,
        form=form,
        own=own,
        reference=read_reference(reference) or "",
        addresses=[mailbox.value()] if own and (mailbox := own.mailbox()) else [],
        agent=bool(own and own.asker == Asker.AGENT),
        wording=WORDS[Right(own.right)] if own else None,
        timing=timing(own, at=timezone.now()) if own else None,
        sent="sent" in request.GET,
        enough="enough" in request.GET,
        later=own is not None and pace.waits(own, at=timezone.now()),
        zone=about.controller.calendar.zone,
        unsent=own is not None and not verification.asked(own),
    )


@require_POST
def new_code(request: HttpRequest, slug: str, reference: str) -> HttpResponse:
    """Another code, for the browser that sent the request."""
    own = access.filed(request, pages.controller_map(slug), reference)
    if own is None:
        message = "no such request"
        raise Http404(message)
    said = "sent" if verification.ask(own, at=timezone.now()) else "enough"
    return redirect(f"{reverse('portal:prove', args=[slug, own.reference])}?{said}")


@require_safe
def status(request: HttpRequest, slug: str, reference: str) -> HttpResponse:
    """Where the request stands, what is next and when.

    Whoever has not proven the address here is asked to, in the same way whether the request exists or not.
    """
    about = pages.controller_map(slug)
    own = access.proven(request, about, reference)
    if own is None:
        form = FindForm(initial={"reference": read_reference(reference) or ""})
        return pages.page(request, "find.html", about, status=404, form=form)
    answer = _answer(request, own, about)
    page = pages.page(
        request,
        "own/status.html",
        about,
        own=own,
        wording=WORDS[Right(own.right)],
        timing=timing(own, at=timezone.now()),
        progress=(far := progress.of(own)),
        form=AnswerForm(),
        asker=(asker := standing.of(own, about)),
        walk=list(
            journey.walk(own, waits=bool(answer["waits_until"]), more_proof=asker.more_proof or answer["locked"])
        ),
        kept=list(journey.kept(own, about)),
        bounds=bounds.of(own, about),
        recipients=list(told.rows(own, about)),
        answer="" if blocking.withholds_answer(own) else own.answer(),
        can_cancel=cancellation.possible(own),
        ground=GROUNDS[Ground(own.ground)] if own.ground else None,
        ground_citation=grounds.cited(own, own.ground),
        remedies=remedies.of(own, about.controller),
        refusal=own.refusal(),
        zone=about.controller.calendar.zone,
        erase_after=_erase_after(own),
        **answer,
    )
    return _looking_again(page, own, far)


def _answer(request: HttpRequest, own: SubjectRequest, about: ControllerMap) -> dict[str, Any]:
    """What is there of an answer, and what keeps it back: an owner who can object, or that more proof is asked for."""
    at = timezone.now()
    package = offered.of(own, at=at)
    corrected = None if blocking.blocks_delivery(own) else corrections.of(own, about)
    there = bool(package or corrected)
    waits_until = on_file.waits(own, at=at) if there else None
    locked = there and not opening.shown(own, access.through(request, own), at=at)
    return {
        "package": package,
        "waits_until": wording.moment(waits_until, about.controller.calendar.zone) if waits_until else "",
        "locked": locked,
        "corrections": None if waits_until or locked else corrected,
    }


def _looking_again(page: HttpResponse, own: SubjectRequest, far: progress.Progress | None) -> HttpResponse:
    """While something moves it is loaded anew by itself; not where something may be typed just now."""
    if far and far.moving and pauses.open_question(own) is None:
        page["Refresh"] = str(progress.LOOKS)
    return page


@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: HttpRequest, slug: str, reference: str) -> HttpResponse:
    """Ask once more, then cancel."""
    about = pages.controller_map(slug)
    own = access.required(request, about, reference)
    if not cancellation.possible(own):
        return redirect("portal:status", slug, own.reference)
    problem = ""
    if request.method == "POST":
        try:
            cancellation.cancel(own, by=SUBJECT, at=timezone.now())
        except Conflict as conflict:
            problem = str(conflict)
        else:
            return redirect("portal:status", slug, own.reference)
    return pages.page(
        request,
        "own/cancel.html",
        about,
        own=own,
        wording=WORDS[Right(own.right)],
        resumable=stopping.resumable(own),
        problem=problem,
    )


def _erase_after(own: SubjectRequest) -> str:
    """When erasing begins, in words, while it can still be cancelled."""
    waiting = own.state == State.APPROVED and own.erase_after and cancellation.possible(own)
    zone = maps.controller(own.controller).controller.calendar.zone
    return wording.moment(own.erase_after, zone) if waiting and own.erase_after else ""


@require_POST
def leave(request: HttpRequest, slug: str) -> HttpResponse:
    """Forget this browser: who uses it next sees nothing of what was asked or proven here, and takes nothing."""
    grants.leave(request.session.get(access.GRANTS, []), at=timezone.now())
    access.leave(request)
    return redirect("portal:start", slug)

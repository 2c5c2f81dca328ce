"""Before an answer opens that needed more than the mailbox: the same ways once more, for this browser and an hour."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from dsr.models import SubjectRequest
from dsr.portal import access, knocking, pages, vouched
from dsr.portal.forms import CodeForm, PickupForm
from dsr.portal.views.own import SAID
from dsr.steps.answering import opening
from dsr.steps.asking import assertions, ladder, pickup
from dsr.steps.asking.verification import Confirmation
from dsr.steps.move import Conflict

PICKUP_SAID = {
    **SAID,
    Confirmation.WRONG: gettext_lazy("This is not the pickup code. Look at what you wrote down, and enter it again"),
    Confirmation.USED_UP: gettext_lazy("It was entered wrongly too often. Come back in an hour: your answer waits"),
}


@require_http_methods(["GET", "HEAD", "POST"])
def open_answer(request: HttpRequest, slug: str, reference: str) -> HttpResponse:
    """The ways that are open for this request; each is one form with one button."""
    about = pages.controller_map(slug)
    own = access.required(request, about, reference)
    here, at = access.through(request, own), timezone.now()
    if own.state in ladder.UNDECIDED or opening.shown(own, here, at=at):
        return redirect("portal:status", slug, own.reference)
    act = request.POST.get("act", "")
    form = CodeForm(request.POST if act == "code" else None)
    typed = PickupForm(request.POST if act == "pickup" else None)
    problem = ""
    if request.method == "POST":
        if act in {"code", "pickup"} and (waits := knocking.too_many_codes(request, about)):
            return waits
        try:
            if _done(request, own, act, form, typed, here[0]):
                request.session.cycle_key()  # a stolen older one is worth nothing beside it
                said = "?sent" if act == "send" else ""
                return redirect(reverse("portal:open", args=[slug, own.reference]) + said)
        except Conflict as why:
            problem = str(why)
    return pages.page(
        request,
        "own/open.html",
        about,
        own=own,
        form=form,
        typed=typed,
        problem=problem,
        **(vouched.way(request, about) if assertions.opens(own) else {}),
        elsewhere=bool(opening.addresses(own)),
        sent=opening.sent(own),
        just="sent" in request.GET,
        pickup=pickup.had(own, at=at),
    )


def _done(request: HttpRequest, own: SubjectRequest, act: str, form: CodeForm, typed: PickupForm, session: str) -> bool:
    """What the button does; False: something on the page needs mending. Raises Conflict."""
    at = timezone.now()
    if act == "app":
        held = vouched.held(request, own.controller)
        if held is None:
            raise Conflict(_("Open this page from the app again: what it said of you is used, or too old."))
        opening.by_app(own, held, session, at=at)
        vouched.way_back(request, own.controller)  # the next time it is for something new
        return True
    if act == "send":
        if not opening.send(own, at=at):
            raise Conflict(
                _("We sent several codes, and send no more within this hour. Come back then: your answer waits.")
            )
        return True
    if act == "code":
        return form.is_valid() and _right(form, "code", opening.by_code(own, form.cleaned_data["code"], session, at=at))
    if act == "pickup":
        return typed.is_valid() and _right(
            typed, "pickup", opening.by_pickup_code(own, typed.cleaned_data["pickup"], session, at=at)
        )
    message = "no such way"
    raise Http404(message)


def _right(form: CodeForm | PickupForm, field: str, outcome: Confirmation) -> bool:
    if outcome is not Confirmation.CONFIRMED:
        form.add_error(field, (PICKUP_SAID if field == "pickup" else SAID)[outcome])
    return outcome is Confirmation.CONFIRMED

"""More proof than the mailbox: from the controller's app, by a code to another address on file, or by a document."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from dsr.law.ladder import Rung, reaches
from dsr.models import SubjectRequest
from dsr.portal import access, pages, vouched
from dsr.portal.asking import ProofForm
from dsr.portal.forms import CodeForm
from dsr.portal.views.own import SAID
from dsr.steps.asking import assertions, documents, ladder, pickup, second
from dsr.steps.asking.evidence import NotTaken
from dsr.steps.asking.verification import Confirmation
from dsr.steps.move import Conflict


@require_http_methods(["GET", "HEAD", "POST"])
def from_app(request: HttpRequest, slug: str, token: str) -> HttpResponse:
    """Where the app sends the browser. To open it changes nothing; the button takes what the app vouched for."""
    about = pages.controller_map(slug)
    if request.method == "POST":
        opened = assertions.open_link(slug, token, at=timezone.now())
        if opened is not None:
            vouched.remember(request, opened)
            return redirect(vouched.way_back(request, slug) or reverse("portal:start", args=[slug]))
    there = assertions.waiting(slug, token, at=timezone.now())
    # Somebody else's link may have been sent to this person: they see whose account it is.
    who = assertions.shown(there) if there else ""
    return pages.page(request, "from_app.html", about, status=200 if there else 410, there=there, who=who)


@require_http_methods(["GET", "HEAD", "POST"])
def prove_more(request: HttpRequest, slug: str, reference: str) -> HttpResponse:
    """The ways that are open for this request; each is one form with one button."""
    about = pages.controller_map(slug)
    own = access.required(request, about, reference)
    act = request.POST.get("act", "")
    form = CodeForm(request.POST if act == "code" else None)
    document = ProofForm(request.POST, request.FILES) if act == "document" else ProofForm()
    problem, shown = "", None
    if request.method == "POST":
        try:
            shown = _done(request, own, act, form, document)
            if shown == "":
                said = "?sent" if act == "send" else ""
                return redirect(reverse("portal:prove_more", args=[slug, own.reference]) + said)
        except (Conflict, NotTaken) as why:
            problem = str(why)
    own.refresh_from_db()
    if not ladder.waits(own):
        return redirect("portal:status", slug, own.reference)
    return pages.page(
        request,
        "own/prove_more.html",
        about,
        own=own,
        form=form,
        document=document,
        problem=problem,
        **vouched.way(request, about),
        by_code=reaches(Rung.SECOND, own.proof_needed),
        looked=second.looked(own),
        elsewhere=second.possible(own),
        sent=second.sent(own),
        just="sent" in request.GET,
        wanted=documents.wanted(own),
        lies=documents.to_check(own),
        rejected=documents.rejected(own),
        pickup=pickup.awaited(own),
        pickup_code=shown,
    )


def _done(request: HttpRequest, own: SubjectRequest, act: str, form: CodeForm, document: ProofForm) -> str | None:
    """What the button does, and the pickup code to show; None: the page needs mending. Raises Conflict, NotTaken."""
    at = timezone.now()
    if act == "app":
        return _by_app(request, own)
    if act == "send":
        if not second.ask(own, at=at):
            raise Conflict(
                _("We sent several codes, and send no more within this hour. Come back then: your request waits.")
            )
        return ""
    if act == "code":
        return _by_code(own, form) if form.is_valid() else None
    if act == "document":
        return documents.hand_in(own, document.cleaned_data["document"], at=at) if document.is_valid() else None
    if act == "pickup":
        return pickup.give(own, at=at)
    message = "no such way"
    raise Http404(message)


def _by_app(request: HttpRequest, own: SubjectRequest) -> str:
    held = vouched.held(request, own.controller)
    if held is None:
        raise Conflict(_("Open this page from the app again: what it said of you is used, or too old."))
    assertions.bind(own, held, at=timezone.now())
    vouched.way_back(request, own.controller)  # the next time it is for something new
    return ""


def _by_code(own: SubjectRequest, form: CodeForm) -> str | None:
    outcome = second.confirm(own, form.cleaned_data["code"], at=timezone.now())
    if outcome is Confirmation.CONFIRMED:
        return ""
    form.add_error("code", SAID[outcome])
    return None

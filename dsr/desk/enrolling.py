"""The page of a link by which staff set password or second factor, and the page of one's own account."""

import io
from typing import TYPE_CHECKING

import segno
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts import authenticator, invitations, recovery, sealing
from accounts.enrolment import Enrolment
from accounts.models import Invitation, Purpose
from dsr.desk import people
from dsr.desk.buttons import button

if TYPE_CHECKING:
    from dsr.desk.site import Desk

_LINK, _SEED = "enrol_link", "enrol_seed"
GONE = 410
TITLES = {
    Purpose.ENROL: "Choose your password and second factor",
    Purpose.PASSWORD: "Choose a new password",
    Purpose.FACTOR: "Set up a new second factor",
}


@require_safe
@never_cache
def follow(request: HttpRequest, token: str) -> HttpResponse:
    """Take the token out of the address at once. Looking spends nothing: mail scanners follow links too."""
    request.session[_LINK] = invitations.hashed(token)
    request.session.pop(_SEED, None)
    return redirect("desk:enrol")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def enrol(request: HttpRequest, site: "Desk") -> HttpResponse:
    """What the link is for; afterwards, once, the recovery codes."""
    invitation = invitations.standing(str(request.session.get(_LINK, "")))
    if invitation is None:
        return _over(request, site)
    seed = _seed(request, invitation)
    form = Enrolment(request.POST if request.method == "POST" else None, invitation, seed)
    if not form.is_valid():
        return _ask(request, site, invitation, form, seed)
    try:
        codes = form.use()
    except invitations.NotTaken:
        return _over(request, site)
    request.session.flush()  # nobody stays signed in by what was before
    if not codes:
        messages.success(request, "Your new password holds from now on. Sign in with it.")
        return redirect("desk:login")
    return _show(request, site, codes)


@button
def replace(request: HttpRequest) -> HttpResponse:
    """Begin to set up another authenticator for oneself; the present one is good until the new one is."""
    path = invitations.make(people.staff_of(request), Purpose.FACTOR, by=people.staff_of(request))
    return redirect(f"/desk/{path}")


@button
@never_cache
def renew(request: HttpRequest, site: "Desk") -> HttpResponse:
    """New recovery codes; those of before are good no more."""
    staff = people.staff_of(request)
    return _show(request, site, recovery.issue(staff, by=staff))


@require_safe
def account(request: HttpRequest, site: "Desk") -> HttpResponse:
    """One's own way in: what there is, and how to change it."""
    context = {"title": "Your account", "left": recovery.left(people.staff_of(request))}
    return render(request, "accounts/account.html", {**site.each_context(request), **context})


def _seed(request: HttpRequest, invitation: Invitation) -> str:
    """A seed that is theirs once a code proves that they have it; until then it lies in the session, sealed."""
    if invitation.purpose == Purpose.PASSWORD:
        return ""
    if _SEED not in request.session:
        request.session[_SEED] = sealing.seal(authenticator.new_seed(), invitation.staff.pk)
    return str(request.session[_SEED])


def _ask(request: HttpRequest, site: "Desk", invitation: Invitation, form: Enrolment, sealed: str) -> HttpResponse:
    context: dict[str, object] = {"title": TITLES[Purpose(invitation.purpose)], "form": form, "who": invitation.staff}
    if sealed:
        seed = sealing.unseal(sealed, invitation.staff.pk)
        otpauth = authenticator.otpauth(invitation.staff.get_username(), seed)
        context |= {"drawn": _drawn(otpauth), "secret": otpauth.partition("secret=")[2].partition("&")[0]}
    return render(request, "accounts/enrol.html", {**site.each_context(request), **context})


def _drawn(otpauth: str) -> SafeString:
    out = io.BytesIO()
    segno.make(otpauth).save(out, kind="svg", scale=5, xmldecl=False, svgns=True, light="#fff")
    return mark_safe(out.getvalue().decode())  # noqa: S308 — drawn by us: nothing but paths


def _show(request: HttpRequest, site: "Desk", codes: list[str]) -> HttpResponse:
    context = {"title": "Your recovery codes", "codes": codes}
    return render(request, "accounts/recovery_codes.html", {**site.each_context(request), **context})


def _over(request: HttpRequest, site: "Desk") -> HttpResponse:
    context = {"title": "This link is over", "why": "It was used, or its time is up. Ask for a new one."}
    return render(request, "desk/no_page.html", {**site.each_context(request), **context}, status=GONE)

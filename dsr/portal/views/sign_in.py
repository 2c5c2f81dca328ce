"""Signing in without a password: an address, a code from its mailbox. To a stranger every address reads alike."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from dsr.portal import access, knocking, pages
from dsr.portal.forms import CodeForm, SignInForm
from dsr.steps.asking import entry

ENTERING = "entering"  # the sign-in that was begun here, in the session


@require_http_methods(["GET", "HEAD", "POST"])
def begin(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask for the address; a code goes to exactly what was typed."""
    about = pages.controller_map(slug)
    form = SignInForm(pages.posted(request))
    if request.method == "POST" and form.is_valid():
        address, at = form.cleaned_data["email"], timezone.now()
        wait = knocking.sign_in(request, slug, at=at)
        begun = entry.begin(slug, address, language=get_language() or "en", at=at, wait=wait)
        request.session[ENTERING] = str(begun.pk)
        return redirect("portal:sign_in_code", slug)
    return pages.page(request, "sign_in.html", about, form=form)


@require_http_methods(["GET", "HEAD", "POST"])
def code(request: HttpRequest, slug: str) -> HttpResponse:
    """The code opens everything that belongs to the mailbox, in this browser."""
    about = pages.controller_map(slug)
    begun = request.session.get(ENTERING)
    if begun is None:
        return redirect("portal:sign_in", slug)
    form = CodeForm(pages.posted(request))
    if request.method == "POST" and form.is_valid():
        if waits := knocking.too_many_codes(request, about):
            return waits
        done = entry.confirm(begun, form.cleaned_data["code"], at=timezone.now())
        if done is not None and done.controller == slug:
            access.sign_in(request, slug, done.address())
            request.session.pop(ENTERING, None)
            return redirect("portal:mine", slug)
        form.add_error("code", _("This code is not right, or no longer works. Check it, or start again for a new one"))
    return pages.page(request, "sign_in_code.html", about, form=form)

"""Finding a request again: reference and address, then a code. Whether they fit, the page does not tell."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from dsr.law.references import read_reference
from dsr.portal import access, knocking, pages
from dsr.portal.forms import CodeForm, FindForm
from dsr.steps.asking import seeking, verification

FINDING = "finding"  # the reference looked for, in the session


@require_http_methods(["GET", "HEAD", "POST"])
def find(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask for reference and address; a code goes to the address on file, if both belong together."""
    about = pages.controller_map(slug)
    asked = read_reference(request.GET.get("reference", "")) or ""
    form = FindForm(pages.posted(request), initial={"reference": asked})
    if request.method == "POST" and form.is_valid():
        if waits := knocking.too_many_finds(request, about):
            return waits
        reference = form.cleaned_data["reference"]
        seeking.seek(slug, reference, form.cleaned_data["email"], at=timezone.now())
        request.session[FINDING] = reference
        return redirect("portal:find_code", slug)
    return pages.page(request, "find.html", about, form=form)


@require_http_methods(["GET", "HEAD", "POST"])
def code(request: HttpRequest, slug: str) -> HttpResponse:
    """The code opens the request in this browser."""
    about = pages.controller_map(slug)
    reference = request.session.get(FINDING)
    if reference is None:
        return redirect("portal:find", slug)
    form = CodeForm(pages.posted(request))
    if request.method == "POST" and form.is_valid():
        if waits := knocking.too_many_codes(request, about):
            return waits
        found = verification.confirm_sign_in(slug, reference, form.cleaned_data["code"], at=timezone.now())
        if found is not None:
            access.remember_proven(request, found)
            request.session.pop(FINDING, None)
            return redirect("portal:status", slug, found.reference)
        form.add_error("code", _("This code is not right, or no longer works. Check it, or start again for a new one"))
    return pages.page(request, "find_code.html", about, form=form, reference=reference)

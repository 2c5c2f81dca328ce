"""Saying no: the owner of a mailbox ends a request that was made in their name, with the code they were sent."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from dsr.law.references import read_reference
from dsr.models import SubjectRequest
from dsr.portal import knocking, pages
from dsr.portal.forms import CodeForm
from dsr.steps.asking import representation
from dsr.steps.asking.verification import Confirmation
from dsr.steps.move import Conflict


@require_http_methods(["GET", "HEAD", "POST"])
def deny(request: HttpRequest, slug: str, reference: str) -> HttpResponse:
    """Ask for the code, then cancel. To a stranger every reference and every wrong code reads alike."""
    about = pages.controller_map(slug)
    readable = read_reference(reference) or ""
    form = CodeForm(pages.posted(request))
    if request.method == "POST" and form.is_valid():
        if waits := knocking.too_many_codes(request, about):
            return waits
        if _denied(slug, readable, form.cleaned_data["code"]):
            return pages.page(request, "own/denied.html", about, reference=readable)
        form.add_error("code", _("This code is not right, or no longer works. Check it in the mail and enter it again"))
    return pages.page(request, "own/deny.html", about, form=form, reference=readable)


def _denied(slug: str, reference: str, code: str) -> bool:
    known = SubjectRequest.objects.filter(controller=slug, reference=reference).first()
    if known is None:
        return False
    try:
        return representation.deny(known, code, at=timezone.now()) is Confirmation.CONFIRMED
    except Conflict:  # it was proven or ended at this very moment
        return False

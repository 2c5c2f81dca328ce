"""Anybody brings a package and has it checked: whole, from us, and in our record. Nothing of it is stored."""

from collections.abc import Mapping
from contextlib import closing
from datetime import datetime
from typing import Any, BinaryIO, cast

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods

from dsr.law.rights import Right
from dsr.package import brought
from dsr.package.bag import SEAL
from dsr.package.brought import Broken, Fault
from dsr.package.verification import Checked, authenticate
from dsr.portal import pages, uploads
from dsr.portal.words import WORDS
from dsr.steps import maps
from dsr.steps.recording import seals, signing

MOST = 1 << 29  # bytes that a package may unpack to here: a few seconds of work
DIRECTORY = 2 << 20  # bytes of what its ZIP says of its files: some 20,000 of them
LONGEST = 1 << 23  # bytes of the file that describes it
_LARGE = {Fault.TOO_MUCH, Fault.TOO_LONG}
_NONE = {Fault.NO_PACKAGE, Fault.FOLDERS}
SAYS = {
    Fault.MISSING: _("It is missing."),
    Fault.UNLISTED: _("It was put in afterwards."),
    Fault.CHANGED: _("It was changed."),
    Fault.UNREADABLE: _("It cannot be read: part of it is damaged."),
    Fault.SHAPE: _("It is from us, and not written as we publish it. That is our mistake: please write to us."),
}
OTHERWISE = _("We never write such a file, or such a line in it.")
_turns = uploads.Turns()


class PackageForm(forms.Form):
    """The package as the file it came in."""

    file = forms.FileField(
        label=_("Choose the package"),
        help_text=_("The ZIP file as you got it, up to 25 MB."),
        error_messages={"required": _("Choose the file of the package"), "empty": _("This file is empty")},
    )


@csrf_exempt  # only until its length is known: what is read is checked, see _checked
@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest) -> HttpResponse:
    """Whether a package is whole and ours, and which file differs first."""
    if request.method != "POST":
        return _page(request, PackageForm())
    if uploads.length(request) > uploads.LIMIT:
        uploads.drain(request)
        return _page(request, PackageForm(), large=True, status=413)
    until = _turns.begin()
    if until is None:
        uploads.drain(request)
        answer = _page(request, PackageForm(), busy=True, status=503)
        answer["Retry-After"] = "60"
        return answer
    try:
        request.upload_handlers = [uploads.InMemory(request, until)]
        return _checked(request)
    finally:
        _turns.end(until)


@csrf_protect
def _checked(request: HttpRequest) -> HttpResponse:
    form = PackageForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, form)
    keys = [*signing.certificate_keys(), *signing.log_keys()]
    try:
        with (
            closing(form.cleaned_data["file"]) as file,
            brought.zipped(cast("BinaryIO", file), most=MOST, directory=DIRECTORY) as package,
        ):
            checked = authenticate(package, keys, longest=LONGEST)
    except Broken as broken:
        return _page(request, form, large=broken.fault in _LARGE, broken=_broken(broken))
    return _page(request, form, stated=_stated(checked), recorded=seals.in_record(checked.seal))


def _broken(broken: Broken) -> dict[str, object]:
    """What the page says of a package that is not as it was packed."""
    return {
        "file": broken.file,
        "says": SAYS.get(broken.fault, OTHERWISE),
        "none": broken.fault in _NONE,
        "from_us": broken.fault is not Fault.NOT_OURS and broken.file != SEAL,
    }


def _stated(checked: Checked) -> Mapping[str, object]:
    """What its seal states, in words."""
    stated: dict[str, Any] = checked.seal.statement
    about = maps.controllers().get(stated["controller"])
    return {
        **stated,
        "controller": about.controller.name if about else stated["controller"],
        "right": WORDS[Right(stated["right"])].title,
        "sealed_on": datetime.fromisoformat(stated["sealed_at"]).date(),
        "files": checked.files,
        "position": checked.seal.position,
    }


def _page(request: HttpRequest, form: PackageForm, *, status: int = 200, **context: Any) -> HttpResponse:
    keys = [*signing.certificate_keys(), *signing.log_keys()]
    return pages.page(request, "verify.html", None, status=status, form=form, keys=list(map(str, keys)), **context)

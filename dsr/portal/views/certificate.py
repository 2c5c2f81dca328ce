"""Certificates: the person takes theirs, and anybody can have one checked. Nothing that is checked is stored."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from dsr.law.actors import SUBJECT
from dsr.law.clocks import Duty
from dsr.law.regimes import HOUSE
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.portal import access, pages
from dsr.portal.forms import TextField
from dsr.portal.words import WORDS
from dsr.record import certificate
from dsr.record.note import Unverified
from dsr.steps.recipients import telling, told
from dsr.steps.recording import certificates, signing

ENDS = {
    State.DELIVERED: _("Answered"),
    State.REFUSED: _("Refused"),
    State.CANCELLED: _("Cancelled, without an answer"),
}
FIELDS = {
    "corrected": _("Corrected"),
    "declined": _("Declined"),
    "changed-meanwhile": _("Changed meanwhile, and left alone"),
    "failed": _("Could not be written"),
    "open": _("Nothing was done"),
}
ANSWER_MISSED, CONFIRMATION_MISSED = _("Date for the answer, missed"), _("Date to confirm receipt, missed")
OUR_PROMISE = _("Our own promise")
TOLD, NOT_TOLD, TO_BE_TOLD = _("Recipient told"), _("Not told"), _("Still to be told")


class CertificateForm(forms.Form):
    """A certificate as text, or as the file it came in."""

    text = TextField(
        label=_("Paste the certificate"),
        help_text=_("The whole content of the file that ends in .jws: one long line of letters and digits."),
        rows=6,
        required=False,
        max_length=certificate.LONGEST,
    )
    file = forms.FileField(label=_("Or choose the file"), required=False)

    def clean(self) -> dict[str, Any]:
        """One of the two."""
        cleaned = super().clean() or {}
        pasted, file = cleaned.get("text", "").strip(), cleaned.get("file")
        if not pasted and not file:
            raise forms.ValidationError(_("Paste the certificate, or choose its file"))
        cleaned["certificate"] = pasted or _content(file)
        return cleaned


def _content(file: "UploadedFile[bytes] | None") -> str:
    """What is in the file; too much, or no text, is no certificate."""
    raw = file.read(certificate.LONGEST + 1) if file else b""
    return raw.decode("ascii", "replace")


@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest) -> HttpResponse:
    """Whether a certificate is genuine, and what it states."""
    if request.method != "POST":
        return _page(request, CertificateForm())
    form = CertificateForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, form)
    try:
        genuine = certificate.verify(form.cleaned_data["certificate"], signing.certificate_keys(), signing.log_keys())
    except Unverified:
        return _page(request, form, refused=True)
    return _page(request, form, stated=stated(genuine.statement), recorded=certificates.in_record(genuine))


@require_POST
def take(request: HttpRequest, slug: str, reference: str) -> HttpResponse:
    """The certificate of one's own request, as a file."""
    own = access.proven(request, pages.controller_map(slug), reference)
    if own is None:
        raise Http404
    found = certificates.take(own, by=SUBJECT, at=timezone.now())
    if found is None:
        return redirect("portal:status", slug, own.reference)
    response = HttpResponse(f"{found.jws}\n", content_type="application/jose; charset=us-ascii")
    response["Content-Disposition"] = f'attachment; filename="{slug}-{own.reference}.jws"'
    response["Cache-Control"] = "no-store"
    return response


def _page(request: HttpRequest, form: CertificateForm, **context: Any) -> HttpResponse:
    keys = [*signing.certificate_keys(), *signing.log_keys()]
    return pages.page(request, "certificate.html", None, form=form, keys=list(map(str, keys)), **context)


def stated(statement: Mapping[str, Any]) -> dict[str, object]:
    """The statement for the page: dates as dates, codes in words."""
    day = date.fromisoformat
    systems = [
        {**system, "collections": [_collection(one) for one in system.get("collections", [])]}
        for system in statement.get("systems", [])
    ]
    return {
        **statement,
        "right": WORDS[Right(statement["right"])].title,
        "state": ENDS.get(State(statement["state"]), statement["state"]),
        "received_on": day(statement["received_on"]),
        "answered_on": day(statement["answered_on"]),
        "promised_by": day(statement["promised_by"]),
        "statutory": [{**one, "due_on": day(one["due_on"])} for one in statement.get("statutory", [])],
        "missed": [_missed(one) for one in statement.get("missed", [])],
        "longer": [_longer(one) for one in statement.get("extension", {}).get("dates", [])],
        "rectification": _rectification(statement.get("rectification")),
        "recipients": [_recipient(one) for one in statement.get("recipients", [])],
        "systems": systems,
    }


def _missed(stated: Mapping[str, str]) -> dict[str, object]:
    """What was due on which day, and by whom: where it was our promise, no law is named."""
    what = CONFIRMATION_MISSED if stated["duty"] == Duty.CONFIRM else ANSWER_MISSED
    by = OUR_PROMISE if stated["regime"] == HOUSE else stated["title"]
    return {"what": what, "by": by, "missed_on": date.fromisoformat(stated["missed_on"])}


def _longer(stated: Mapping[str, str]) -> dict[str, object]:
    return {**stated, "first": date.fromisoformat(stated["first"]), "new": date.fromisoformat(stated["new"])}


def _rectification(stated: Mapping[str, Any] | None) -> dict[str, object] | None:
    if stated is None:
        return None
    return {**stated, "fields": [(FIELDS.get(code, code), count) for code, count in stated["fields"].items()]}


def _recipient(stated: Mapping[str, str]) -> dict[str, object]:
    """Whether it was told, not, or is told by somebody later; and what it answered."""
    way = NOT_TOLD if stated["told_by"] == telling.NONE else TOLD if "told_on" in stated else TO_BE_TOLD
    answer, expires_on = stated.get("answer", ""), stated.get("expires_on")
    day = date.fromisoformat(expires_on) if expires_on else None
    return {**stated, "told": way, "says": told.ANSWERS.get(answer, answer), "expires_on": day}


def _collection(stated: Mapping[str, Any]) -> dict[str, object]:
    kept = [
        {**rows, "until": date.fromisoformat(rows["until"]) if rows["until"] else None}
        for rows in stated.get("kept", [])
    ]
    return {**stated, "kept": kept}

"""Asking: one question at a time, the answers checked, then sent."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from dsr.datamap.schema import ControllerMap, IdentityKind
from dsr.law.actors import SUBJECT
from dsr.law.rights import Right
from dsr.portal import access, draft, pages
from dsr.portal.checking import outline, public_titles, rows, said
from dsr.portal.forms import (
    LABELS,
    ConsentQuestion,
    DetailsQuestion,
    EmailQuestion,
    IdentitiesQuestion,
    Question,
)
from dsr.portal.words import WORDS
from dsr.steps import intake

# The person who writes is not the one whose data is searched, or need not be found at all.
WRITER_ONLY = frozenset({Right.COMPLAINT, Right.CHILD})


def _asked(slug: str, right: Right) -> ControllerMap:
    about = pages.controller_map(slug)
    if right not in about.controller.rights:
        message = "this controller does not offer this right"
        raise Http404(message)
    return about


def questions(about: ControllerMap, right: Right) -> dict[str, type[Question]]:
    """What is asked, in order."""
    asked: dict[str, type[Question]] = {"email": EmailQuestion}
    if right not in WRITER_ONLY and any(kind in LABELS for kind in about.controller.identities):
        asked["identities"] = IdentitiesQuestion
    asked["details"] = ConsentQuestion if right is Right.CONSENT_WITHDRAWAL else DetailsQuestion
    return asked


@require_safe
def begin(request: HttpRequest, slug: str, right: Right) -> HttpResponse:  # noqa: ARG001 — a view
    """The first question; what needs no question is shown at once."""
    about = _asked(slug, right)
    if right is Right.PROCESSING_INFORMATION:
        return redirect("portal:processing", slug)
    return redirect("portal:question", slug, right, next(iter(questions(about, right))))


@require_http_methods(["GET", "HEAD", "POST"])
def question(request: HttpRequest, slug: str, right: Right, question: str) -> HttpResponse:
    """One question. Its answer is kept, and the next one asked."""
    about = _asked(slug, right)
    asked = questions(about, right)
    if question not in asked or right is Right.PROCESSING_INFORMATION:
        message = "no such question"
        raise Http404(message)
    answers = draft.load(request, about, right)
    form = asked[question](about, right, pages.posted(request), answers.get(question, {}))
    if request.method == "POST" and form.is_valid():
        draft.keep(request, about, right, question, form.cleaned_data)
        left = [name for name in asked if name not in answers and name != question]
        return redirect("portal:question", slug, right, left[0]) if left else redirect("portal:check", slug, right)
    return pages.page(
        request,
        f"ask/{question}.html",
        about,
        form=form,
        right=right,
        wording=WORDS[right],
        back=_before(about, right, question, complete=len(answers) == len(asked)),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest, slug: str, right: Right) -> HttpResponse:
    """All answers once more; sending them files the request."""
    about = _asked(slug, right)
    answers, asked = draft.load(request, about, right), questions(about, right)
    missing = [name for name in asked if name not in answers]
    if missing or right is Right.PROCESSING_INFORMATION:
        return begin_again(slug, right, missing)
    problem = ""
    if request.method == "POST":
        try:
            return _send(request, about, right, answers)
        except intake.NotAccepted as refused:
            problem = str(refused)
    return pages.page(
        request,
        "ask/check.html",
        about,
        problem=problem,
        wording=WORDS[right],
        rows=list(rows(about, right, {name: answers[name] for name in asked})),
        outline=outline(about) if right is Right.ERASURE else None,
        public=public_titles(about),
        # Matching is exact, and telephones like to begin with a capital.
        capitals=any(letter.isupper() for letter in str(answers.get("email", {}).get("email", ""))),
        back=reverse("portal:question", args=[slug, right, list(asked)[-1]]),
    )


def begin_again(slug: str, right: Right, missing: list[str]) -> HttpResponse:
    """The first question without an answer: after a session ended, or after the request was sent already."""
    return redirect("portal:question", slug, right, missing[0]) if missing else redirect("portal:ask", slug, right)


def _before(about: ControllerMap, right: Right, question: str, *, complete: bool) -> str:
    """Where 'Back' leads: to the answers when all are given, else to the question before."""
    slug, asked = about.controller.slug, list(questions(about, right))
    if complete:
        return reverse("portal:check", args=[slug, right])
    if question == asked[0]:
        return reverse("portal:start", args=[slug])
    return reverse("portal:question", args=[slug, right, asked[asked.index(question) - 1]])


def _send(request: HttpRequest, about: ControllerMap, right: Right, answers: draft.Answers) -> HttpResponse:
    others = answers.get("identities", {})
    filed = intake.Intake(
        controller=about.controller.slug,
        right=right,
        identities=tuple((IdentityKind(kind), value) for kind, value in {**answers["email"], **others}.items()),
        details=said(about, answers["details"]),
    )
    subject_request = intake.receive(filed, by=SUBJECT, at=timezone.now())
    draft.forget(request, about, right)
    access.remember_filed(request, subject_request)
    return redirect("portal:prove", about.controller.slug, subject_request.reference)

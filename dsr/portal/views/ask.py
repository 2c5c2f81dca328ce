"""Asking: one question at a time, the answers checked, then sent."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods, require_safe

from dsr.datamap.schema import ControllerMap, IdentityKind
from dsr.law.actors import SUBJECT
from dsr.law.rights import Right
from dsr.law.work import Asker
from dsr.portal import access, asking, draft, knocking, pages, vouched
from dsr.portal.bounds import only, public_rows
from dsr.portal.checking import outline, rows, said
from dsr.portal.forms import ConsentQuestion, DetailsQuestion, Question
from dsr.portal.scoping import ScopeQuestion
from dsr.portal.words import WORDS
from dsr.steps.asking import intake, pace
from dsr.steps.asking.representation import Acting
from dsr.steps.post import wording

# The person who writes is not the one whose data is searched, or need not be found at all.
WRITER_ONLY = frozenset({Right.COMPLAINT, Right.CHILD})


def _asked(slug: str, right: Right) -> ControllerMap:
    about = pages.controller_map(slug)
    if not pages.offered_anywhere(about, right):
        message = "this controller does not offer this right"
        raise Http404(message)
    return about


def questions(about: ControllerMap, right: Right, answers: draft.Answers) -> dict[str, type[Question]]:
    """What is asked, in order; it depends on who asks."""
    asked = asking.first_questions(about, right)
    whose = asking.whose(about, asking.asker_of(answers) if "asker" in asked else Asker.PERSON)
    if right in WRITER_ONLY:
        whose.pop("identities", None)
    asked |= whose
    if right is Right.ERASURE and about.controller.scopes:
        asked["scope"] = ScopeQuestion
    asked["details"] = ConsentQuestion if right is Right.CONSENT_WITHDRAWAL else DetailsQuestion
    return asked


@require_safe
def begin(request: HttpRequest, slug: str, right: Right) -> HttpResponse:
    """The first question; what needs no question is shown at once."""
    about = _asked(slug, right)
    if right is Right.PROCESSING_INFORMATION:
        return redirect("portal:processing", slug)
    if right is Right.CONSENT_WITHDRAWAL:  # one page; these questions are for who withdraws for somebody else
        return redirect("portal:withdraw", slug)
    return redirect("portal:question", slug, right, next(iter(questions(about, right, {}))))


@require_http_methods(["GET", "HEAD", "POST"])
def question(request: HttpRequest, slug: str, right: Right, question: str) -> HttpResponse:
    """One question. Its answer is kept, and the next one asked."""
    about = _asked(slug, right)
    answers = draft.load(request, about, right)
    asked = questions(about, right, answers)
    if question not in asked or right is Right.PROCESSING_INFORMATION:
        message = "no such question"
        raise Http404(message)
    form = asked[question](about, right, pages.posted(request), answers.get(question, {}))
    if request.method == "POST" and form.is_valid():
        if question == "region" and intake.offered(about.controller, right, form.cleaned_data["region"]) is None:
            return _not_offered(request, about, right, form.cleaned_data["region"])
        draft.keep(request, about, right, question, form.cleaned_data)
        answers = answers | {question: form.cleaned_data}
        left = [name for name in questions(about, right, answers) if name not in answers]
        return redirect("portal:question", slug, right, left[0]) if left else redirect("portal:check", slug, right)
    return pages.page(
        request,
        f"ask/{question}.html",
        about,
        form=form,
        right=right,
        wording=WORDS[right],
        asker=asking.asker_of(answers),
        back=_before(about, right, question, answers),
    )


def _not_offered(request: HttpRequest, about: ControllerMap, right: Right, region: str) -> HttpResponse:
    """Say at once what is not offered there, and what the person can do instead."""
    return pages.page(
        request,
        "ask/not_offered.html",
        about,
        wording=WORDS[right],
        region=about.controller.regions[region],
        choices=list(pages.choices(about, region)),
        back=reverse("portal:question", args=[about.controller.slug, right, "region"]),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest, slug: str, right: Right) -> HttpResponse:
    """All answers once more; sending them files the request."""
    about = _asked(slug, right)
    answers = draft.load(request, about, right)
    asked = questions(about, right, answers)
    missing = [name for name in asked if name not in answers]
    if missing or right is Right.PROCESSING_INFORMATION:
        return begin_again(slug, right, missing)
    asker = asking.asker_of(answers)
    files = request.FILES if request.method == "POST" else None
    form = asking.DocumentForm(asker, pages.posted(request), files) if asker is not Asker.PERSON else None
    problem = ""
    if request.method == "POST" and form is not None and (waits := knocking.too_many_documents(request, about)):
        return waits
    if request.method == "POST" and (form is None or form.is_valid()):
        try:
            document = form.cleaned_data["document"] if form else b""
            return _send(request, about, right, {name: answers[name] for name in asked}, document)
        except intake.NotAccepted as refused:
            problem = wording.mistake(refused)
    return pages.page(
        request,
        "ask/check.html",
        about,
        problem=problem,
        form=form,
        asker=asker,
        wording=WORDS[right],
        rows=list(rows(about, right, {name: answers[name] for name in asked})),
        outline=outline(about, only(about, answers)) if right is Right.ERASURE else None,
        public=public_rows(about, only(about, answers)),
        # Matching is exact, and telephones like to begin with a capital.
        capitals=any(letter.isupper() for letter in str(answers.get("email", {}).get("email", ""))),
        back=reverse("portal:question", args=[slug, right, list(asked)[-1]]),
    )


def begin_again(slug: str, right: Right, missing: list[str]) -> HttpResponse:
    """The first question without an answer: after a session ended, or after the request was sent already."""
    return redirect("portal:question", slug, right, missing[0]) if missing else redirect("portal:ask", slug, right)


def _before(about: ControllerMap, right: Right, question: str, answers: draft.Answers) -> str:
    """Where 'Back' leads: to the answers when all are given, else to the question before."""
    slug, asked = about.controller.slug, list(questions(about, right, answers))
    if all(name in answers for name in asked):
        return reverse("portal:check", args=[slug, right])
    if question == asked[0]:
        return reverse("portal:start", args=[slug])
    return reverse("portal:question", args=[slug, right, asked[asked.index(question) - 1]])


def _send(
    request: HttpRequest, about: ControllerMap, right: Right, answers: draft.Answers, document: bytes
) -> HttpResponse:
    known = {**answers.get("email", {}), **answers.get("identities", {}), **answers.get("child", {})}
    at = timezone.now()
    wait = knocking.filed(request, about.controller.slug, next(iter(known.values()), ""), at=at)
    filed = intake.Intake(
        controller=about.controller.slug,
        right=right,
        identities=tuple((IdentityKind(kind), value) for kind, value in known.items()),
        details=said(about, answers["details"]),
        region=answers.get("region", {}).get("region", ""),
        language=get_language() or "en",
        acting=_acting(answers, document),
        purposes=tuple(answers["details"].get("purposes", ())),
        scope=answers.get("scope", {}).get("scope", ""),
        vouched=vouched.held(request, about.controller.slug),
    )
    subject_request = pace.receive(filed, by=SUBJECT, at=at, wait=wait)
    draft.forget(request, about, right)
    access.remember_filed(request, subject_request)
    return redirect("portal:prove", about.controller.slug, subject_request.reference)


def _acting(answers: draft.Answers, document: bytes) -> Acting | None:
    """Who asks for the person."""
    asker = asking.asker_of(answers)
    given = answers.get(asker, {})
    return Acting(asker, given["name"], given["own_email"], document) if given else None

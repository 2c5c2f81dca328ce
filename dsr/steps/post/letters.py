"""How a letter reads: the facts every letter may name, and its templates in the language of its reader."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.template.loader import select_template
from django.utils import translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from dsr.law.grounds import GROUNDS, Ground
from dsr.law.ladder import Rung
from dsr.law.rights import Right
from dsr.models import ClockPause, Notice, Representative, SubjectRequest
from dsr.steps import maps
from dsr.steps.post import grounds, remedies, wording

TITLES = {
    Right.ACCESS: _("a copy of your data"),
    Right.RECTIFICATION: _("correction of your data"),
    Right.ERASURE: _("erasure of your data"),
    Right.PORTABILITY: _("your data in a portable format"),
    Right.CONSENT_WITHDRAWAL: _("withdrawal of your consent"),
    Right.PROCESSING_INFORMATION: _("information about how data is processed"),
    Right.COMPLAINT: _("your complaint or question"),
    Right.COMPROMISED_ACCOUNT: _("your report of a compromised account"),
    Right.CHILD: _("your report about a child"),
}


@dataclass(frozen=True, slots=True)
class Written:
    """A letter in words: one line of subject, and the text in its two forms."""

    subject: str
    text: str
    html: str


def facts(subject_request: SubjectRequest, language: str, more: dict[str, object]) -> dict[str, Any]:
    """What a template may name, in words of this language: facts of the request now, and what its step adds."""
    with translation.override(language):
        controller = maps.localised(subject_request.controller, language).controller
        ground = GROUNDS[Ground(subject_request.ground)] if subject_request.ground else None
        base = f"{settings.DSR_BASE_URL}/{controller.slug}"
        told: dict[str, object] = {
            "controller": {
                "name": controller.name,
                "operator": controller.operator,
                "email": controller.email,
                "telephone": controller.telephone,
                "address": controller.address,
                "authority": remedies.authority(controller, controller.regions.get(subject_request.region)),
            },
            "reference": subject_request.reference,
            "right": subject_request.right,
            "right_title": TITLES[Right(subject_request.right)],
            "surer": subject_request.opened_by is not Rung.MAILBOX,
            "due_on": subject_request.due_on,
            "link": f"{base}/requests/{subject_request.reference}/",
            "desk_link": f"{settings.DSR_DESK_URL}/desk/requests/{subject_request.reference}/",
            "ground_plain": gettext(ground.plain) if ground else "",
            "ground_citation": grounds.cited(subject_request, subject_request.ground),
            "ground_words": subject_request.refusal(),
            "agent": _agent(subject_request),
            # Whoever has no mailbox has no page either: the words themselves go on paper.
            "answer": subject_request.answer() if more.get("paper") else "",
            "question": _question(subject_request) if more.get("paper") else "",
            **remedies.of(subject_request, controller),
            **more,
        }
        words = wording.said(told, controller.calendar.zone)
    return dict(words) if isinstance(words, dict) else {}


def _question(subject_request: SubjectRequest) -> str:
    """The question that waits for the person."""
    pause = ClockPause.objects.filter(subject_request=subject_request, ended_at=None).first()
    return pause.question() if pause else ""


def _agent(subject_request: SubjectRequest) -> str:
    """The name of the agent who asks for the person, so that the person can say yes or no."""
    agent = Representative.agent_of(subject_request)
    return agent.name() if agent else ""


def written(notice: Notice, context: dict[str, Any]) -> Written:
    """The letter in its own language; what the controller wrote itself comes before ours."""
    with translation.override(notice.language):
        subject = _filled(notice, "subject.txt", context)
        return Written(" ".join(subject.split()), _filled(notice, "txt", context), _filled(notice, "html", context))


def _filled(notice: Notice, form: str, context: dict[str, Any]) -> str:
    name = f"notices/{notice.letter}.{form}"
    own = f"{notice.subject_request.controller}/notices"
    names = [f"{own}/{notice.language}/{notice.letter}.{form}", f"{own}/{notice.letter}.{form}", name]
    return str(select_template(names).render(context))

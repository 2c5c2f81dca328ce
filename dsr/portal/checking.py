"""The answers as they are shown once more before they are sent, and the one text they become."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dsr.datamap.facts import Goes, OutlineRow, erasure_outline
from dsr.datamap.schema import ControllerMap
from dsr.law.rights import Right
from dsr.law.work import Asker
from dsr.portal.asking import ASKERS, asker_of
from dsr.portal.draft import Answers
from dsr.portal.forms import withdrawable
from dsr.portal.words import Text

TITLES = {
    "email": gettext_lazy("E-mail address"),
    "account": gettext_lazy("Account id"),
    "social": gettext_lazy("Sign-in with another service"),
    "device": gettext_lazy("Device id"),
    "phone": gettext_lazy("Telephone number"),
}


_THEIRS = {
    Asker.AGENT: gettext_lazy("The person's e-mail address"),
    Asker.GUARDIAN: gettext_lazy("The child's e-mail address"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One answer, with where it can be changed; an empty value was not given."""

    title: Text
    value: str
    change: str
    typed: bool = False  # whether it is shown as the person typed it, line breaks and all


def rows(about: ControllerMap, right: Right, answers: Answers) -> Iterator[Row]:
    """Every answer, in the order of the questions."""
    asker = asker_of(answers)
    for question, given in answers.items():
        change = reverse("portal:question", args=[about.controller.slug, right, question])
        if question == "details":
            yield from _details(about, given, change)
        elif question == "region":
            yield Row(_("Where you live"), about.controller.regions[given["region"]].title, change)
        elif question == "scope":
            yield Row(_("How much we erase"), about.controller.scopes[given["scope"]].title, change)
        elif question == "asker":
            yield Row(_("Who you ask for"), str(ASKERS[Asker(given["asker"])][0]), change)
        elif question in {"agent", "guardian"}:
            yield Row(_("Your name"), given["name"], change)
            yield Row(_("Your own e-mail address"), given["own_email"], change)
        else:
            for kind in _kinds(about, question):
                theirs = kind == "email" and asker is not Asker.PERSON
                yield Row(_THEIRS[asker] if theirs else TITLES[kind], given.get(kind, ""), change)


def _kinds(about: ControllerMap, question: str) -> list[str]:
    """The kinds of identifier that this question asks for."""
    others = [str(kind) for kind in about.controller.identities if kind != "email"]
    return {"email": ["email"], "child": ["email", *others]}.get(question, others)


def _details(about: ControllerMap, given: dict[str, Any], change: str) -> Iterator[Row]:
    if "purposes" in given:
        yield Row(_("What we should stop"), _stopped(about, given), change)
    yield Row(_("Details"), given.get("details", ""), change, typed=True)


def _stopped(about: ControllerMap, given: dict[str, Any]) -> str:
    known = withdrawable(about)
    return _("; ").join(known[slug].title for slug in given["purposes"] if slug in known)


def said(about: ControllerMap, given: dict[str, Any]) -> str:
    """What staff read: the consents withdrawn, with the map's own words for them, then the person's text."""
    stopped = "\n".join(
        f"Withdraws consent: {purpose.title} [{slug}]"
        for slug, purpose in withdrawable(about).items()
        if slug in given.get("purposes", [])
    )
    return "\n\n".join(filter(None, (stopped, given.get("details", ""))))


@dataclass(frozen=True, slots=True)
class Outline:
    """What an erasure takes whole, and what stays, all or in part."""

    goes: list[OutlineRow]
    stays: list[OutlineRow]


def outline(about: ControllerMap, only: Collection[str] = ()) -> Outline:
    """The map's outline of an erasure, in the two halves a person asks about; of a scope alone, if it is given."""
    told = [row for row in erasure_outline(about, _) if not only or row.place in only]
    return Outline([row for row in told if row.goes is Goes.ALL], [row for row in told if row.goes is not Goes.ALL])

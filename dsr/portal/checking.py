"""The answers as they are shown once more before they are sent, and the one text they become."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from dsr.datamap.facts import Goes, OutlineRow, erasure_outline
from dsr.datamap.schema import ControllerMap
from dsr.law.rights import Right
from dsr.portal.draft import Answers
from dsr.portal.forms import withdrawable
from dsr.portal.words import Text

TITLES = {
    "email": "E-mail address",
    "account": "Account id",
    "social": "Sign-in with another service",
    "device": "Device id",
    "phone": "Telephone number",
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
    for question, given in answers.items():
        change = reverse("portal:question", args=[about.controller.slug, right, question])
        if question == "details":
            yield from _details(about, given, change)
        else:
            asked = (
                ("email",)
                if question == "email"
                else [str(kind) for kind in about.controller.identities if kind != "email"]
            )
            for kind in asked:
                yield Row(_(TITLES[kind]), given.get(kind, ""), change)


def _details(about: ControllerMap, given: dict[str, Any], change: str) -> Iterator[Row]:
    if "purposes" in given:
        yield Row(_("What we should stop"), _stopped(about, given), change)
    yield Row(_("Details"), given.get("details", ""), change, typed=True)


def _stopped(about: ControllerMap, given: dict[str, Any]) -> str:
    known = withdrawable(about)
    return "; ".join(known[slug].title for slug in given["purposes"] if slug in known)


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


def outline(about: ControllerMap) -> Outline:
    """The map's outline of an erasure, in the two halves a person asks about."""
    told = erasure_outline(about)
    return Outline([row for row in told if row.goes is Goes.ALL], [row for row in told if row.goes is not Goes.ALL])


def public_titles(about: ControllerMap) -> list[str]:
    """What the person may have made public (row J8)."""
    return [
        collection.title
        for system in about.systems.values()
        for collection in system.collections.values()
        if collection.public
    ]

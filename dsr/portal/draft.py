"""Answers given so far, between the pages of one request: kept in the session, sealed."""

import json
from typing import Any

from django.http import HttpRequest

from dsr.datamap.schema import ControllerMap
from dsr.law.rights import Right
from dsr.models import sealed
from dsr.sealing.fields import Unsealable

Answers = dict[str, dict[str, Any]]  # question -> its cleaned fields


def load(request: HttpRequest, about: ControllerMap, right: Right) -> Answers:
    """What was answered; nothing, when the session is new or its keys are gone."""
    text = request.session.get(_key(about, right), "")
    try:
        answers: Answers = json.loads(sealed.unseal(text, _key(about, right)) or "{}")
    except Unsealable:
        return {}
    return answers


def keep(request: HttpRequest, about: ControllerMap, right: Right, question: str, given: dict[str, Any]) -> None:
    """Remember the answer to one question."""
    answers = load(request, about, right) | {question: given}
    request.session[_key(about, right)] = sealed.seal(json.dumps(answers), _key(about, right))


def forget(request: HttpRequest, about: ControllerMap, right: Right) -> None:
    """The request was sent."""
    request.session.pop(_key(about, right), None)


def _key(about: ControllerMap, right: Right) -> str:
    return f"draft:{about.controller.slug}:{right}"

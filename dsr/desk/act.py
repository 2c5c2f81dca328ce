"""One decision as the desk offers it: when it fits, who may take it, its form, and the step that does it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dsr.desk import forms
from dsr.law.actors import Actor
from dsr.models import SubjectRequest
from dsr.steps.permissions import Duty

Filled = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Act:
    """One decision with its page."""

    slug: str
    title: str
    says: str
    button: str
    done: str
    duty: Duty
    form: type[forms.Decision]
    fits: Callable[[SubjectRequest], bool]
    do: Callable[[SubjectRequest, Filled, Actor, datetime], None]
    tone: str = ""
    aside: bool = False  # not what comes next: shown only to who can take it

    @property
    def grave(self) -> bool:
        """Whether it is done with a fresh second factor only: it erases, hands out, or takes a second person."""
        return self.duty is not Duty.REVIEW or self.tone == "grave"


@dataclass(frozen=True, slots=True)
class Offer:
    """A decision that the request's state allows; `why_not` says why this staff member cannot take it."""

    act: Act
    why_not: str

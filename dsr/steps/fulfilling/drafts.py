"""New values between the pages on which they are entered: kept in the session, sealed, and never in an address."""

from collections.abc import MutableMapping
from typing import Any

import msgspec

from dsr.models import SubjectRequest, sealed
from dsr.sealing.fields import Unsealable

Session = MutableMapping[str, Any]


class Draft(msgspec.Struct):
    """What was entered and not sent yet: by place and field, and the statement."""

    values: dict[str, dict[str, str]] = {}
    statement: str = ""

    @property
    def empty(self) -> bool:
        """Whether there is nothing to send."""
        return not self.statement and not any(self.values.values())

    @property
    def flat(self) -> dict[tuple[str, str], str]:
        """The values by place and field, as they are sent."""
        return {(place, name): text for place, new in self.values.items() for name, text in new.items()}


def load(session: Session, own: SubjectRequest) -> Draft:
    """What was entered; nothing, when the session is new or its keys are gone."""
    try:
        text = sealed.unseal(session.get(_key(own), ""), _key(own))
    except Unsealable:
        return Draft()
    return msgspec.json.decode(text, type=Draft) if text else Draft()


def keep(session: Session, own: SubjectRequest, draft: Draft) -> None:
    """Remember it."""
    session[_key(own)] = sealed.seal(msgspec.json.encode(draft).decode(), _key(own))


def forget(session: Session, own: SubjectRequest) -> None:
    """It was sent."""
    session.pop(_key(own), None)


def _key(own: SubjectRequest) -> str:
    return f"correct:{own.pk}"

"""Who acts. Every mutation names one."""

from dataclasses import dataclass
from enum import StrEnum


class ActorKind(StrEnum):
    """On whose behalf something happens."""

    SUBJECT = "subject"
    STAFF = "staff"
    TOKEN = "token"  # a controller's API token
    RECIPIENT = "recipient"  # a party told about data, by the link of its letter
    COLLEAGUE = "colleague"  # without an account, by the link to one task
    PORTAL = "portal"  # the portal itself: worker, timetable


@dataclass(frozen=True, slots=True)
class Actor:
    """Kind and opaque id; never a name or an address, for it is written into Events."""

    kind: ActorKind
    id: str = ""

    def __str__(self) -> str:
        """'staff:3', or 'portal'."""
        return f"{self.kind}:{self.id}" if self.id else str(self.kind)


PORTAL = Actor(ActorKind.PORTAL)
SUBJECT = Actor(ActorKind.SUBJECT)

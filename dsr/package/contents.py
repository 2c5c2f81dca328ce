"""What a package says: the answer to one request, without the records themselves, which are streamed."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from dsr.connectors.contract import Found
from dsr.datamap.facts import Facts
from dsr.datamap.schema import ControllerMap
from dsr.law.rights import Right

# Opens the sealed Part of a system (slug) anew at each call and yields its records in their order.
OpenPart = Callable[[], Iterator[Found]]


@dataclass(frozen=True, slots=True)
class CollectionOutcome:
    """What was found in one collection, and what became of it."""

    collection: str
    found: int
    erased: int = 0
    kept: tuple["KeptRows", ...] = ()
    refused: "RefusedPart | None" = None


@dataclass(frozen=True, slots=True)
class RefusedPart:
    """Why a collection is left out of a copy (GDPR Art. 12(4)): ground, where it stands, and our own words."""

    ground: str
    citation: str
    words: str


@dataclass(frozen=True, slots=True)
class KeptRows:
    """Rows that an erasure left: how many, why, and until which day they are kept.

    `words` are somebody's own, of staff or of a recipient: they are for the person alone, and never certified.
    """

    count: int
    ground: str
    citation: str
    until: date | None
    words: str = ""

    @property
    def why(self) -> str:
        """Ground and words, as the person reads them."""
        return f"{self.ground} {self.words}".strip()


@dataclass(frozen=True, slots=True)
class SystemOutcome:
    """The answer per system: found, nothing, erased, kept, failed, waiting, excluded or not-reached."""

    system: str
    outcome: str
    note: str = ""  # plain words, e.g. 'did not answer; we will send this part later'
    collections: tuple[CollectionOutcome, ...] = ()


@dataclass(frozen=True, slots=True)
class RecipientTold:
    """Somebody who received the data: what came of it there, and until when, in plain words (GDPR Art. 19)."""

    title: str
    says: str
    when: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """One request's answer. Moments are aware; `version` counts answers to the same request."""

    reference: str
    right: Right
    version: int
    controller: ControllerMap
    facts: Facts
    identities: tuple[tuple[str, str], ...]  # kind and value, proven ones only
    received_at: datetime
    due_on: date
    answered_at: datetime
    policy_version: str
    systems: tuple[SystemOutcome, ...]
    parts: Mapping[str, OpenPart] = field(default_factory=dict)  # system slug -> its records
    told: tuple[RecipientTold, ...] = ()

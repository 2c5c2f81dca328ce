"""What a package says: the answer to one request, without the records themselves, which are streamed."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from dsr.connectors.contract import Found
from dsr.datamap.facts import Facts
from dsr.datamap.schema import ControllerMap
from dsr.law.rights import Right
from dsr.package.sentences import joined

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
class LeftOut:
    """What staff left out of a collection before it was released (GDPR Art. 15(4)): how much, and why."""

    system: str
    collection: str
    field: str  # empty: whole records
    label: str
    records: int  # 0: every record
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
        return joined(self.ground, self.words)


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
class FieldCorrected:
    """One field of a rectification by its label, in how many rows, and what became of it; never a value."""

    system: str
    collection: str
    field: str
    label: str
    outcome: str  # corrected, changed-meanwhile, failed, declined
    count: int
    words: str = ""  # of staff, why it was declined: for the person alone


@dataclass(frozen=True, slots=True)
class ConsentEnded:
    """One withdrawn consent: since when it no longer holds (None: nothing was in force), and in which systems."""

    purpose: str
    title: str
    since: datetime | None
    systems: tuple[str, ...]
    failed: tuple[str, ...]
    means: str  # what follows
    how: str  # what is left to do elsewhere
    looked: bool  # somewhere, by an identifier that is proven


@dataclass(frozen=True, slots=True)
class Backup:
    """Until which day copies of what was erased in a system may last in backups; None: the map does not say."""

    system: str
    title: str
    until: date | None


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
    corrected: tuple[FieldCorrected, ...] = ()
    statement: bool = False  # the person added something in words (GDPR Art. 16)
    ended: tuple[ConsentEnded, ...] = ()
    backups: tuple[Backup, ...] = ()
    laws: tuple[str, ...] = ()  # slugs of the regimes under which it came; some forbid to show what others demand
    left_out: tuple[LeftOut, ...] = ()
    unreached: frozenset[str] = frozenset()  # 'system.collection's that none of the proven identities leads to
    language: str = "en"  # of the person, such as zh-hans; the map and all words above are in it

"""The grounds on which a request may be refused, in whole or in part. What each means stands in grounds.toml."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

from dsr.law import files
from dsr.law.files import LawError, Status, Table
from dsr.law.rights import Right


class Ground(StrEnum):
    """Refusal of a whole request or of one collection; the last five keep data from an erasure."""

    MANIFESTLY_UNFOUNDED = "manifestly_unfounded"
    EXCESSIVE = "excessive"
    IDENTITY_NOT_PROVEN = "identity_not_proven"
    NOT_IDENTIFIABLE = "not_identifiable"
    RIGHTS_OF_OTHERS = "rights_of_others"
    NOT_COVERED = "not_covered"
    SUSPECTED_FRAUD = "suspected_fraud"
    OUTSIDE_JURISDICTION = "outside_jurisdiction"
    NOT_A_REQUEST = "not_a_request"
    EXPRESSION = "expression"
    LEGAL_DUTY_OR_PUBLIC_TASK = "legal_duty_or_public_task"
    PUBLIC_HEALTH = "public_health"
    ARCHIVE_RESEARCH = "archive_research"
    LEGAL_CLAIMS = "legal_claims"


# The reason codes of the Data Rights Protocol 1.0.
PROTOCOL = (
    *("suspected_fraud", "insuf_verification", "no_match", "claim_not_covered"),
    *("outside_jurisdiction", "too_many_requests", "other"),
)


@dataclass(frozen=True, slots=True)
class GroundFacts:
    """How a ground is cited and said to the person, and what it may be used for."""

    citation: str
    citation_in: Mapping[str, str]  # by regime, where another law says it in another place
    plain: str
    status: Status
    reviewed_on: date | None  # by a lawyer, against the text
    rights: frozenset[Right]
    whole: bool
    part: bool
    evidence: bool  # only with written evidence
    second_person: bool  # only with a second person's yes
    protocol: str

    def citation_by(self, regimes: Iterable[str]) -> str:
        """Where it stands for a request that came under these regimes."""
        own = [self.citation_in[slug] for slug in regimes if slug in self.citation_in]
        return "; ".join(own) or self.citation


def load(path: Path) -> Mapping[Ground, GroundFacts]:
    """The facts of every ground, in the order of the enumeration. Raises LawError when the file is wrong."""
    top = files.read(path)
    found: dict[Ground, GroundFacts] = {}
    reviewed_on = top.day("reviewed_on")
    for number, content in enumerate(top.rows("ground"), 1):
        table = Table(content, f"{path.name}: ground {number} ({content.get('code')})")
        code = Ground(table.one_of("code", list(Ground)))
        if code in found:
            raise table.wrong("code", "this ground stands here twice")
        found[code] = _facts(table, reviewed_on)
    top.end()
    missing = [ground for ground in Ground if ground not in found]
    if missing:
        raise LawError(f"{path.name}: ground: {', '.join(missing)} is missing")
    return MappingProxyType({ground: found[ground] for ground in Ground})


def _facts(table: Table, reviewed_on: date | None) -> GroundFacts:
    facts = GroundFacts(
        citation=table.text("citation"),
        citation_in=MappingProxyType(table.texts("citation_in")),
        plain=table.text("plain"),
        status=table.status("status"),
        reviewed_on=reviewed_on,
        rights=frozenset(table.rights("rights") or Right),
        whole=table.flag("whole", unless_said=False),
        part=table.flag("part", unless_said=False),
        evidence=table.flag("evidence", unless_said=False),
        second_person=table.flag("second_person", unless_said=False),
        protocol=table.one_of("protocol", PROTOCOL),
    )
    if not (facts.whole or facts.part):
        raise table.wrong("whole", "a ground is for the whole, for a part, or for both")
    table.end()
    return facts


GROUNDS = load(files.GROUNDS)


def grounds_for(right: Right, *, part: bool) -> tuple[Ground, ...]:
    """The grounds on which this right may be refused: as a whole, or for one collection."""
    return tuple(
        ground for ground, facts in GROUNDS.items() if right in facts.rights and (facts.part if part else facts.whole)
    )

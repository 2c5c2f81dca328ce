"""The grounds on which a request may be refused, each with citation and plain words."""

from dataclasses import dataclass
from enum import StrEnum


class Ground(StrEnum):
    """Refusal of a whole request."""

    MANIFESTLY_UNFOUNDED = "manifestly_unfounded"
    EXCESSIVE = "excessive"
    IDENTITY_NOT_PROVEN = "identity_not_proven"
    NOT_IDENTIFIABLE = "not_identifiable"
    RIGHTS_OF_OTHERS = "rights_of_others"
    SUSPECTED_FRAUD = "suspected_fraud"
    OUTSIDE_JURISDICTION = "outside_jurisdiction"


@dataclass(frozen=True, slots=True)
class GroundFacts:
    """How a ground is cited and said to the person."""

    citation: str
    plain: str


GROUNDS: dict[Ground, GroundFacts] = {
    Ground.MANIFESTLY_UNFOUNDED: GroundFacts("GDPR Art. 12(5)", "We found that this request has clearly no basis."),
    Ground.EXCESSIVE: GroundFacts("GDPR Art. 12(5)", "We found that this request is excessive."),
    Ground.IDENTITY_NOT_PROVEN: GroundFacts(
        "GDPR Art. 12(6)", "We could not be sure that the request comes from the person the data is about."
    ),
    Ground.NOT_IDENTIFIABLE: GroundFacts(
        "GDPR Art. 11(2)", "We cannot tell which of the data we hold, if any, is about you."
    ),
    Ground.RIGHTS_OF_OTHERS: GroundFacts(
        "GDPR Art. 15(4)", "Answering would harm the rights and freedoms of other people."
    ),
    Ground.SUSPECTED_FRAUD: GroundFacts(
        "11 CCR §7027(f); GDPR Art. 12(6)",
        "We have documented reasons to believe that this request is fraudulent.",
    ),
    Ground.OUTSIDE_JURISDICTION: GroundFacts(
        "the controller's matrix of rights", "This right is not offered where you live."
    ),
}

"""What holds a request, and what a report calls for, as the request's page shows it."""

from collections.abc import Mapping
from dataclasses import dataclass

from dsr.desk import people
from dsr.law.actors import Actor
from dsr.law.rights import Right
from dsr.models import LegalHold, SubjectRequest
from dsr.steps.deciding import blocking
from dsr.steps.permissions import Duty, may

KINDS = {LegalHold.LEGAL: "Legal hold", LegalHold.FREEZE: "Freeze"}
# What a report calls for, beside its answer; the portal cannot see whether it was done.
CHECKLISTS: Mapping[str, tuple[str, ...]] = {
    Right.COMPROMISED_ACCOUNT: (
        "Look whether the account is frozen here; if its mailbox is lost, freeze it by hand.",
        "End every session of the account, and have its password and sign-ins set anew.",
        "Look for requests that somebody else may have made in this person's name.",
        "If data leaked: the privacy officer decides about telling the authority within 72 hours (GDPR Art. 33).",
        "Tell the person what you found and did, and what they should do now.",
    ),
    Right.CHILD: (
        "Find the account from what the report says, and look whether it is a child's.",
        "If it is: enter an erasure for the child's account, and link it to this report.",
        "Stop what processes the child's data meanwhile (GDPR Art. 17(1)(f), 16 CFR 312).",
        "Tell whoever reported what was done, and nothing about the child.",
    ),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One that stands; the reason is for whom may see personal data."""

    row: LegalHold
    kind: str
    place: str
    owner: str
    reason: str


def card(subject_request: SubjectRequest, by: Actor) -> dict[str, object]:
    """What the request's page shows."""
    return {
        "holds": rows(subject_request, by),
        "may_hold": may(by, Duty.REVIEW, subject_request),
        "checklist": CHECKLISTS.get(subject_request.right, ()) if not subject_request.closed else (),
    }


def rows(subject_request: SubjectRequest, by: Actor) -> list[Row]:
    """What stands on a request."""
    shown = may(by, Duty.VIEW, subject_request)
    return [
        Row(
            row=hold,
            kind=KINDS[hold.kind],
            place="on the person" if hold.lookup else "on this request",
            owner=people.name_of(hold.owner) or "nobody: the team is reminded",
            reason=hold.reason() if shown else "",
        )
        for hold in blocking.standing(subject_request)
    ]

"""The words of the package: how rights, outcomes and identities are said to a person."""

from dataclasses import dataclass

from dsr.law.rights import Right


@dataclass(frozen=True, slots=True)
class RightWords:
    """How an answer to a right is introduced."""

    heading: str  # before ' at <controller>'
    asked: str  # after 'You asked us'
    citation: str


RIGHTS: dict[Right, RightWords] = {
    Right.ACCESS: RightWords("Your data", "for a copy of the data we hold about you", "GDPR Art. 15"),
    Right.RECTIFICATION: RightWords("Your corrections", "to correct data about you", "GDPR Art. 16"),
    Right.ERASURE: RightWords("What we erased", "to erase the data we hold about you", "GDPR Art. 17"),
    Right.PORTABILITY: RightWords(
        "Your data to take with you", "for your data in a form that other services can read", "GDPR Art. 20"
    ),
    Right.CONSENT_WITHDRAWAL: RightWords("Your withdrawn consent", "to stop what you had agreed to", "GDPR Art. 7(3)"),
    Right.PROCESSING_INFORMATION: RightWords("How we use data", "how we use personal data", "GDPR Arts 13 to 15"),
    Right.COMPLAINT: RightWords("Our answer", "a question, or complained to us", "GDPR Art. 12"),
    Right.COMPROMISED_ACCOUNT: RightWords("Our answer", "to look into a compromised account", "our privacy policy"),
    Right.CHILD: RightWords("Our answer", "to look into the use of our service by a child", "our privacy policy"),
}

OUTCOMES: dict[str, str] = {
    "found": "Found",
    "nothing": "Searched, nothing found",
    "erased": "Erased",
    "kept": "Erased, except for what we must keep",
    "corrected": "Corrected",
    "stopped": "Stopped",
    "failed": "Did not answer",
    "waiting": "Still to come",
    "excluded": "Left out of this answer",
    "not-reached": "Not searched",
}
OPEN_OUTCOMES = frozenset({"failed", "waiting", "excluded"})  # the answer lacks them
UNSEARCHED = OPEN_OUTCOMES | {"not-reached"}  # where nothing led, or nobody asked for it: nothing is lacking

IDENTITIES: dict[str, str] = {
    "email": "E-mail address",
    "account": "Account",
    "social": "Social sign-in",
    "device": "Device",
    "phone": "Telephone number",
}


def outcome_says(outcome: str, erased: int) -> str:
    """An outcome in words. Nothing is called erased when nothing was."""
    if outcome == "kept" and not erased:
        return "Kept"
    return OUTCOMES.get(outcome, outcome.capitalize())


def counted(count: int, one: str, many: str = "") -> str:
    """'1 record', '2,048 records'."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"

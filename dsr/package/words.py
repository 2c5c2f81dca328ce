"""The words of the package: how rights, outcomes and identities are said, in the language that is active."""

from dataclasses import dataclass
from functools import cache

from django.utils.translation import get_language, gettext, ngettext
from django.utils.translation.trans_null import gettext_noop

from dsr.law.rights import Right


@dataclass(frozen=True, slots=True)
class RightWords:
    """How an answer to a right is introduced."""

    heading: str  # before ' at <controller>'
    asked: str  # after 'You asked us'
    citation: str


RIGHTS: dict[Right, RightWords] = {
    Right.ACCESS: RightWords(
        gettext_noop("Your data"),
        gettext_noop("for a copy of the data we hold about you"),
        gettext_noop("GDPR Art. 15"),
    ),
    Right.RECTIFICATION: RightWords(
        gettext_noop("Your corrections"), gettext_noop("to correct data about you"), gettext_noop("GDPR Art. 16")
    ),
    Right.ERASURE: RightWords(
        gettext_noop("What we erased"),
        gettext_noop("to erase the data we hold about you"),
        gettext_noop("GDPR Art. 17"),
    ),
    Right.PORTABILITY: RightWords(
        gettext_noop("Your data to take with you"),
        gettext_noop("for your data in a form that other services can read"),
        gettext_noop("GDPR Art. 20"),
    ),
    Right.CONSENT_WITHDRAWAL: RightWords(
        gettext_noop("Your withdrawn consent"),
        gettext_noop("to stop what you had agreed to"),
        gettext_noop("GDPR Art. 7(3)"),
    ),
    Right.PROCESSING_INFORMATION: RightWords(
        gettext_noop("How we use data"), gettext_noop("how we use personal data"), gettext_noop("GDPR Arts 13 to 15")
    ),
    Right.COMPLAINT: RightWords(
        gettext_noop("Our answer"), gettext_noop("a question, or complained to us"), gettext_noop("GDPR Art. 12")
    ),
    Right.COMPROMISED_ACCOUNT: RightWords(
        gettext_noop("Our answer"),
        gettext_noop("to look into a compromised account"),
        gettext_noop("our privacy policy"),
    ),
    Right.CHILD: RightWords(
        gettext_noop("Our answer"),
        gettext_noop("to look into the use of our service by a child"),
        gettext_noop("our privacy policy"),
    ),
}

OUTCOMES: dict[str, str] = {
    "found": gettext_noop("Found"),
    "nothing": gettext_noop("Searched, nothing found"),
    "erased": gettext_noop("Erased"),
    "kept": gettext_noop("Erased, except for what we must keep"),
    "corrected": gettext_noop("Corrected"),
    "stopped": gettext_noop("Stopped"),
    "failed": gettext_noop("Did not answer"),
    "waiting": gettext_noop("Still to come"),
    "excluded": gettext_noop("Left out of this answer"),
    "not-reached": gettext_noop("Not searched"),
}
OPEN_OUTCOMES = frozenset({"failed", "waiting", "excluded"})  # the answer lacks them
UNSEARCHED = OPEN_OUTCOMES | {"not-reached"}  # where nothing led, or nobody asked for it: nothing is lacking

IDENTITIES: dict[str, str] = {
    "email": gettext_noop("E-mail address"),
    "account": gettext_noop("Account"),
    "social": gettext_noop("Social sign-in"),
    "device": gettext_noop("Device"),
    "phone": gettext_noop("Telephone number"),
}


def said(text: str) -> str:
    """A text of ours in the language that is active; looked up once, for a page may say it in thousands of cells."""
    return _said(get_language(), text)


@cache
def _said(_: str | None, text: str) -> str:
    return gettext(text)


def introduced(right: Right) -> RightWords:
    """How an answer to this right is introduced, in the language that is active."""
    words = RIGHTS[right]
    return RightWords(gettext(words.heading), gettext(words.asked), gettext(words.citation))


def outcome_says(outcome: str, erased: int) -> str:
    """An outcome in words. Nothing is called erased when nothing was."""
    if outcome == "kept" and not erased:
        return gettext("Kept")
    return said(OUTCOMES[outcome]) if outcome in OUTCOMES else outcome.capitalize()


def counted(count: int, what: str) -> str:
    """'1 record', '2,048 records', and the same of files."""
    if what == "file":
        return ngettext("%(count)s file", "%(count)s files", count) % {"count": f"{count:,}"}
    return ngettext("%(count)s record", "%(count)s records", count) % {"count": f"{count:,}"}


def listed(texts: tuple[str, ...]) -> str:
    """One after the other, as the language that is active parts them."""
    return said(gettext_noop("; ")).join(texts)

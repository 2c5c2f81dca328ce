"""The proof ladder: how surely it is known who asks. No rung uses a face, a picture of a person or what somebody knows.

Sources: GDPR Art. 12(6), EDPB Guidelines 01/2022 (paras 58-79): what is asked is no more than the risk needs, and a
document is the last resort.
"""

from enum import StrEnum

from dsr.law.rights import COPIED, Right


class Rung(StrEnum):
    """What proved an identifier; each is surer than those before it."""

    MAILBOX = "mailbox"  # a code to the typed address
    SECOND = "second-channel"  # and a code to another address, which was on file already
    APP = "app"  # the controller's own app or site vouches: who asks is signed in there
    STAFF = "staff"  # two members of staff, or one after a document: where nothing else works


NEEDED = (Rung.MAILBOX, Rung.SECOND, Rung.APP)  # what can be asked for; a document never is
_ORDER = tuple(Rung)
# Rights for which data of the person are handed over, or shown on a page.
SHOWN = COPIED | {Right.RECTIFICATION}


def reaches(rung: str, needed: str) -> bool:
    """Whether this proof is as sure as what is needed."""
    return _ORDER.index(Rung(rung)) >= _ORDER.index(Rung(needed))


def surer(one: str, other: str) -> Rung:
    """The surer of two: what was proven once stays proven."""
    return Rung(one) if reaches(one, other) else Rung(other)


def opened_by(right: Right, needed: str) -> Rung:
    """What opens the answer: never less than what the request needed, where data of the person are shown.

    The answer of an erasure tells what was done; the account and the addresses that could prove more are gone by then.
    """
    return Rung(needed) if right in SHOWN else Rung.MAILBOX

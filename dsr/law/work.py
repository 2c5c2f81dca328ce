"""The words for units of work: kinds, states and outcomes of a plan item; states of a notice."""

from enum import StrEnum


class Kind(StrEnum):
    """What an item does."""

    FIND = "find"
    CLOSE = "close"  # close the manifest of an erasure
    ERASE = "erase"
    ASSEMBLE = "assemble"  # build the package


class ItemState(StrEnum):
    """Where an item stands in the ledger."""

    READY = "ready"
    RUNNING = "running"
    WAITING = "waiting"  # an asynchronous effect has started; poll it
    IN_DOUBT = "in_doubt"
    QUARANTINED = "quarantined"  # a person must look
    DONE = "done"


class Outcome(StrEnum):
    """What came of an item."""

    FOUND = "found"
    NOTHING = "nothing"
    ERASED = "erased"
    KEPT = "kept"
    CORRECTED = "corrected"
    STOPPED = "stopped"
    FAILED = "failed"


class NoticeState(StrEnum):
    """Where a notice stands in the outbox."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    IN_DOUBT = "in_doubt"  # the sender died while sending: never repeated blindly
    FAILED = "failed"


class Letter(StrEnum):
    """The kinds of notice; each is a template."""

    RECEIVED = "received"
    CODE = "code"
    ACCEPTED = "accepted"
    APPROVED = "approved"  # of an erasure: when it begins, and that it can be cancelled until then
    REFUSED = "refused"
    READY = "ready"
    ERASED = "erased"
    ANSWER = "answer"
    CANCELLED = "cancelled"
    LAPSED = "lapsed"


class Channel(StrEnum):
    """How a request arrived."""

    WEB = "web"
    API = "api"
    TELEPHONE = "telephone"
    LETTER = "letter"

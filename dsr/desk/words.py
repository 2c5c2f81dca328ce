"""Plain words of the desk for rights, states, items and letters."""

from dsr.datamap.schema import IdentityKind
from dsr.law.rights import SEARCHED, Right
from dsr.law.states import State
from dsr.law.work import Channel, ItemState, Kind, Letter, NoticeState, Outcome
from dsr.models import SubjectRequest

RIGHTS = {
    Right.ACCESS: "Access",
    Right.RECTIFICATION: "Rectification",
    Right.ERASURE: "Erasure",
    Right.PORTABILITY: "Portability",
    Right.CONSENT_WITHDRAWAL: "Consent withdrawal",
    Right.PROCESSING_INFORMATION: "Processing information",
    Right.COMPLAINT: "Complaint or question",
    Right.COMPROMISED_ACCOUNT: "Report: account compromised",
    Right.CHILD: "Report: a child uses the service",
}
STATES = {
    State.RECEIVED: "Waiting for proof",
    State.VERIFIED: "To review",
    State.ACCEPTED: "Searching",
    State.SEARCHED: "To approve",
    State.APPROVED: "Being carried out",
    State.CARRIED_OUT: "Carried out",
    State.PACKAGED: "Package ready",
    State.DELIVERED: "Answered",
    State.REFUSED: "Refused",
    State.CANCELLED: "Cancelled",
    State.LAPSED: "Lapsed",
}
NEXT = {
    State.RECEIVED: "We wait for the proof of the e-mail address. An unproven request lapses by itself.",
    State.VERIFIED: "Read what is asked and who asks. Then accept the request, or refuse it with a ground.",
    State.ACCEPTED: "The systems are being searched. Nothing to do, unless an item below needs a person.",
    State.SEARCHED: "The search is done.",
    State.APPROVED: "The portal carries this out. Nothing to do, unless an item below needs a person.",
    State.CARRIED_OUT: "The answer is being put together.",
    State.PACKAGED: "The answer is ready. The person can download it.",
    State.DELIVERED: "This request is answered.",
    State.REFUSED: "This request is refused. Whoever asks again files a new request.",
    State.CANCELLED: "The person cancelled this request.",
    State.LAPSED: "The e-mail address was not proven in time, so the request lapsed.",
}
KINDS = {
    Kind.FIND: "Search",
    Kind.CLOSE: "Close the manifest",
    Kind.ERASE: "Erase",
    Kind.ASSEMBLE: "Put the package together",
}
ITEM_STATES = {
    ItemState.READY: ("Ready", "quiet"),
    ItemState.RUNNING: ("Running", "busy"),
    ItemState.WAITING: ("Waiting for the system", "busy"),
    ItemState.IN_DOUBT: ("In doubt", "soon"),
    ItemState.QUARANTINED: ("Needs a person", "overdue"),
    ItemState.DONE: ("Done", "good"),
}
OUTCOMES = {
    Outcome.FOUND: "Found",
    Outcome.NOTHING: "Nothing there",
    Outcome.ERASED: "Erased",
    Outcome.KEPT: "Kept",
    Outcome.CORRECTED: "Corrected",
    Outcome.STOPPED: "Stopped",
    Outcome.FAILED: "Failed",
}
LETTERS = {
    Letter.RECEIVED: "Received, with the code",
    Letter.CODE: "One-time code",
    Letter.ACCEPTED: "Accepted",
    Letter.APPROVED: "Erasure begins soon",
    Letter.REFUSED: "Refused",
    Letter.READY: "Package ready",
    Letter.ERASED: "Erased",
    Letter.ANSWER: "Answer",
    Letter.CANCELLED: "Cancelled",
    Letter.LAPSED: "Lapsed",
}
NOTICE_STATES = {
    NoticeState.QUEUED: ("Queued", "quiet"),
    NoticeState.SENDING: ("Being sent", "busy"),
    NoticeState.SENT: ("Sent", "good"),
    NoticeState.IN_DOUBT: ("In doubt", "soon"),
    NoticeState.FAILED: ("Not sent", "overdue"),
}
IDENTITIES = {
    IdentityKind.EMAIL: "E-mail",
    IdentityKind.ACCOUNT: "Account",
    IdentityKind.SOCIAL: "Social sign-in",
    IdentityKind.DEVICE: "Device",
    IdentityKind.PHONE: "Telephone",
}
CHANNELS = {
    Channel.WEB: "on the web",
    Channel.API: "by an app or another system",
    Channel.TELEPHONE: "by telephone",
    Channel.LETTER: "by letter",
}


def state_of(subject_request: SubjectRequest) -> str:
    """Where the request stands, as staff say it."""
    if needs_letter(subject_request):
        return "To answer"
    return STATES[State(subject_request.state)]


def outcome_of(kind: str, outcome: str) -> str:
    """What came of an item. The portal's own work finds nothing: it is done."""
    if not outcome:
        return ""
    return OUTCOMES[Outcome(outcome)] if kind in {Kind.FIND, Kind.ERASE} else "Done"


def needs_letter(subject_request: SubjectRequest) -> bool:
    """Accepted, and its walk does not search: a person writes the answer."""
    return subject_request.state == State.ACCEPTED and Right(subject_request.right) not in SEARCHED


def next_of(subject_request: SubjectRequest) -> str:
    """What happens next."""
    if needs_letter(subject_request):
        return "Write the answer. The person receives it as a letter, and the request is closed."
    if subject_request.state == State.SEARCHED and subject_request.right == Right.ERASURE:
        return "The manifest is closed. A second person approves it before anything is erased."
    return NEXT[State(subject_request.state)]

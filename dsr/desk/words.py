"""Plain words of the desk for rights, states, items and letters."""

from dsr.datamap.schema import IdentityKind
from dsr.desk import looked
from dsr.law.rights import WORKED, Right
from dsr.law.states import State
from dsr.law.work import Channel, ItemState, Kind, Letter, NoticeState, Outcome
from dsr.models import Proposal, SubjectRequest
from dsr.steps.answering import handover
from dsr.steps.asking import vouching
from dsr.steps.deciding import blocking, merging
from dsr.steps.fulfilling import supplement

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
CANCELLED = "Cancelled: by the person, or because nobody could be handed the answer."
NEXT = {
    State.RECEIVED: "We wait for the proof of the e-mail address. An unproven request lapses by itself.",
    State.VERIFIED: "Read what is asked and who asks. Then accept the request, or refuse it with a ground.",
    State.ACCEPTED: "The systems are being searched. Nothing to do, unless an item below needs a person.",
    State.SEARCHED: "The search is done.",
    State.APPROVED: "The portal carries this out. Nothing to do, unless an item below needs a person.",
    State.CARRIED_OUT: "The answer is being put together.",
    State.PACKAGED: "The answer is ready. The person can download it; where more than the mailbox was needed, it asks "
    "for that once more.",
    State.DELIVERED: "This request is answered.",
    State.REFUSED: "This request is refused. Whoever asks again files a new request.",
    State.CANCELLED: f"{CANCELLED} Nothing to do.",
    State.LAPSED: "The e-mail address was not proven in time, so the request lapsed.",
}
TO_BE_POSTED = (
    "The package is ready, and this person has no mailbox. An approver or privacy officer, who did not enter, check or "
    "accept this request, downloads it, hands it over with the covering letter, and says so here. The dates run until "
    "the day on which it left."
)
FROZEN = "The package is ready, but the account is frozen: nothing is handed over until the freeze is released."
KINDS = {
    Kind.FIND: "Search",
    Kind.CLOSE: "Close the manifest",
    Kind.ERASE: "Erase",
    Kind.STOP: "Stop",
    Kind.RESUME: "Open the account again",
    Kind.CORRECT: "Correct",
    Kind.ASSEMBLE: "Put the package together",
    Kind.LOOK: "Look at what goes out",
    Kind.ASSEMBLE_PART: "Put a part of the answer together",
    Kind.PREVIEW: "Preview",
    Kind.ADDRESSES: "Look at the account before the decision",
}
ITEM_STATES = {
    ItemState.READY: ("Ready", "quiet"),
    ItemState.RUNNING: ("Running", "busy"),
    ItemState.WAITING: ("Waiting for the system", "busy"),
    ItemState.IN_DOUBT: ("In doubt", "soon"),
    ItemState.QUARANTINED: ("Needs a person", "overdue"),
    ItemState.TO_LOOK: ("Waits for a look", "soon"),
    ItemState.DONE: ("Done", "good"),
}
OUTCOMES = {
    Outcome.FOUND: "Found",
    Outcome.NOTHING: "Nothing there",
    Outcome.ERASED: "Erased",
    Outcome.KEPT: "Kept",
    Outcome.CORRECTED: "Corrected",
    Outcome.STOPPED: "Stopped",
    Outcome.RESUMED: "Open again",
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
    Letter.KEPT_OVER: "What became of what was kept",
    Letter.WITHDRAWN: "What became of the withdrawal",
    Letter.HELD: "A legal hold or a freeze stands",
    Letter.RELEASED: "Nothing holds it any more",
    Letter.HOLD_REVIEW: "To staff: a legal hold is to be reviewed",
    Letter.REPORT: "To staff: look at this report first",
    Letter.CORRECTABLE: "Your turn: tell us what is right",
    Letter.CORRECTABLE_STILL: "Reminder: tell us what is right",
    Letter.CORRECTED: "What became of the correction",
    Letter.ANSWER: "Answer",
    Letter.CANCELLED: "Cancelled",
    Letter.UNPROVEN: "Reminder: prove that it is you",
    Letter.LAPSED: "Lapsed",
    Letter.TELL: "To a recipient",
    Letter.TELL_AGAIN: "Reminder to a recipient",
    Letter.TASK: "To staff: a system waits for a person",
    Letter.TASK_LINK: "To a colleague: the link to one task",
    Letter.TASK_CODE: "To a colleague: the code for that link",
    Letter.TO_HAND_OVER: "To staff: a package waits to be handed over",
    Letter.ON_FILE: "To the address on file: somebody asked by letter",
    Letter.PARTLY: "A part of the answer is ready",
    Letter.OPENING: "To another address on file: a package is about to be opened",
    Letter.TAKEN_AGAIN: "To staff: a package was taken once more",
    Letter.HANDED_OVER: "The package left",
    Letter.RETURNED: "A letter did not arrive",
    Letter.QUESTION: "A question waits on the page",
    Letter.QUESTION_OVER: "The question is over",
    Letter.EXTENDED: "More time, with the reason",
    Letter.REPLIED: "To staff: the person answered",
    Letter.UNANSWERED: "To staff: no answer came",
    Letter.REMINDER: "To staff: a date comes near",
    Letter.ESCALATION: "To staff: a date is nearly there",
    Letter.MISSED: "To staff: a date was missed",
    Letter.LATE: "We are late",
    Letter.MERGED: "Taken together with an earlier request",
    Letter.ANSWERED_WITH: "Answered with an earlier request",
    Letter.AGENT_TOLD: "To the agent: it is answered",
    Letter.GUARDIAN_ASKS: "To the child's own address: who asks",
    Letter.PROOF: "More proof is needed",
}
NOTICE_STATES = {
    NoticeState.QUEUED: ("Queued", "quiet"),
    NoticeState.SENDING: ("Being sent", "busy"),
    NoticeState.SENT: ("Sent", "good"),
    NoticeState.IN_DOUBT: ("In doubt", "soon"),
    NoticeState.FAILED: ("Not sent", "overdue"),
    NoticeState.BOUNCED: ("Came back", "overdue"),
    NoticeState.TO_POST: ("To post", "soon"),
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
    Channel.EMAIL: "by e-mail",
    Channel.IN_PERSON: "in person",
}


def state_of(subject_request: SubjectRequest) -> str:
    """Where the request stands, as staff say it."""
    if needs_letter(subject_request):
        return "To answer"
    if handover.waiting(subject_request):
        return "To be posted"
    if values := _values_of(subject_request):
        return values[0]
    if looked.waits(subject_request):
        return looked.TO_LOOK
    return STATES[State(subject_request.state)]


_NAMED = {Kind.FIND, Kind.ERASE, Kind.CORRECT, Kind.STOP, Kind.RESUME}


def outcome_of(kind: str, outcome: str) -> str:
    """What came of an item. The portal's own work finds nothing: it is done."""
    if not outcome:
        return ""
    return OUTCOMES[Outcome(outcome)] if kind in _NAMED else "Done"


def needs_letter(subject_request: SubjectRequest) -> bool:
    """Accepted, and its walk does not search: a person writes the answer."""
    return subject_request.state == State.ACCEPTED and Right(subject_request.right) not in WORKED


def to_approve(subject_request: SubjectRequest) -> bool:
    """Whether a list of what came in late waits for a second person."""
    return subject_request.state == State.APPROVED and bool(supplement.waiting(subject_request))


def _values_of(subject_request: SubjectRequest) -> tuple[str, str] | None:
    """Of a rectification that is searched: its state, and what happens next."""
    if subject_request.state != State.SEARCHED or subject_request.right != Right.RECTIFICATION:
        return None
    if Proposal.objects.filter(subject_request=subject_request, sent_at=None, over_at=None).exists():
        if subject_request.mailbox() is None:
            return "Waiting for the person", "The person writes or calls to say what is right. Enter it here then."
        return "Waiting for the person", "The person sees what was found and enters what is right. Nothing to do."
    return "To decide", "Decide about each value that the person sent. When all are decided, the portal corrects."


def _elsewhere(subject_request: SubjectRequest) -> str:
    """What happens next, where the state alone does not say it."""
    if original := merging.original(subject_request):
        return f"Answered with {original.reference}; nothing to do here."
    if handover.waiting(subject_request):
        return FROZEN if blocking.blocks_delivery(subject_request) else TO_BE_POSTED
    if subject_request.state == State.CANCELLED and subject_request.notices.filter(state=NoticeState.TO_POST).exists():
        return f"{CANCELLED} Nothing to do but post the letters below."
    if looked.waits(subject_request):
        return looked.next_of(subject_request)
    if to_approve(subject_request):
        return "Rows came in after the manifest. A second person approves the list below before they are erased."
    return ""


def next_of(subject_request: SubjectRequest) -> str:
    """What happens next."""
    if said := _elsewhere(subject_request):
        return said
    if vouching.possible(subject_request):
        return "It came without an e-mail address. A second member of staff checks that it is this person."
    if needs_letter(subject_request):
        return "Write the answer. The person receives it as a letter, and the request is closed."
    if values := _values_of(subject_request):
        return values[1]
    if subject_request.state == State.SEARCHED and subject_request.right == Right.ERASURE:
        return "The manifest is closed. A second person approves it before anything is erased."
    return NEXT[State(subject_request.state)]

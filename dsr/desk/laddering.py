"""The proof ladder at the desk: what a request needs and reaches, asking for more, agreeing to less, a document."""

from datetime import datetime
from typing import cast

from django import forms

from dsr.desk import people
from dsr.desk.act import Act, Filled
from dsr.desk.forms import Decision
from dsr.law.actors import Actor
from dsr.law.ladder import Rung
from dsr.law.rights import SEARCHED
from dsr.models import Event, Evidence, Lowering, Proof, SubjectRequest
from dsr.steps.asking import documents, ladder
from dsr.steps.permissions import Duty

RUNGS = {
    Rung.MAILBOX: "A code to the e-mail address",
    Rung.SECOND: "A code to another address on file as well",
    Rung.APP: "A sign-in with the controller's app or site",
    Rung.STAFF: "A check by staff",
}
OPENS = {
    Rung.MAILBOX: "A code to the e-mail address alone",
    Rung.SECOND: "That code, and one to another address on file, the app, or the pickup code",
    Rung.APP: "A code to the e-mail address, and a sign-in with the app, or the pickup code",
}
UNSEEN = "proof:raised by the portal"  # no tag: of the same Event, where no person asked for it
ELSEWHERE = "identity:asked elsewhere"  # no tag: of the same Event, where the code went to another address
SENTENCES = {
    ELSEWHERE: "A one-time code was sent to another address on file",
    "identity:vouched-by-app": "The controller's app vouched for who asks",
    "identity:second-confirmed": "A code to another address on file was typed: known by two channels",
    "proof:raised": "Asked for more proof: {needed}",
    UNSEEN: "More proof is needed: the mailbox was not seen in the {unseen_months} months before the receipt",
    "proof:less-proposed": "Proposed that less proof is enough: {needed}",
    "proof:lowered": "Agreed that less proof is enough: {needed}",
    "proof:less-declined": "Declined that less proof is enough",
    "opening:less-proposed": "Proposed that less opens the answer: {needed}",
    "opening:lowered": "Agreed that less opens the answer: {needed}",
    "identity:stepped-up": "Showed more than the mailbox, to see the answer: {rung}",
    "pickup:wrong": "A wrong pickup code was entered",
    "pickup:given": "Was shown a pickup code for the answer",
    "document:asked": "Asked the person for a document",
    "document:checked": "Saw by the document that it is this person",
    "document:rejected": "The document did not show that it is this person",
}


def told_apart(event: Event) -> str:
    """By what its sentence is found: its tag, but where one tag tells two things."""
    if "unseen_months" in event.details:
        return UNSEEN
    return ELSEWHERE if event.details.get("purpose") in {Proof.SECOND, Proof.OPEN} else event.tag


class More(Decision):
    """A rung above."""

    to = forms.ChoiceField(
        label="What do you ask for?", widget=forms.RadioSelect, error_messages={"required": "Choose what you ask for."}
    )

    def fit(self, subject_request: SubjectRequest) -> None:
        """What is surer than what is needed now."""
        found = [(rung.value, RUNGS[rung]) for rung in ladder.higher(subject_request)]
        cast("forms.ChoiceField", self.fields["to"]).choices = found


class Less(Decision):
    """A rung below, and why."""

    to = forms.ChoiceField(
        label="What is enough?", widget=forms.RadioSelect, error_messages={"required": "Choose what is enough."}
    )
    reason = forms.CharField(
        label="Why is it enough?",
        help_text="A second person decides by this, and it stays in the record. No names, numbers or addresses.",
        max_length=ladder.REASON,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Write why less is enough."},
    )

    def fit(self, subject_request: SubjectRequest) -> None:
        """What is less sure than what is needed now."""
        found = [(rung.value, RUNGS[rung]) for rung in ladder.lower(subject_request)]
        cast("forms.ChoiceField", self.fields["to"]).choices = found
        if len(found) == 1:
            self.fields["to"].initial = found[0][0]


class Needed(Decision):
    """Why something is needed."""

    note = forms.CharField(
        label="Why does nothing else work?",
        help_text="It stays in the record. No names, numbers or addresses.",
        max_length=documents.NOTE,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Write why nothing else works."},
    )


class Seen(Decision):
    """A note of what was seen."""

    note = forms.CharField(
        label="What did you see?",
        help_text="No names, numbers or addresses: the note stays, the document does not.",
        max_length=documents.NOTE,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Write what you saw."},
    )


def _more(subject_request: SubjectRequest, filled: Filled, by: Actor, at: datetime) -> None:
    ladder.require_more(subject_request, Rung(filled["to"]), by=by, at=at)


def _less(subject_request: SubjectRequest, filled: Filled, by: Actor, at: datetime) -> None:
    ladder.propose_less(subject_request, Rung(filled["to"]), reason=filled["reason"], by=by, at=at)


def _agree(subject_request: SubjectRequest, _: Filled, by: Actor, at: datetime) -> None:
    ladder.agree(subject_request, by=by, at=at)


def _waits(subject_request: SubjectRequest) -> bool:
    """Whether somebody has to agree or decline."""
    return ladder.lowerable(subject_request) and ladder.proposed(subject_request) is not None


def _decline(subject_request: SubjectRequest, _: Filled, by: Actor, at: datetime) -> None:
    ladder.decline(subject_request, by=by, at=at)


def _ask(subject_request: SubjectRequest, filled: Filled, by: Actor, at: datetime) -> None:
    documents.ask(subject_request, reason=filled["note"], by=by, at=at)


def _check(subject_request: SubjectRequest, filled: Filled, by: Actor, at: datetime) -> None:
    documents.check(subject_request, note=filled["note"], by=by, at=at)


def _reject(subject_request: SubjectRequest, filled: Filled, by: Actor, at: datetime) -> None:
    documents.reject(subject_request, note=filled["note"], by=by, at=at)


def _proposable(subject_request: SubjectRequest) -> bool:
    return ladder.lowerable(subject_request) and ladder.proposed(subject_request) is None


MORE = Act(
    "ask-for-more-proof",
    "Ask for more proof",
    "Nothing of this request is searched before it is there. Ask for no more than the risk needs (GDPR Art. 12(6)). "
    "To ask for less afterwards takes two people.",
    "Ask for it",
    "The person is told once the mailbox is proven.",
    Duty.REVIEW,
    More,
    lambda subject_request: ladder.movable(subject_request) and bool(ladder.higher(subject_request)),
    _more,
    "quiet",
    aside=True,
)
LESS = Act(
    "propose-less-proof",
    "Propose that less proof is enough",
    "Nothing changes before somebody else agrees, an approver or a privacy officer, who reads your reason.",
    "Propose it",
    "A second person decides now.",
    Duty.REVIEW,
    Less,
    _proposable,
    _less,
    "quiet",
    aside=True,
)
AGREE = Act(
    "agree-to-less-proof",
    "Agree that less proof is enough",
    "With your yes the request needs no more than is proposed here. You do not agree? Then decline it.",
    "Agree",
    "Less proof is enough for this request.",
    Duty.APPROVE,
    Decision,
    _waits,
    _agree,
    "grave",
    aside=True,
)
DECLINE = Act(
    "decline-less-proof",
    "Decline that less proof is enough",
    "What is needed stays as it is, and another proposal can be made. The record keeps what was proposed, and your no.",
    "Decline",
    "What is needed stays as it was.",
    Duty.APPROVE,
    Decision,
    _waits,
    _decline,
    "quiet",
    aside=True,
)
ASK = Act(
    "ask-for-a-document",
    "Ask for a document",
    "The last resort: no other address is on file, and the person cannot sign in. They send it on the page of the "
    "request, and it is destroyed as soon as somebody has looked at it.",
    "Ask for it",
    "The person is told.",
    Duty.REVIEW,
    Needed,
    lambda subject_request: not documents.why_not(subject_request) and not documents.asked(subject_request),
    _ask,
    "quiet",
    aside=True,
)
CHECK = Act(
    "check-document",
    "Say that the document shows it",
    "Open it and look whether it is this person's. It is destroyed with your decision; only your note stays. "
    "Somebody else accepts the request.",
    "It shows it",
    "The document is destroyed. Somebody else can accept the request now.",
    Duty.REVIEW,
    Seen,
    documents.to_check,
    _check,
)
REJECT = Act(
    "reject-document",
    "Say that it does not show it",
    "It is destroyed with your decision. The person is told, and can send another one.",
    "It does not show it",
    "The document is destroyed, and the person is told.",
    Duty.REVIEW,
    Seen,
    documents.to_check,
    _reject,
    "quiet",
)
ACTS = (CHECK, REJECT, MORE, LESS, AGREE, DECLINE, ASK)


def why_not(act: Act, subject_request: SubjectRequest, by: Actor) -> str:
    """Why the one who has the duty cannot do it all the same; empty when they can."""
    if act is DECLINE:
        return "" if ladder.proposed(subject_request) else ladder.NOTHING_PROPOSED
    return ladder.why_not_agree(subject_request, by) if act is AGREE else ""


def moves(act: Act, subject_request: SubjectRequest, *, shown: bool) -> dict[str, object]:
    """For who moves what is needed: where it stands, and what was proposed by whom, and why, for who sees data."""
    if act not in {MORE, LESS, AGREE, DECLINE}:
        return {}
    waiting = ladder.proposed(subject_request) if act in {AGREE, DECLINE} else None
    now: dict[str, object] = {"ladder_now": RUNGS[ladder.asked(subject_request)]}
    now["ladder_to_open"] = not ladder.movable(subject_request)
    return now if waiting is None else now | _proposal(waiting, shown=shown)


def _proposal(waiting: Lowering, *, shown: bool) -> dict[str, object]:
    return {
        "ladder_less": RUNGS[Rung(waiting.to)],
        "ladder_by": people.name_of(waiting.proposed_by),
        "ladder_at": waiting.proposed_at,
        "ladder_why": waiting.reason() if shown else "",
    }


def card(subject_request: SubjectRequest) -> dict[str, object]:
    """What is needed, and what is there; shown where more than the mailbox is."""
    laddered = subject_request.right in SEARCHED and subject_request.proof_needed != Rung.MAILBOX
    proposed = ladder.proposed(subject_request)
    return {
        "ladder": laddered or proposed,
        "ladder_needed": RUNGS[Rung(subject_request.proof_needed)],
        "ladder_opens": "" if ladder.movable(subject_request) else OPENS[subject_request.opened_by],
        "ladder_reached": ladder.reached(subject_request),
        "ladder_proposed": RUNGS[Rung(proposed.to)] if proposed else "",
        "ladder_by": people.name_of(proposed.proposed_by) if proposed else "",
        "proofs": list(subject_request.evidence.filter(kind=Evidence.IDENTITY)),
    }

"""Decisions around a review: who asks is checked, duplicates are merged, parts refused, and grounds shown."""

from datetime import datetime
from typing import cast

from django import forms

from dsr.desk.act import Act, Filled
from dsr.desk.forms import WORDS_HELP, Decision, Refusal, grounds
from dsr.law.actors import Actor
from dsr.law.grounds import Ground, grounds_for
from dsr.law.references import read_reference
from dsr.law.rights import Right
from dsr.law.states import State, allowed
from dsr.law.work import Asker
from dsr.models import SubjectRequest
from dsr.steps import maps
from dsr.steps.asking import cancellation, representation, vouching
from dsr.steps.deciding import merging, review, withholding
from dsr.steps.move import Conflict
from dsr.steps.permissions import Duty
from dsr.steps.post import remedies


class Note(Decision):
    """What was checked, and how."""

    note = forms.CharField(
        label="What did you check, and how?",
        help_text="Such as 'birth certificate seen, names both'. No names, numbers or addresses: the note stays.",
        max_length=representation.NOTE,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Write what you checked, and how."},
    )


class SecondRefusal(Refusal):
    """A ground that needs a second person, and must be shown."""

    second = True


class Original(Decision):
    """Which earlier request."""

    into = forms.ChoiceField(
        label="Answer it with which request?",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose the earlier request."},
    )

    def fit(self, subject_request: SubjectRequest) -> None:
        """Those that it repeats."""
        found = [
            (each.reference, f"{each.reference}, received {each.received_at:%-d %b %Y}")
            for each in originals(subject_request)
        ]
        cast("forms.ChoiceField", self.fields["into"]).choices = found


class Reference(Decision):
    """Another request of the same controller."""

    reference = forms.CharField(
        label="Reference of the other request", max_length=40, error_messages={"required": "Enter the reference."}
    )


class PartRefused(Decision):
    """One collection, a ground, and words for the person."""

    part = forms.ChoiceField(
        label="Which part?", error_messages={"required": "Choose the part.", "invalid_choice": "Choose the part."}
    )
    ground = forms.ChoiceField(
        label="On which ground?",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose the ground. The person is told it, with the ways to complain."},
    )
    words = forms.CharField(
        label="Why, in your own words?",
        help_text=WORDS_HELP,
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=withholding.WORDS,
        error_messages={"required": "Say in your own words why: the person reads it beside the ground."},
    )

    def fit(self, subject_request: SubjectRequest) -> None:
        """The map's collections, and the grounds of this right."""
        taken = withholding.refused(subject_request)
        places = [
            (f"{system.slug}.{name}", f"{system.title}: {collection.title}")
            for system in maps.controller(subject_request.controller).systems.values()
            for name, collection in system.collections.items()
            if (system.slug, name) not in taken
        ]
        known = grounds(grounds_for(Right(subject_request.right), part=True), remedies.laws(subject_request))
        cast("forms.ChoiceField", self.fields["part"]).choices = [("", "Choose"), *places]
        cast("forms.ChoiceField", self.fields["ground"]).choices = known


def originals(subject_request: SubjectRequest) -> list[SubjectRequest]:
    """Earlier requests that it may repeat."""
    return merging.originals(subject_request)


def _guarded(subject_request: SubjectRequest) -> bool:
    representative = representation.of(subject_request)
    waits = representative is not None and representative.checked_at is None
    return waits and subject_request.asker == Asker.GUARDIAN and subject_request.state == State.VERIFIED


def _check(subject_request: SubjectRequest, filled: Filled, by: Actor, at: datetime) -> None:
    representation.check(subject_request, note=filled["note"], by=by, at=at)


def _reject(subject_request: SubjectRequest, filled: Filled, by: Actor, at: datetime) -> None:
    representation.reject(subject_request, note=filled["note"], by=by, at=at)


def _vouch(subject_request: SubjectRequest, filled: Filled, by: Actor, at: datetime) -> None:
    vouching.vouch(subject_request, note=filled["note"], by=by, at=at)


def _merge(subject_request: SubjectRequest, filled: Filled, by: Actor, at: datetime) -> None:
    into = _other(subject_request, filled["into"])
    merging.merge(subject_request, into, by=by, at=at)


def _link(subject_request: SubjectRequest, filled: Filled, by: Actor, at: datetime) -> None:
    merging.link(subject_request, _other(subject_request, filled["reference"]), by=by, at=at)


def _other(subject_request: SubjectRequest, typed: str) -> SubjectRequest:
    """Another request of the same controller; what belongs to others is as unknown as what does not exist."""
    here = SubjectRequest.objects.filter(controller=subject_request.controller)
    found = here.filter(reference=read_reference(typed) or "").first()
    if found is None:
        message = "There is no request of this reference here."
        raise Conflict(message)
    return found


def _refuse_part(subject_request: SubjectRequest, filled: Filled, by: Actor, at: datetime) -> None:
    system, _, collection = filled["part"].partition(".")
    withholding.refuse_part(
        subject_request,
        system=system,
        collection=collection,
        ground=Ground(filled["ground"]),
        words=filled["words"],
        by=by,
        at=at,
    )


def refuse(subject_request: SubjectRequest, filled: Filled, by: Actor, at: datetime) -> None:
    """The refusal as a whole."""
    given = {"words": filled["words"], "evidence": filled["evidence"]}
    review.refuse(subject_request, ground=Ground(filled["ground"]), **given, by=by, at=at)


def refusable(subject_request: SubjectRequest) -> bool:
    """Whether the whole can be refused now."""
    open_ = allowed(Right(subject_request.right), State(subject_request.state), State.REFUSED)
    begun = subject_request.state == State.APPROVED and not cancellation.possible(subject_request)
    return open_ and not begun and merging.original(subject_request) is None


def _second(subject_request: SubjectRequest) -> bool:
    known = grounds_for(Right(subject_request.right), part=False)
    return refusable(subject_request) and bool(grounds(known, second=True))


CHECK = Act(
    "check",
    "Say that the guardian may ask",
    "Open what was sent, and look whether it shows that this person may ask for the child. With your yes the child's "
    "identifiers count as proven. The document is destroyed with the decision; only your note stays.",
    "They may ask",
    "You confirmed that the guardian may ask. The request can be accepted now.",
    Duty.REVIEW,
    Note,
    _guarded,
    _check,
)
REJECT = Act(
    "reject",
    "Say that nothing shows it",
    "The request is refused, for it is not proven that this person may ask for the child. They are told so, with the "
    "ways to complain, and can ask again.",
    "Refuse",
    "You refused the request.",
    Duty.REVIEW,
    Note,
    _guarded,
    _reject,
    "grave",
)
VOUCH = Act(
    "vouch",
    "Say that it is this person",
    "This request came without an e-mail address, so no code can prove it. Check by other means that the identifiers "
    "are this person's. Who entered the request cannot check it.",
    "It is this person",
    "You confirmed who asks.",
    Duty.REVIEW,
    Note,
    vouching.possible,
    _vouch,
)
MERGE = Act(
    "merge",
    "Answer it with an earlier request",
    "The same person has asked for the same before, and that request is still open. Read both first. The person gets "
    "one answer to both; if the earlier one is cancelled, this one goes its own way again.",
    "Answer them together",
    "This request is answered with the earlier one.",
    Duty.REVIEW,
    Original,
    lambda subject_request: bool(originals(subject_request)),
    _merge,
)
LINK = Act(
    "link",
    "Link another request",
    "Note that another request to this controller belongs here. Nothing else changes.",
    "Link",
    "The two are linked.",
    Duty.REVIEW,
    Reference,
    lambda subject_request: not subject_request.closed,
    _link,
    "quiet",
    aside=True,
)
PART = Act(
    "refuse-part",
    "Refuse a part",
    "The rest is answered. The answer names the part, the ground and your words, with the ways to complain. "
    "A part of an erasure stays where it is. This cannot be taken back.",
    "Refuse this part",
    "You refused this part.",
    Duty.REVIEW,
    PartRefused,
    lambda subject_request: withholding.possible(subject_request) and merging.original(subject_request) is None,
    _refuse_part,
    "grave",
    aside=True,
)
SECOND = Act(
    "refuse-as-excessive",
    "Refuse as unfounded or excessive",
    "These grounds need two people: the owner of the request proposes, and an approver refuses, who never had it "
    "in hand. "
    "It is for us to show that they hold. A refusal cannot be taken back.",
    "Refuse",
    "You refused the request.",
    Duty.APPROVE,
    SecondRefusal,
    _second,
    refuse,
    "grave",
    aside=True,
)


def why_not(act: Act, subject_request: SubjectRequest, by: Actor) -> str:
    """Why the one who has the duty cannot do it all the same; empty when they can."""
    if act is SECOND:
        return review.why_not_second(subject_request, by)
    if act is VOUCH and vouching.entered_by(subject_request) == str(by):
        return "A second person has to check who asks: you entered this request."
    return ""

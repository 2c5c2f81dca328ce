"""What staff can decide about a request: when it is offered, why not to whom, and the step that does it."""

from datetime import datetime

from dsr.desk import cancelling, forms, handing, laddering, parting, review_acts, words
from dsr.desk.act import Act, Filled, Offer
from dsr.law.actors import Actor
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.models import SubjectRequest
from dsr.steps import maps
from dsr.steps.answering import on_file, partly
from dsr.steps.asking import representation
from dsr.steps.deciding import approval, review
from dsr.steps.permissions import OWN, Duty, may, own


def _accept(subject_request: SubjectRequest, _: Filled, by: Actor, at: datetime) -> None:
    review.accept(subject_request, by=by, at=at)


def _answer(subject_request: SubjectRequest, filled: Filled, by: Actor, at: datetime) -> None:
    review.answer(subject_request, text=filled["text"], freeze=filled.get("freeze", ""), by=by, at=at)


def _approve(subject_request: SubjectRequest, filled: Filled, by: Actor, at: datetime) -> None:
    approval.approve(subject_request, digest=filled["digest"], by=by, at=at)


def _to_approve(subject_request: SubjectRequest) -> bool:
    return subject_request.state == State.SEARCHED and subject_request.right == Right.ERASURE


ACTS = {
    act.slug: act
    for act in (
        review_acts.CHECK,
        review_acts.REJECT,
        review_acts.VOUCH,
        review_acts.MERGE,
        *laddering.ACTS,
        Act(
            "approve",
            "Approve the manifest",
            "What the manifest lists is erased in every system and cannot be brought back. "
            "Your yes holds for exactly this manifest.",
            "Approve and erase",
            "You approved the manifest.",
            Duty.APPROVE,
            forms.ManifestApproval,
            _to_approve,
            _approve,
            "grave",
        ),
        Act(
            "accept",
            "Accept the request",
            "The person is told that we answer it. What needs a search is searched for at once.",
            "Accept",
            "You accepted the request.",
            Duty.REVIEW,
            forms.Decision,
            lambda subject_request: subject_request.state == State.VERIFIED,
            _accept,
        ),
        Act(
            "answer",
            "Write the answer",
            "The portal writes the letter, nothing else: what is asked has to be done in the systems by hand first. "
            "The person reads your words on the request's page, and the request is closed.",
            "Send the answer",
            "You answered the request.",
            Duty.REVIEW,
            forms.Answer,
            words.needs_letter,
            _answer,
        ),
        Act(
            "refuse",
            "Refuse the request",
            "The person is told the ground, and how to complain. A refusal cannot be taken back. Is it unfounded or "
            "excessive? These two grounds need a second person: take the request, then an approver refuses it.",
            "Refuse",
            "You refused the request.",
            Duty.REVIEW,
            forms.Refusal,
            review_acts.refusable,
            review_acts.refuse,
            "grave",
        ),
        parting.DELIVER,
        handing.HAND_OVER,
        handing.GIVE_UP,
        review_acts.SECOND,
        review_acts.PART,
        review_acts.LINK,
        cancelling.CANCEL,
    )
}


def offers(subject_request: SubjectRequest, by: Actor) -> list[Offer]:
    """The decisions that are due, each with a reason where this staff member cannot take it."""
    fitting = (Offer(act, why_not(act, subject_request, by)) for act in ACTS.values() if act.fits(subject_request))
    return [offer for offer in fitting if not (offer.act.aside and offer.why_not)]


def why_not(act: Act, subject_request: SubjectRequest, by: Actor) -> str:
    """Why this staff member cannot do it; empty when they can."""
    if own(by, subject_request):
        return OWN
    if not may(by, act.duty, subject_request):
        name = maps.controller(subject_request.controller).controller.name
        who = {Duty.REVIEW: "an agent or privacy officer", Duty.APPROVE: "an approver or privacy officer"}
        return f"'{act.title}' is for {who[act.duty]} of {name}."
    if act in {handing.HAND_OVER, handing.GIVE_UP}:
        return handing.why_not(subject_request, by)
    if act.duty is Duty.APPROVE and str(subject_request.accepted_by_id) == by.id:
        return "A second person has to approve: you accepted this request."
    return _of_step(act, subject_request, by)


def _of_step(act: Act, subject_request: SubjectRequest, by: Actor) -> str:
    """What the step itself would say."""
    if act is parting.DELIVER:
        return partly.why_not(subject_request)
    if act.slug == "approve":
        return approval.why_not_by(subject_request, by) or on_file.why_not_yet(on_file.alert(subject_request))
    if act.slug == "accept":
        return review.not_yet(subject_request) or review.why_not_by(subject_request, by)
    if act.slug == "answer":
        return review.not_yet(subject_request) or representation.why_not_by(subject_request, by)
    return laddering.why_not(act, subject_request, by) or review_acts.why_not(act, subject_request, by)

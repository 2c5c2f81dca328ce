"""Rectification: the person proposes new values for what was found, staff decide field by field (GDPR Art. 16)."""

import logging
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date, datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from dsr.datamap.schema import IdentityKind
from dsr.law.actors import PORTAL, SUBJECT, Actor, ActorKind
from dsr.law.deadlines import local_day
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import ItemState, Kind, Letter
from dsr.models import Correction, Identity, PlanItem, Proposal, SubjectRequest
from dsr.steps import maps, permissions
from dsr.steps.answering import deeds, on_file
from dsr.steps.deciding import blocking, hands
from dsr.steps.fulfilling import correctable, correcting, parts, unposted, window
from dsr.steps.move import Conflict, move
from dsr.steps.post import notices
from dsr.steps.recipients import telling
from dsr.steps.recording import record

log = logging.getLogger(__name__)

MOST_WORDS = 5_000  # characters of a statement, or of words of staff
_TOO_LATE = _("New values cannot be sent for this request any more. You can ask again at any time.")
_MAILBOX = Identity.objects.filter(subject_request=OuterRef("subject_request"), kind=IdentityKind.EMAIL)
ENTERED = "correction:entered"  # staff wrote down what came on paper, or was said


def searched(subject_request: SubjectRequest, at: datetime) -> bool:
    """The search is done: ask the person for the new values, if anything was found that can be corrected.

    Where nobody proved a mailbox, the addresses on file are told now: before anything is changed they can object.
    """
    if not _done(subject_request, Kind.FIND):
        return False
    addresses = on_file.addresses(subject_request) if subject_request.own_mailbox() is None else []
    with transaction.atomic():
        move(subject_request, State.SEARCHED, by=PORTAL, at=at, event="request:searched")
        if next(correctable.rows(subject_request), None) is not None:
            last = window.last_day(subject_request, at=at)
            proposal = Proposal.objects.create(subject_request=subject_request, asked_at=at, last_day=last)
            on_file.tell(subject_request, addresses, at=at)
            if not blocking.blocks_delivery(subject_request):  # the letter of its release asks
                _ask(proposal, Letter.CORRECTABLE, at=at)
    return True


def _ask(proposal: Proposal, letter: Letter, *, at: datetime) -> None:
    notices.queue(proposal.subject_request, letter, at=at, **window.told(proposal, at=at))


def awaited(subject_request: SubjectRequest) -> Proposal | None:
    """That the person is asked for new values, and until when; None when not, or while the account is frozen."""
    if blocking.blocks_delivery(subject_request):
        return None
    return Proposal.objects.filter(
        window.OPEN, subject_request=subject_request, subject_request__state=State.SEARCHED
    ).first()


def remind_next(*, at: datetime) -> bool:
    """Remind one person who was asked some time ago and has sent nothing; whether there was one."""
    due = Q(asked_at__lte=at - window.REMIND_AFTER)
    due |= Q(~Exists(_MAILBOX), asked_at__lte=at - window.REMIND_BY_POST)
    proposal = next(_unfrozen(_silent().filter(due, reminded_at=None)), None)
    if proposal is None:
        return False
    with transaction.atomic():
        if Proposal.objects.filter(window.OPEN, pk=proposal.pk, reminded_at=None).update(reminded_at=at):
            record.write(proposal.subject_request, "correction:reminded", by=PORTAL, at=at)
            _ask(proposal, Letter.CORRECTABLE_STILL, at=at)
    return True


def end_next(*, at: datetime) -> bool:
    """Answer one request for which no values came until the last day; whether there was one."""
    silent = _unfrozen(_silent().filter(last_day__lte=at.date()).order_by("last_day"))
    proposal = next((each for each in silent if window.over(each, at=at)), None)
    if proposal is None:
        return False
    try:
        with transaction.atomic():
            if Proposal.objects.filter(window.OPEN, pk=proposal.pk).update(over_at=at):
                answered(proposal.subject_request, at)
    except Conflict:
        log.info("%s was moved on just now", proposal.subject_request.reference)
    return True


def _silent() -> QuerySet[Proposal]:
    frozen = SubjectRequest.objects.filter(blocking.on_requests())
    waiting = Proposal.objects.filter(~unposted.asked(), window.OPEN, subject_request__state=State.SEARCHED)
    return waiting.exclude(subject_request__in=frozen).select_related("subject_request")


def _unfrozen(proposals: QuerySet[Proposal]) -> Iterator[Proposal]:
    """Asked once more, by every key that a freeze may be filed under."""
    return (each for each in proposals if not blocking.blocks_delivery(each.subject_request))


def propose(
    subject_request: SubjectRequest,
    values: Mapping[tuple[str, str], str],
    *,
    statement: str,
    at: datetime,
    by: Actor = SUBJECT,
    came: str = "",
    on: date | None = None,
) -> None:
    """Take the person's new values, by place and field, and a statement for what is incomplete; both once.

    `by` staff where there is no page for the person (see writing_down), `came` says how, and it came `on` a day.
    Raises Conflict when nothing differs, when a value does not fit its field, or when the time for it is over.
    """
    if awaited(subject_request) is None:
        raise Conflict(_TOO_LATE)
    rows = list(correctable.proposed(subject_request, values, at))
    said = statement.strip()
    if not rows and not said:
        raise Conflict(_("Nothing is changed yet. Enter a new value first, or write what is missing."))
    _fits(said)
    day = on or local_day(at, maps.calendar(subject_request.controller))
    tag = "correction:proposed" if by == SUBJECT else ENTERED
    with transaction.atomic():
        mine = Proposal.objects.filter(
            window.OPEN, subject_request=subject_request, subject_request__state=State.SEARCHED
        )
        if mine.filter(last_day__gte=day).update(sent_at=at) != 1:
            raise Conflict(_TOO_LATE)
        Correction.objects.bulk_create(rows)
        sealed = {"statement_sealed": subject_request.sealed_statement(said)}
        SubjectRequest.objects.filter(pk=subject_request.pk).update(**sealed)
        fields = Counter(map(str, rows))
        record.write(subject_request, tag, by=by, at=at, fields=fields, statement=bool(said), came=came)


def _fits(words: str) -> None:
    if len(words) > MOST_WORDS:
        message = f"Shorten what you wrote to {MOST_WORDS} characters. It has {len(words)}."
        raise Conflict(message)


def decide(correction: Correction, *, accepted: bool, words: str, by: Actor, at: datetime) -> None:
    """Accept or decline one proposed value, once. The article knows no ground for declining: it takes words.

    Raises Forbidden for who may not, Conflict when it is decided.
    """
    subject_request = correction.subject_request
    _may_decide(correction, by, accepted=accepted)
    said = words.strip()
    if not accepted and not said:
        message = "Write why this is not corrected. The person reads it, and can complain about it."
        raise Conflict(message)
    _fits(said)
    correction.seal("words", "" if accepted else said)
    decision = Correction.ACCEPTED if accepted else Correction.DECLINED
    with transaction.atomic():
        open_ = Correction.objects.filter(pk=correction.pk, decision="", subject_request__state=State.SEARCHED)
        rows = open_.update(
            decision=decision, decided_at=at, decided_by_id=int(by.id), words_sealed=correction.words_sealed
        )
        if rows != 1:
            message = "This is decided already, and stays so."
            raise Conflict(message)
        why = {"words": said} if not accepted else None
        record.write(subject_request, f"correction:{decision}", by=by, at=at, secret=why, field=str(correction))
        settle(subject_request, at)


def _may_decide(correction: Correction, by: Actor, *, accepted: bool) -> None:
    """Whoever holds a new address can take the account over: to accept one takes two people, as an erasure does."""
    _is_not_theirs(correction.subject_request, by)
    if not (accepted and correctable.identifying(correction)):
        permissions.require(by, permissions.Duty.REVIEW, correction.subject_request)
        return
    permissions.require(by, permissions.Duty.APPROVE, correction.subject_request)
    if by.kind is not ActorKind.STAFF or not may_accept(correction.subject_request, by):
        message = "A second person has to accept this value: you accepted this request."
        raise permissions.Forbidden(message)


def why_not_by(subject_request: SubjectRequest, by: Actor) -> str:
    """Why this member of staff does not decide; empty when they can: nobody changes data all alone."""
    if subject_request.events.filter(tag=ENTERED, actor=str(by)).exists():
        return "A second person has to decide: you entered what the person wrote."
    if blocking.released_by(subject_request, by):
        return "A second person has to decide: you released a hold on this request."
    return ""


def _is_not_theirs(subject_request: SubjectRequest, by: Actor) -> None:
    if why := why_not_by(subject_request, by):
        raise permissions.Forbidden(why)


def may_accept(subject_request: SubjectRequest, by: Actor) -> bool:
    """Whether this is the second person, who can accept a value by which the system knows somebody."""
    first = str(subject_request.accepted_by_id) == by.id
    opened = subject_request.own_mailbox() is None and hands.in_hand(subject_request, by)
    return permissions.may(by, permissions.Duty.APPROVE, subject_request) and not first and not opened


def respond(subject_request: SubjectRequest, *, text: str, by: Actor, at: datetime) -> None:
    """Answer the supplementary statement, once: what was done with it."""
    permissions.require(by, permissions.Duty.REVIEW, subject_request)
    _is_not_theirs(subject_request, by)
    said = text.strip()
    if not said:
        message = "Write what you did with the statement. The person reads it."
        raise Conflict(message)
    _fits(said)
    subject_request.seal_answer(said)
    with transaction.atomic():
        open_ = SubjectRequest.objects.filter(pk=subject_request.pk, state=State.SEARCHED, answer_sealed="")
        if open_.exclude(statement_sealed="").update(answer_sealed=subject_request.answer_sealed) != 1:
            message = "There is no statement that waits for an answer."
            raise Conflict(message)
        record.write(subject_request, "correction:responded", by=by, at=at, secret={"words": said})
        settle(subject_request, at)


def undecided() -> Q:
    """Of SubjectRequest: a rectification that waits for the person's values, for staff to decide, or is frozen."""
    values = Proposal.objects.filter(window.OPEN, subject_request=OuterRef("pk"))
    decisions = Correction.objects.filter(subject_request=OuterRef("pk"), decision="")
    statement = ~Q(statement_sealed="") & Q(answer_sealed="")
    waits = Q(Exists(values)) | Q(Exists(decisions)) | statement
    return Q(state=State.SEARCHED, right=Right.RECTIFICATION) & (waits | blocking.on_requests())


def settle(subject_request: SubjectRequest, at: datetime) -> bool:
    """Once everything is decided, correct what was accepted; what has nothing to decide is answered at once."""
    found = SubjectRequest.objects.filter(pk=subject_request.pk)
    if found.filter(undecided()).exists():
        return False
    proposal = Proposal.objects.filter(subject_request=subject_request).first()
    if proposal is None or proposal.sent_at is None:
        return answered(subject_request, at)
    counted = Counter(subject_request.corrections.values_list("decision", flat=True))
    begins = on_file.waits(subject_request, at=at) or at
    with transaction.atomic():
        move(subject_request, State.APPROVED, by=PORTAL, at=at, event="correction:decided", counts=counted)
        accepted = subject_request.corrections.filter(decision=Correction.ACCEPTED)
        for system in sorted(set(accepted.values_list("system", flat=True))):
            PlanItem.objects.create(
                subject_request=subject_request, kind=Kind.CORRECT, system=system, not_before=begins, created_at=at
            )
    return True


def carried_out(subject_request: SubjectRequest, at: datetime) -> bool:
    """Every item is done: what was left out is failed, and recipients are told of what was corrected (Art. 19)."""
    if not _done(subject_request, Kind.CORRECT):
        return False
    with transaction.atomic():
        move(subject_request, State.CARRIED_OUT, by=PORTAL, at=at, event="request:carried-out")
        rows = subject_request.corrections.filter(decision=Correction.ACCEPTED)
        rows.filter(outcome="").update(outcome=correcting.FAILED)
        telling.plan(subject_request, about="rectification", recipients=_recipients(subject_request), at=at)
        deeds.enter(subject_request, at=at)
    return True


def _recipients(subject_request: SubjectRequest) -> list[str]:
    """Whoever was told about a collection in which a value was corrected."""
    controller_map = maps.controller(subject_request.controller)
    places = subject_request.corrections.filter(outcome=correcting.CORRECTED).values_list("system", "collection")
    return telling.touched(controller_map, sorted(set(places)))


def answered(subject_request: SubjectRequest, at: datetime) -> bool:
    """Tell the person what became of it; what was found is forgotten. A freeze keeps it back."""
    if blocking.blocks_delivery(subject_request) or not deeds.made(subject_request, at=at):
        return False
    with transaction.atomic():
        columns: dict[str, object] = {"answered_at": at}
        move(subject_request, State.DELIVERED, by=PORTAL, at=at, event="request:answered", columns=columns)
        parts.forget(subject_request)
        overtaken = (*notices.OVERTAKEN, Letter.ON_FILE)
        notices.take_back(subject_request, overtaken, "Taken back: it is answered.", by=PORTAL, at=at)
        offered = deeds.offer(subject_request, at=at)
        notices.queue(subject_request, Letter.CORRECTED, at=at, **correctable.told(subject_request), **offered)
    return True


def _done(subject_request: SubjectRequest, kind: Kind) -> bool:
    return not subject_request.items.filter(kind=kind).exclude(state=ItemState.DONE).exists()

"""Intake: a request is received, whatever its channel; its clock starts at `received_at`."""

from dataclasses import dataclass
from datetime import date, datetime
from importlib.metadata import version

from django.db import transaction

from dsr.datamap.schema import Controller, IdentityKind
from dsr.law.actors import Actor
from dsr.law.deadlines import due_on, local_day
from dsr.law.identifiers import clean
from dsr.law.references import new_reference
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import Channel, Letter
from dsr.models import Identity, SubjectRequest
from dsr.steps import maps, notices, record, verification
from dsr.steps.move import move

DETAILS = 5_000  # characters
IDENTITIES = 10


class NotAccepted(ValueError):
    """What was entered cannot be filed; the message is for the person."""


@dataclass(frozen=True, slots=True)
class Intake:
    """What a form, a letter or a program hands in."""

    controller: str
    right: Right
    identities: tuple[tuple[IdentityKind, str], ...]
    details: str = ""
    channel: Channel = Channel.WEB


def receive(intake: Intake, *, by: Actor, at: datetime) -> SubjectRequest:
    """File a request and ask for the mailbox's proof. Raises NotAccepted; nothing is kept then."""
    facts = _controller(intake)
    identities = _identities(intake)
    calendar = maps.calendar(facts.slug)
    subject_request = SubjectRequest(
        reference=new_reference(),
        controller=facts.slug,
        right=intake.right,
        channel=intake.channel,
        received_at=at,
        due_on=due_on(at, facts.promise_days, calendar),
        calendar=f"{calendar.country} {calendar.subdivision or '-'} {calendar.zone} holidays {version('holidays')}",
        policy_version=_policy_version(facts, local_day(at, calendar)),
    )
    subject_request.seal_details(intake.details)
    with transaction.atomic():
        subject_request.save(force_insert=True)
        for kind, value in identities:
            identity = Identity(subject_request=subject_request, kind=kind)
            identity.seal_value(value)
            identity.save(force_insert=True)
        kinds = sorted({kind.value for kind, _ in identities})
        record.write(
            subject_request,
            "request:received",
            by=by,
            at=at,
            right=intake.right,
            channel=intake.channel,
            kinds=kinds,
        )
        if intake.right is Right.PROCESSING_INFORMATION:
            _answer_at_once(subject_request, by=by, at=at)
        else:
            verification.ask(subject_request, at=at, letter=Letter.RECEIVED)
    return subject_request


def _controller(intake: Intake) -> Controller:
    try:
        facts = maps.controller(intake.controller).controller
    except KeyError:
        message = "There is no such service here."
        raise NotAccepted(message) from None
    if intake.right not in facts.rights:
        message = f"{facts.name} does not offer this kind of request here."
        raise NotAccepted(message)
    if len(intake.details) > DETAILS:
        message = f"Your message is too long: {len(intake.details)} characters; {DETAILS} fit."
        raise NotAccepted(message)
    return facts


def _identities(intake: Intake) -> list[tuple[IdentityKind, str]]:
    try:
        cleaned = list(dict.fromkeys((kind, clean(kind, value)) for kind, value in intake.identities))
    except ValueError as error:
        raise NotAccepted(str(error)) from error
    emails = sum(kind is IdentityKind.EMAIL for kind, _ in cleaned)
    if intake.right is not Right.PROCESSING_INFORMATION and emails != 1:
        message = "We need one e-mail address: we prove by it that the request is yours, and answer to it."
        raise NotAccepted(message)
    if len(cleaned) > IDENTITIES:
        message = f"At most {IDENTITIES} identifiers fit into one request."
        raise NotAccepted(message)
    return cleaned


def _policy_version(facts: Controller, on: date) -> str:
    """The version in force on the day of receipt (J15)."""
    day = on.isoformat()
    in_force = [policy for policy in facts.policy_versions if policy.effective_on <= day]
    return max(in_force, key=lambda policy: policy.effective_on).version if in_force else ""


def _answer_at_once(subject_request: SubjectRequest, *, by: Actor, at: datetime) -> None:
    """Information about processing is answered from the data map, without personal data (P12)."""
    move(
        subject_request,
        State.DELIVERED,
        by=by,
        at=at,
        event="request:answered-at-once",
        columns={"answered_at": at},
    )
    notices.queue(subject_request, Letter.ANSWER, at=at)

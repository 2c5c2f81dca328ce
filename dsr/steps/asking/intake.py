"""Intake: a request is received, whatever its channel; its clock starts at its receipt."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from importlib.metadata import version

from django.db import transaction
from django.utils.translation import gettext as _

from dsr.datamap import offers
from dsr.datamap.ladder import needed
from dsr.datamap.schema import Controller, IdentityKind, RightOffer
from dsr.law.actors import Actor, ActorKind
from dsr.law.deadlines import due_on, local_day
from dsr.law.identifiers import clean
from dsr.law.references import new_reference
from dsr.law.rights import SEARCHED, Right
from dsr.law.states import State
from dsr.law.work import Asker, Channel, Letter
from dsr.models import Assertion, Identity, SubjectRequest
from dsr.steps import maps, permissions
from dsr.steps.asking import assertions, reports, representation, scopes, verification
from dsr.steps.asking.evidence import NotTaken
from dsr.steps.counting import clock
from dsr.steps.deciding import merging
from dsr.steps.fulfilling import stopping, withdrawal
from dsr.steps.move import Conflict, move
from dsr.steps.post import notices, outbox, wording
from dsr.steps.recording import record

DETAILS = 5_000  # characters
IDENTITIES = 10
POSTAL = 500
LONG_AGO = timedelta(days=30)  # an older receipt needs a reason
TOO_LONG_AGO = timedelta(days=365)  # a slip of the finger
OFF_THE_WEB = frozenset({Channel.TELEPHONE, Channel.LETTER, Channel.EMAIL, Channel.IN_PERSON})


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
    purposes: tuple[str, ...] = ()  # of a withdrawal: what is not agreed to any more
    scope: str = ""  # of an erasure, where the controller offers several; empty: everything
    region: str = ""  # where the person lives; empty: not told
    language: str = "en"
    acting: representation.Acting | None = None  # who asks for the person
    received_at: datetime | None = None  # off the web: before it was entered here
    why: str = ""  # staff enter it: how it came, and why so late
    postal: str = ""  # name and address for letters on paper, without a mailbox
    related: SubjectRequest | None = None  # staff enter it: what it belongs to
    vouched: Assertion | None = None  # what the controller's app vouched for, in the browser that files it


def receive(intake: Intake, *, by: Actor, at: datetime) -> SubjectRequest:
    """File a request and ask for the mailbox's proof. Raises NotAccepted; nothing is kept then."""
    facts = _controller(intake)
    _check_offer(facts, intake)
    received_at = _received_at(intake, at)
    identities = _identities(intake)
    calendar = maps.calendar(facts.slug)
    subject_request = SubjectRequest(
        reference=new_reference(),
        controller=facts.slug,
        right=intake.right,
        channel=intake.channel,
        asker=intake.acting.asker if intake.acting else Asker.PERSON,
        region=intake.region,
        language=intake.language,
        scope=intake.scope,
        received_at=received_at,
        entered_at=at,
        proof_needed=needed(facts, intake.right, intake.region),
        due_on=due_on(received_at, facts.promise_days, calendar),
        calendar=f"{calendar.country} {calendar.subdivision or '-'} {calendar.zone} holidays {version('holidays')}",
        policy_version=_policy_version(facts, local_day(received_at, calendar)),
    )
    subject_request.seal_details(intake.details)
    subject_request.seal_postal(intake.postal.strip())
    if by.kind is ActorKind.STAFF:
        permissions.require(by, permissions.Duty.REVIEW, subject_request)
    try:
        with transaction.atomic():
            _file(subject_request, intake, identities, by=by, at=at)
    except NotTaken as why:
        raise NotAccepted(str(why)) from why
    return subject_request


def offered(facts: Controller, right: Right, region: str) -> RightOffer | None:
    """The offer of a right to people of a region; None: not offered. To complain is never closed to anybody."""
    found = offers.offer(facts, right, region) if region in facts.regions else facts.rights.get(right)
    if found is None and right is Right.COMPLAINT:
        return RightOffer(granted_by="house", citation="our own promise: everybody can complain")
    return found


def _file(
    subject_request: SubjectRequest,
    intake: Intake,
    identities: list[tuple[IdentityKind, str]],
    *,
    by: Actor,
    at: datetime,
) -> None:
    subject_request.save(force_insert=True)
    for kind, value in identities:
        identity = Identity(subject_request=subject_request, kind=kind)
        identity.seal_value(value)
        identity.save(force_insert=True)
    record.write(
        subject_request,
        "request:received",
        by=by,
        at=at,
        secret={"reason": intake.why.strip()} if intake.why.strip() else None,
        right=intake.right,
        channel=intake.channel,
        kinds=sorted({kind.value for kind, _ in identities}),
    )
    withdrawal.record_purposes(subject_request, intake.purposes)
    if intake.acting:
        representation.name(subject_request, intake.acting, by=by, at=at)
    if intake.vouched and assertions.fits(subject_request):
        _vouched(subject_request, intake.vouched, at=at)
    if intake.related:
        merging.link(subject_request, intake.related, by=by, at=at)
    clock.start(subject_request, at=at)
    if intake.right is Right.PROCESSING_INFORMATION:
        _answer_at_once(subject_request, by=by, at=at)
    else:
        verification.ask(subject_request, at=at, letter=Letter.RECEIVED)
        reports.received(subject_request, at=at)


def _vouched(subject_request: SubjectRequest, held: Assertion, *, at: datetime) -> None:
    try:
        assertions.bind(subject_request, held, at=at)
    except Conflict as why:  # another request of the same browser took it at this very moment
        raise NotAccepted(str(why)) from why


def _controller(intake: Intake) -> Controller:
    try:
        facts = maps.controller(intake.controller).controller
    except KeyError:
        message = _("There is no such service here.")
        raise NotAccepted(message) from None
    if len(intake.details) > DETAILS:
        message = _("Your message is too long: {length} characters; {most} fit.").format(
            length=len(intake.details), most=DETAILS
        )
        raise NotAccepted(message)
    if len(intake.postal) > POSTAL:
        message = _("The postal address is too long: at most {most} characters fit.").format(most=POSTAL)
        raise NotAccepted(message)
    return facts


def _check_offer(facts: Controller, intake: Intake) -> None:
    if intake.region and intake.region not in facts.regions:
        message = _("Choose where the person lives from the list.")
        raise NotAccepted(message)
    if offered(facts, intake.right, intake.region) is None:
        message = _("{name} does not offer this kind of request here.").format(name=facts.name)
        raise NotAccepted(message)
    if intake.language not in maps.languages(facts.slug):
        message = _("{name} writes in: {languages}.").format(
            name=facts.name, languages=", ".join(maps.languages(facts.slug))
        )
        raise NotAccepted(message)
    if problem := withdrawal.problem(facts, intake.right, intake.purposes) or scopes.problem(facts, intake.scope):
        raise NotAccepted(problem)
    if intake.acting and intake.right not in representation.REPRESENTED:
        message = _("Nobody needs to ask this for somebody else: write in your own name.")
        raise NotAccepted(message)


def _received_at(intake: Intake, at: datetime) -> datetime:
    """When it arrived: for what arrived off the web, before it was entered here (P15)."""
    received_at = intake.received_at or at
    if received_at != at and intake.channel not in OFF_THE_WEB:
        message = _("What is filed on the web, or by a program, is received when it is filed.")
        raise NotAccepted(message)
    if received_at > at:
        message = _("The receipt cannot be in the future.")
        raise NotAccepted(message)
    if at - received_at > TOO_LONG_AGO:
        message = _("It cannot have arrived more than a year ago. Look at the date again.")
        raise NotAccepted(message)
    if at - received_at > LONG_AGO and not intake.why.strip():
        message = _("It arrived more than {days} days ago. Say why it is entered only now.").format(days=LONG_AGO.days)
        raise NotAccepted(message)
    return received_at


def _identities(intake: Intake) -> list[tuple[IdentityKind, str]]:
    try:
        cleaned = list(dict.fromkeys((kind, clean(kind, value)) for kind, value in intake.identities))
    except ValueError as error:
        raise NotAccepted(wording.mistake(error)) from error
    if len(cleaned) > IDENTITIES:
        message = _("At most {most} identifiers fit into one request.").format(most=IDENTITIES)
        raise NotAccepted(message)
    if intake.right is not Right.PROCESSING_INFORMATION:
        _check_reach(intake, sum(kind is IdentityKind.EMAIL for kind, _ in cleaned), bool(cleaned))
        _check_stops(intake, {kind for kind, _ in cleaned})
    return cleaned


def _check_reach(intake: Intake, emails: int, named: bool) -> None:  # noqa: FBT001 — private
    """Somebody can be found, and somebody can be written to."""
    message = ""
    if intake.acting and intake.acting.asker is Asker.GUARDIAN:
        if not named or emails > 1:
            message = _("Say how we know the child: an e-mail address, or another identifier. One address at most.")
    elif intake.channel in outbox.ON_PAPER and not emails:
        if not intake.postal.strip():
            message = _("Without an e-mail address we need a postal address: the answer goes there on paper.")
        elif intake.right in SEARCHED and not named:
            message = _("Without an e-mail address we look by something else: enter one, such as the account's number.")
    elif emails != 1:
        message = _("We need one e-mail address: we prove by it that the request is yours, and answer to it.")
    if message:
        raise NotAccepted(message)


def _check_stops(intake: Intake, kinds: set[IdentityKind]) -> None:
    """Without an e-mail address nobody looks what to stop by anything but what is named here."""
    if IdentityKind.EMAIL in kinds or intake.right is not Right.CONSENT_WITHDRAWAL:
        return
    about = maps.controller(intake.controller)
    if missed := stopping.unreached(about, kinds, intake.purposes):
        titles = ", ".join(about.controller.purposes[slug].title for slug in missed)
        message = _(
            "By what is named here nobody can look for: {purposes}. "
            "Give an identifier that leads there, such as the account's number."
        ).format(purposes=titles)
        raise NotAccepted(message)


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

"""A long life: every way in which a text of somebody's own comes into the portal, told of Sam."""

from datetime import timedelta

from dsr.datamap.schema import IdentityKind
from dsr.law.actors import SUBJECT, Actor
from dsr.law.clocks import ExtensionReason, Pause
from dsr.law.grounds import Ground
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import Asker, Channel
from dsr.models import Correction, SubjectRequest
from dsr.steps.asking import intake, representation
from dsr.steps.counting import extension, pauses, receipt
from dsr.steps.deciding import holds, review, withholding
from dsr.steps.fulfilling import correctable, rectification
from dsr.steps.recipients import telling
from dsr.steps.recording import certificates, sequencer
from tests.conftest import SAM, World
from tests.steps import scenes, taking
from tests.steps.representing import asked_by

CANARY = "zebra"  # stands in every text below, in none of ours
STAFFS = "okapi"  # in every note that staff write for themselves
POSTAL = f"Sam Ortiz, 1 {CANARY.title()} Street"


def held(world: World, dana: Actor) -> None:
    """An access asked for by an agent: asked about, extended, moved back, held, refused in part, then as a whole."""
    own = asked_by(world, Asker.AGENT)
    world.prove(own)
    text = f"Which account do you mean, the {CANARY}?"
    pauses.ask(own, reason=Pause.INFORMATION_REQUIRED, question=text, by=dana, at=world.at)
    pauses.answer(own, f"The {CANARY} of May.", by=SUBJECT, at=world.later(hours=1))
    extension.extend(own, reason=ExtensionReason.NUMBER, words=f"So many {CANARY}s.", by=dana, at=world.at)
    earlier = own.received_at - timedelta(days=2)
    why = f"The {CANARY} letter lay here, {STAFFS}."
    receipt.backdate(own, received_at=earlier, why=why, by=dana, at=world.at)
    reason = f"{CANARY} and {STAFFS} before the court"
    order = holds.Order(reason=reason, review_on=world.at.date() + timedelta(days=30), person=True)
    holds.set_hold(own, order, by=dana, at=world.at)
    ground = Ground.RIGHTS_OF_OTHERS
    where = {"system": "app-database", "collection": "generations"}
    withholding.refuse_part(own, **where, ground=ground, words=f"Another {CANARY}.", by=dana, at=world.at)
    review.refuse(own, ground=Ground.NOT_IDENTIFIABLE, words=f"No {CANARY} here.", by=dana, at=world.at)


def corrected(world: World, dana: Actor) -> None:
    """A rectification with a statement; one value declined in words."""
    own = scenes.accepted(world, dana, Right.RECTIFICATION)
    world.work(State.SEARCHED, own)
    row = next(row for row in correctable.rows(own) if row.collection == "users")
    new = {(row.place, "nickname"): f"{CANARY} rider"}
    rectification.propose(own, new, statement=f"I was a {CANARY}.", at=world.at)
    for line in Correction.objects.filter(subject_request=own):
        rectification.decide(line, accepted=False, words=f"No {CANARY} ever.", by=dana, at=world.at)
    rectification.respond(own, text=f"Noted, {CANARY}.", by=dana, at=world.at)


def written(world: World, dana: Actor) -> SubjectRequest:
    """A complaint by letter, with a postal address, answered in words."""
    named = ((IdentityKind.EMAIL, SAM),)
    text = f"The {CANARY} is too loud."
    asked = intake.Intake("joypix", Right.COMPLAINT, named, text, channel=Channel.LETTER, postal=POSTAL)
    own = intake.receive(asked, by=dana, at=world.at)
    world.prove(own)
    review.answer(own, text=f"We asked the {CANARY} to be quiet.", by=dana, at=world.at)
    return own


def withdrawn(world: World) -> None:
    """A consent withdrawn; a recipient told of it answers in words."""
    own = world.file(Right.CONSENT_WITHDRAWAL)
    world.prove(own)
    (told,) = telling.plan(own, about="withdrawal", recipients=["compute-providers"], at=world.at)
    telling.acknowledge(told, answer=telling.DONE, words=f"The {CANARY} is gone.", at=world.at)


def guarded(world: World, dana: Actor) -> SubjectRequest:
    """Greta asks for Sam, and staff saw that she may."""
    own = asked_by(world, Asker.GUARDIAN, Right.PORTABILITY)
    world.prove(own)
    representation.check(own, note=f"Birth certificate seen, {STAFFS}", by=dana, at=world.at)
    return own


def downloaded(world: World) -> None:
    """A package taken, and the certificate over it."""
    own = scenes.packaged(world)
    assert list(taking.taken(own, at=world.at))
    sequencer.sequence(at=world.at)
    for closing in certificates.due(at=world.at, most=50):
        certificates.issue(closing.row, at=world.at)

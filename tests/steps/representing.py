"""Requests that somebody makes for another: Alma is an agent, Greta the mother of Kim."""

from dsr.datamap.schema import IdentityKind
from dsr.law.actors import SUBJECT
from dsr.law.rights import Right
from dsr.law.work import Asker
from dsr.models import SubjectRequest
from dsr.steps.asking import intake
from dsr.steps.asking.representation import Acting
from tests.conftest import SAM, World

PDF = b"%PDF-1.7 I, Sam Ortiz, permit Alma Agent to ask for me. canary"
ALMA, GRETA = "alma@agents.example", "greta@family.example"
NAMES = {Asker.AGENT: ("Alma Agent", ALMA), Asker.GUARDIAN: ("Greta Garda", GRETA)}


def asked_by(world: World, asker: Asker, right: Right = Right.ACCESS, email: str = SAM) -> SubjectRequest:
    """Somebody asks for the person with this address, and sends a document."""
    acting = Acting(asker, *NAMES[asker], PDF)
    filed = intake.Intake("joypix", right, ((IdentityKind.EMAIL, email),), region="uk", acting=acting)
    return intake.receive(filed, by=SUBJECT, at=world.at)

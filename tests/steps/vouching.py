"""The controllers' apps of tests: what they sign, and requests that need more than the mailbox."""

import secrets

import pytest
from django.conf import settings

from controllers import sample_app
from dsr.datamap.schema import IdentityKind
from dsr.law.actors import SUBJECT
from dsr.law.ladder import Rung
from dsr.law.rights import Right
from dsr.models import Assertion, SubjectRequest
from dsr.record import assertion, jws
from dsr.record.note import SigningKey
from dsr.steps.asking import assertions, intake
from tests.conftest import SAM, World

SAMS = {"account": "jp000001", "email": SAM}


def signed(world: World, identifiers: dict[str, str] | None = None, controller: str = "joypix") -> str:
    """What the app's server signs of who is signed in."""
    known = SAMS if identifiers is None else identifiers
    folder = world.systems.folder
    return sample_app.vouch(folder, controller, known, portal=settings.DSR_BASE_URL, at=world.at)


def opened(world: World, identifiers: dict[str, str] | None = None, controller: str = "joypix") -> Assertion:
    """The same, in a browser that opened the link."""
    return assertions.take_opened(signed(world, identifiers, controller), controller, at=world.at)


def forged(world: World, **claims: object) -> str:
    """Signed by the app's own key, with other claims than the app makes."""
    seed = (world.systems.folder / "joypix-app.key").read_bytes()
    now = int(world.at.timestamp())
    said: dict[str, object] = {"iss": "joypix", "aud": settings.DSR_BASE_URL, "iat": now, "exp": now + 300}
    said |= {"jti": secrets.token_urlsafe(16), "identifiers": SAMS} | claims
    return jws.sign(assertion.KIND, said, SigningKey("joypix-app", seed))


def needing(
    world: World, rung: Rung, right: Right = Right.ACCESS, email: str = SAM, account: str = ""
) -> SubjectRequest:
    """A request that needs more than the mailbox; nothing of it is proven yet."""
    named = ((IdentityKind.EMAIL, email),) + (((IdentityKind.ACCOUNT, account),) if account else ())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(intake, "needed", lambda *_: rung)
        return intake.receive(intake.Intake("joypix", right, named), by=SUBJECT, at=world.at)

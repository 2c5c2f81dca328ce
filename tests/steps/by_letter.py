"""Requests that came by letter from somebody without a mailbox, at the points of the walk where tests begin."""

import io
import zipfile
from typing import BinaryIO

from dsr.datamap.schema import IdentityKind
from dsr.law.actors import Actor
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import Channel, ItemState
from dsr.models import Package, SubjectRequest, sealed
from dsr.sealing import files
from dsr.steps import work
from dsr.steps.asking import intake, vouching
from dsr.steps.deciding import review
from tests.conftest import World

SAMS_ACCOUNT = "jp000001"


def asked(
    world: World, entered_by: Actor, right: Right = Right.ACCESS, account: str = SAMS_ACCOUNT, language: str = "en"
) -> SubjectRequest:
    """Sam's letter, as it was entered."""
    given = intake.Intake(
        "joypix",
        right,
        ((IdentityKind.ACCOUNT, account),),
        channel=Channel.LETTER,
        postal="Sam Ortiz, 1 Main St",
        language=language,
    )
    return intake.receive(given, by=entered_by, at=world.at)


def accepted(
    world: World, entered_by: Actor, checked_by: Actor, right: Right = Right.ACCESS, account: str = SAMS_ACCOUNT
) -> SubjectRequest:
    """It was checked by a second person, and accepted by the first."""
    subject_request = asked(world, entered_by, right, account)
    vouching.vouch(subject_request, note="Called back under the number on file", by=checked_by, at=world.at)
    review.accept(subject_request, by=entered_by, at=world.at)
    return subject_request


def walked(
    world: World, entered_by: Actor, checked_by: Actor, right: Right = Right.ACCESS, account: str = SAMS_ACCOUNT
) -> SubjectRequest:
    """Its package is made from what the systems hold."""
    subject_request = accepted(world, entered_by, checked_by, right, account)
    world.work(State.PACKAGED, subject_request)
    return subject_request


def packaged(world: World, entered_by: Actor, checked_by: Actor) -> SubjectRequest:
    """A small package of it is laid out; no system was asked."""
    return laid_out(world, accepted(world, entered_by, checked_by))


def laid_out(world: World, subject_request: SubjectRequest) -> SubjectRequest:
    """The same for a request that is accepted."""
    subject_request.items.update(state=ItemState.DONE)
    SubjectRequest.objects.filter(pk=subject_request.pk).update(state=State.CARRIED_OUT)
    package = Package(subject_request=subject_request, released_at=world.at)
    place, ring = sealed.file_place(package.pk), package.ring()

    def fill(out: BinaryIO) -> None:
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w") as archive:
            archive.writestr("index.html", "What was found of Sam")
        out.write(made.getvalue())

    done = files.write(sealed.file_spot(package.pk), place, ring, fill)
    package.wrapped_key, package.sha256, package.size = done.wrapped_key, done.sha256, done.size
    package.save(force_insert=True)
    work.advance(subject_request, at=world.at)
    subject_request.refresh_from_db()
    return subject_request

"""How surely a person must be known before a right is carried out, by controller, right and region."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from dsr.datamap.flaw import Flaw, Where
from dsr.datamap.shape import Shape, Slug
from dsr.law.ladder import Rung, reaches
from dsr.law.rights import SEARCHED, Right

if TYPE_CHECKING:
    from dsr.datamap.schema import Controller

Needed = dict[Right, Literal[Rung.MAILBOX, Rung.SECOND, Rung.APP]]


class Unseen(Shape):
    """Where a system writes when somebody was last there: a mailbox not seen for so long may be another's by now."""

    months: int = Field(ge=1, le=1_200)
    system: Slug
    collection: Slug
    field: str


class Ladder(Shape):
    """The rungs a controller has and needs. A right that is not named needs the mailbox alone."""

    needed: Needed = {}
    # Public keys (name+hash+base64) by which its app or site signs that somebody is signed in; '${NAME}': environment.
    app_keys: tuple[str, ...] = ()
    app_page: str = ""  # where in the app people begin, in words
    unseen: Unseen | None = None  # longer than this before the receipt: what searches needs a second channel
    documents: bool = False  # whether staff may ask for a document, where nothing else works


def needed(controller: "Controller", right: Right, region: str) -> Rung:
    """What this right needs for people of a region; what only tells, stops or reports needs the mailbox alone."""
    if right not in SEARCHED:
        return Rung.MAILBOX
    there: Needed = controller.regions[region].proof if region in controller.regions else {}
    return Rung(there.get(right) or controller.proof.needed.get(right, Rung.MAILBOX))


def flaws(controller: "Controller") -> Iterator[Flaw]:
    """A region asks for as much as the controller does everywhere, or more: nobody lives elsewhere to be asked less."""
    proof = controller.proof
    yield from _of_rights(("proof", "needed"), proof.needed, proof)
    for slug, region in controller.regions.items():
        yield from _of_rights(("regions", slug, "proof"), region.proof, proof)
        for right, rung in region.proof.items():
            everywhere = proof.needed.get(right, Rung.MAILBOX)
            if not reaches(rung, everywhere):
                message = f"found '{rung}', which is less than the '{everywhere}' that is needed everywhere"
                yield Flaw(None, ("regions", slug, "proof", right.value), message)


def _of_rights(where: Where, given: Needed, proof: Ladder) -> Iterator[Flaw]:
    for right, rung in given.items():
        if right not in SEARCHED:
            message = "needs the mailbox alone: to stop, to report and to complain is never made harder"
            yield Flaw(None, (*where, right.value), message)
        if rung == Rung.APP and not proof.app_keys:
            yield Flaw(None, (*where, right.value), "needs an app that vouches, and 'proof.app_keys' names no key")

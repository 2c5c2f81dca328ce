"""Who asks, as the status page says it, and what of the request goes another way."""

from collections.abc import Iterator
from dataclasses import dataclass

from dsr.datamap.schema import ControllerMap
from dsr.law.work import Asker
from dsr.models import SubjectRequest
from dsr.steps.asking import ladder, representation
from dsr.steps.deciding import merging, withholding


@dataclass(frozen=True, slots=True)
class RefusedPart:
    """A part that the answer leaves out, or that an erasure keeps, with its ground."""

    title: str
    ground: str
    citation: str
    words: str


@dataclass(frozen=True, slots=True)
class Standing:
    """What the page adds when somebody asks for another, or twice, or is refused a part."""

    agent: str  # name of the agent who asks for the person
    for_child: bool
    to_check: bool  # staff have not seen yet that the guardian may ask
    more_proof: bool  # than the mailbox is needed, and not there yet
    original: str  # reference of the request that this one is answered with
    refused: tuple[RefusedPart, ...]


def of(subject_request: SubjectRequest, about: ControllerMap) -> Standing:
    """All of it, for one request."""
    representative = representation.of(subject_request)
    by_agent = representative is not None and representative.kind == Asker.AGENT
    guarded = representative is not None and not by_agent
    original = merging.original(subject_request)
    return Standing(
        agent=representative.name() if representative and by_agent else "",
        for_child=guarded,
        to_check=bool(guarded and representative and not representative.checked_at and not subject_request.closed),
        more_proof=ladder.waits(subject_request),
        original=original.reference if original else "",
        refused=tuple(_refused(subject_request, about)),
    )


def _refused(subject_request: SubjectRequest, about: ControllerMap) -> Iterator[RefusedPart]:
    for (system, name), row in withholding.refused(subject_request).items():
        known = about.systems.get(system)
        title = known.collections[name].title if known and name in known.collections else name
        said = withholding.said(row)
        yield RefusedPart(title, said.ground, said.citation, said.words)

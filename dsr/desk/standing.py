"""Cards of a request's page: who asks for the person, parts refused, and the requests it belongs with."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from dsr.datamap.schema import ControllerMap
from dsr.desk import people
from dsr.law.work import Asker
from dsr.models import Evidence, Link, SubjectRequest
from dsr.steps.asking import representation
from dsr.steps.deciding import merging, withholding

ASKERS = {Asker.AGENT: "An agent, for the person", Asker.GUARDIAN: "A parent or guardian, for a child"}
KINDS = {
    Evidence.PERMISSION: "Signed permission",
    Evidence.GUARDIANSHIP: "Shows that they may ask for the child",
    Evidence.IDENTITY: "Shows who asks",
}
_FORMS = {"application/pdf": "PDF", "image/png": "PNG", "image/jpeg": "JPEG"}
_LINKS = {
    (Link.DUPLICATE, True): "Answered with",
    (Link.DUPLICATE, False): "Answers as well",
    (Link.FOLLOW_UP, True): "Asked again after",
    (Link.FOLLOW_UP, False): "Asked again in",
    (Link.RELATED, True): "Belongs with",
    (Link.RELATED, False): "Belongs with",
}


@dataclass(frozen=True, slots=True)
class Document:
    """A document, as long as it stands; afterwards, when it was destroyed."""

    row: Evidence
    title: str
    form: str


@dataclass(frozen=True, slots=True)
class AskerCard:
    """Who asks for the person. Name and address only for whom may see personal data."""

    kind: str
    name: str
    email: str
    confirmed_at: datetime | None
    needs_check: bool
    checked_at: datetime | None
    checked_by: str
    note: str
    documents: list[Document]


def asker(subject_request: SubjectRequest, *, shown: bool) -> AskerCard | None:
    """The card; None where the person asks."""
    representative = representation.of(subject_request)
    if representative is None:
        return None
    return AskerCard(
        kind=ASKERS[Asker(representative.kind)],
        name=representative.name() if shown else "",
        email=representative.email() if shown else "",
        confirmed_at=representative.confirmed_at,
        needs_check=representative.kind == Asker.GUARDIAN,
        checked_at=representative.checked_at,
        checked_by=people.name_of(representative.checked_by),
        note=representative.check_note,
        documents=[
            Document(row, KINDS[row.kind], _FORMS.get(row.content_type, "File"))
            for row in subject_request.evidence.exclude(kind=Evidence.IDENTITY).order_by("at")
        ],
    )


@dataclass(frozen=True, slots=True)
class Linked:
    """Another request, and how it belongs here."""

    says: str
    other: SubjectRequest


def links(subject_request: SubjectRequest) -> list[Linked]:
    """Links that stand, from both ends; then earlier requests that this one seems to repeat."""
    standing = Link.objects.filter(ended_at=None).filter(Q(of=subject_request) | Q(to=subject_request))
    found = [
        Linked(_LINKS[link.kind, ours], link.to if ours else link.of)
        for link in standing.select_related("of", "to").order_by("at")
        for ours in [link.of_id == subject_request.pk]
    ]
    return found + [Linked("Seems to repeat", each) for each in merging.originals(subject_request)]


@dataclass(frozen=True, slots=True)
class RefusedPart:
    """A part that is refused, with its ground; the words only for whom may see personal data."""

    title: str
    ground: str
    citation: str
    words: str
    at: datetime
    by: str


def parts(subject_request: SubjectRequest, about: ControllerMap, *, shown: bool) -> Iterator[RefusedPart]:
    """The parts that are refused."""
    for (system, name), row in withholding.refused(subject_request).items():
        known = about.systems.get(system)
        title = f"{known.title}: {known.collections[name].title}" if known and name in known.collections else str(row)
        said = withholding.said(row)
        words = said.words if shown else ""
        yield RefusedPart(title, said.ground, said.citation, words, row.at, people.name_of(row.by))

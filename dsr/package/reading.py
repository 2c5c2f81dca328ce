"""What a person reads: one content for the page and for the letter, made of plain words and counts."""

from collections.abc import Iterable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from dsr.datamap.facts import BASES, Facts, collection_facts
from dsr.datamap.schema import Controller, Recipient
from dsr.package.cells import Shown, day, size
from dsr.package.contents import Answer, RecipientTold, SystemOutcome
from dsr.package.copying import CollectionCopy
from dsr.package.redaction import Withheld, label, of_others
from dsr.package.words import IDENTITIES, OPEN_OUTCOMES, RIGHTS, UNSEARCHED, RightWords, counted, outcome_says

FIRST_FILES = 48  # of a collection


@dataclass(frozen=True, slots=True)
class FileReading:
    """A file to open."""

    path: str
    name: str
    kind: str
    size: str
    picture: bool


@dataclass(frozen=True, slots=True)
class CollectionReading:
    """One collection: the facts about it beside its first rows."""

    anchor: str
    title: str
    describes: str
    facts: tuple[tuple[str, str], ...]
    count: int
    counted: str
    labels: tuple[str, ...]
    rows: tuple[tuple[Shown, ...], ...]
    json_path: str
    csv_path: str
    files: tuple[FileReading, ...]  # the first; all are listed in manifest.json
    file_count: int
    withheld: tuple[Withheld, ...]
    of_others: tuple[Withheld, ...]

    @property
    def count_text(self) -> str:
        """The count with thousands set apart."""
        return f"{self.count:,}"

    @property
    def files_text(self) -> str:
        """The number of files; empty when there are none."""
        return f"{self.file_count:,}" if self.file_count else ""


@dataclass(frozen=True, slots=True)
class SystemReading:
    """One system and what came of it."""

    anchor: str
    title: str
    describes: str
    outcome: str
    says: str
    note: str
    found: int
    erased: int
    kept: int
    collections: tuple[CollectionReading, ...]

    @property
    def found_text(self) -> str:
        """Records found; empty when there are none."""
        return f"{self.found:,}" if self.found else ""

    @property
    def erased_text(self) -> str:
        """Records erased."""
        return f"{self.erased:,}"

    @property
    def kept_text(self) -> str:
        """Records kept."""
        return f"{self.kept:,}"


@dataclass(frozen=True, slots=True)
class KeptReading:
    """What stays, why, and until when."""

    where: str
    counted: str
    ground: str
    citation: str
    until: str


@dataclass(frozen=True, slots=True)
class RefusedReading:
    """A collection that is left out, and why."""

    where: str
    ground: str
    citation: str
    words: str


@dataclass(frozen=True, slots=True)
class Reading:
    """The whole answer in words."""

    reference: str
    version: int
    right: str
    words: RightWords
    controller: Controller
    identities: tuple[tuple[str, str], ...]
    received: str
    answered: str
    due: str
    policy: str
    systems: tuple[SystemReading, ...]
    kept: tuple[KeptReading, ...]
    refused: tuple[RefusedReading, ...]
    totals: tuple[tuple[str, str], ...]
    purposes: tuple[tuple[str, str, str], ...]
    recipients: tuple[Recipient, ...]
    facts: Facts
    statements: tuple[str, ...]
    told: tuple[RecipientTold, ...]

    @property
    def erasing(self) -> bool:
        """Whether this answers an erasure."""
        return self.right == "erasure"

    @property
    def shown(self) -> tuple[SystemReading, ...]:
        """Systems with data in this package."""
        return tuple(system for system in self.systems if system.collections)

    @property
    def erased(self) -> tuple[SystemReading, ...]:
        """Systems in which something was erased."""
        return tuple(system for system in self.systems if system.erased)

    @property
    def empty(self) -> tuple[SystemReading, ...]:
        """Systems that were searched and hold nothing."""
        return tuple(system for system in self.systems if system.outcome == "nothing")

    @property
    def open(self) -> tuple[SystemReading, ...]:
        """Systems that this answer lacks."""
        return tuple(system for system in self.systems if system.outcome in OPEN_OUTCOMES)


def of(answer: Answer, copies: Iterable[CollectionCopy]) -> Reading:
    """Put an answer and its copies into words."""
    copies = list(copies)
    controller = answer.controller.controller
    zone = ZoneInfo(controller.calendar.zone)
    systems = tuple(_system(answer, outcome, copies) for outcome in answer.systems)
    return Reading(
        reference=answer.reference,
        version=answer.version,
        right=str(answer.right),
        words=RIGHTS[answer.right],
        controller=controller,
        identities=tuple((IDENTITIES.get(kind, kind), value) for kind, value in answer.identities),
        received=day(answer.received_at.astimezone(zone)),
        answered=day(answer.answered_at.astimezone(zone)),
        due=day(answer.due_on),
        policy=answer.policy_version,
        systems=systems,
        kept=tuple(_kept(answer)),
        refused=tuple(_refused(answer)),
        totals=_totals(systems, copies),
        purposes=tuple(
            (purpose.title, purpose.describes, BASES[purpose.basis]) for purpose in controller.purposes.values()
        ),
        recipients=tuple(controller.recipients.values()),
        facts=answer.facts,
        statements=tuple(controller.statements.values()),
        told=answer.told,
    )


def _system(answer: Answer, outcome: SystemOutcome, copies: list[CollectionCopy]) -> SystemReading:
    described = answer.controller.systems[outcome.system]
    erased = sum(each.erased for each in outcome.collections)
    mine = [copy for copy in copies if copy.system == outcome.system]
    return SystemReading(
        anchor=outcome.system,
        title=described.title,
        describes=described.describes,
        outcome=outcome.outcome,
        says=outcome_says(outcome.outcome, erased),
        note=outcome.note,
        found=sum(copy.rows for copy in mine) or sum(each.found for each in outcome.collections),
        erased=erased,
        kept=sum(kept.count for each in outcome.collections for kept in each.kept),
        collections=tuple(_collection(answer, copy) for copy in mine),
    )


def _collection(answer: Answer, copy: CollectionCopy) -> CollectionReading:
    facts = collection_facts(answer.controller, copy.system, copy.collection)
    said = (
        ("Kind of data", "; ".join(facts.categories)),
        ("Why we have it", "; ".join(facts.purposes)),
        ("Legal basis", "; ".join(facts.basis)),
        ("Where it comes from", facts.source),
        ("Who receives it", "; ".join(facts.recipients) or "nobody outside"),
        ("How long we keep it", facts.retention),
        ("Decided by machines", copy.described.automated),
    )
    nothing = Shown("empty", quiet=True)
    return CollectionReading(
        anchor=f"{copy.system}.{copy.collection}",
        title=facts.title,
        describes=facts.describes,
        facts=tuple((name, text) for name, text in said if text),
        count=copy.rows,
        counted=counted(copy.rows, "record"),
        labels=tuple(label(name, copy.described.fields[name]) for name in copy.fields),
        rows=tuple(tuple(row.get(name, nothing) for name in copy.fields) for row in copy.first),
        json_path=copy.json_path,
        csv_path=copy.csv_path,
        files=tuple(
            FileReading(
                path=file.path,
                name=file.path.rpartition("/")[2],
                kind=file.extension,
                size=size(file.size),
                picture=file.picture,
            )
            for file in copy.files[:FIRST_FILES]
        ),
        file_count=len(copy.files),
        withheld=tuple(copy.withheld.values()),
        of_others=tuple(of_others(copy.described, name, rows) for name, rows in copy.of_others.items()),
    )


def _kept(answer: Answer) -> Iterable[KeptReading]:
    for outcome in answer.systems:
        described = answer.controller.systems[outcome.system]
        for each in outcome.collections:
            for kept in each.kept:
                yield KeptReading(
                    where=f"{described.collections[each.collection].title} ({described.title})",
                    counted=counted(kept.count, "record"),
                    ground=kept.why,
                    citation=kept.citation,
                    until=day(kept.until) if kept.until else "the reason ends; no date is fixed",
                )


def _refused(answer: Answer) -> Iterable[RefusedReading]:
    for outcome in answer.systems:
        described = answer.controller.systems[outcome.system]
        for each in outcome.collections:
            if each.refused:
                where = f"{described.collections[each.collection].title} ({described.title})"
                yield RefusedReading(where, each.refused.ground, each.refused.citation, each.refused.words)


def _totals(systems: tuple[SystemReading, ...], copies: list[CollectionCopy]) -> tuple[tuple[str, str], ...]:
    erased = sum(system.erased for system in systems)
    kept = sum(system.kept for system in systems)
    searched = sum(system.outcome not in UNSEARCHED for system in systems)
    figures = (
        (searched, "system searched", "systems searched"),
        (sum(copy.rows for copy in copies), "record copied", "records copied"),
        (sum(len(copy.files) for copy in copies), "file copied", "files copied"),
        (erased, "record erased", "records erased"),
        (kept, "record kept", "records kept"),
    )
    return tuple((f"{count:,}", one if count == 1 else many) for count, one, many in figures if count)

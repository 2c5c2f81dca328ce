"""What a person reads: one content for the page and for the letter, made of plain words and counts."""

from collections.abc import Iterable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.utils.translation import get_language, get_language_bidi, ngettext

from dsr.datamap.facts import BASES, Facts
from dsr.datamap.schema import Controller, Recipient
from dsr.law.rights import Right
from dsr.package import beside, deeds, leaving_out, staying
from dsr.package.cells import Shown, day, size
from dsr.package.contents import Answer, RecipientTold, SystemOutcome
from dsr.package.copying import CollectionCopy
from dsr.package.leaving_out import LeftOutReading
from dsr.package.redaction import Withheld, label, of_others
from dsr.package.words import (
    IDENTITIES,
    OPEN_OUTCOMES,
    UNSEARCHED,
    RightWords,
    counted,
    introduced,
    listed,
    outcome_says,
    said,
)

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
    empty: str = ""  # the titles of collections that were searched and hold nothing
    unled: str = ""  # and of those that no proven identifier leads to

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
    kept: tuple[staying.KeptReading, ...]
    refused: tuple[staying.RefusedReading, ...]
    left_out: tuple[LeftOutReading, ...]
    totals: tuple[tuple[str, str], ...]
    purposes: tuple[tuple[str, str, str], ...]
    recipients: tuple[Recipient, ...]
    facts: Facts
    statements: tuple[str, ...]
    told: tuple[RecipientTold, ...]
    deeds: deeds.Deeds
    language: str  # as HTML names it
    direction: str

    @property
    def erasing(self) -> bool:
        """Whether this answers an erasure."""
        return self.right == "erasure"

    @property
    def telling(self) -> bool:
        """Whether this answers with what was done, and copies nothing."""
        return self.right in deeds.DEEDS

    @property
    def shown(self) -> tuple[SystemReading, ...]:
        """Systems with data in this package."""
        return tuple(system for system in self.systems if system.collections)

    @property
    def erased(self) -> tuple[SystemReading, ...]:
        """Systems in which something was erased."""
        return tuple(system for system in self.systems if system.erased)

    @property
    def empty(self) -> str:
        """Systems that were searched and hold nothing, by their titles."""
        return listed(tuple(system.title for system in self.systems if system.outcome == "nothing"))

    @property
    def open(self) -> tuple[SystemReading, ...]:
        """Systems that this answer lacks."""
        return tuple(system for system in self.systems if system.outcome in OPEN_OUTCOMES)


def of(answer: Answer, copies: Iterable[CollectionCopy]) -> Reading:
    """Put an answer and its copies into words."""
    copies = list(copies)
    controller = answer.controller.controller
    zone = ZoneInfo(controller.calendar.zone)
    by_name = {(copy.system, copy.collection): copy for copy in copies}
    systems = tuple(_system(answer, outcome, by_name) for outcome in answer.systems)
    return Reading(
        reference=answer.reference,
        version=answer.version,
        right=str(answer.right),
        words=introduced(answer.right),
        controller=controller,
        identities=tuple((said(IDENTITIES.get(kind, kind)), value) for kind, value in answer.identities),
        received=day(answer.received_at.astimezone(zone)),
        answered=day(answer.answered_at.astimezone(zone)),
        due=day(answer.due_on),
        policy=answer.policy_version,
        systems=systems,
        kept=tuple(staying.kept(answer)),
        refused=tuple(staying.refused(answer)),
        left_out=leaving_out.read(answer),
        totals=_totals(systems, copies),
        purposes=tuple(
            (purpose.title, purpose.describes, said(BASES[purpose.basis])) for purpose in controller.purposes.values()
        ),
        recipients=tuple(controller.recipients.values()),
        facts=answer.facts,
        statements=tuple(controller.statements.values()),
        told=answer.told,
        deeds=deeds.of(answer),
        language=spoken(),
        direction="rtl" if get_language_bidi() else "ltr",
    )


def spoken() -> str:
    """The language that is active, as HTML and PDF name it: 'en', 'zh-Hans'."""
    language, dash, script = (get_language() or "en").partition("-")
    return f"{language}{dash}{script.title()}"


def _system(answer: Answer, outcome: SystemOutcome, copies: beside.Copies) -> SystemReading:
    described = answer.controller.systems[outcome.system]
    erased = sum(each.erased for each in outcome.collections)
    mine = [copy for copy in copies.values() if copy.system == outcome.system]
    looked = answer.right is Right.ACCESS and outcome.outcome in {"found", "nothing"}
    empty, unled = beside.empty(answer, outcome.system, (each.collection for each in mine)) if looked else ((), ())
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
        collections=tuple(_collection(answer, copy, copies) for copy in mine),
        empty=listed(empty),
        unled=listed(unled),
    )


def _collection(answer: Answer, copy: CollectionCopy, copies: beside.Copies) -> CollectionReading:
    nothing = Shown(said("empty"), quiet=True)
    return CollectionReading(
        anchor=f"{copy.system}.{copy.collection}",
        title=copy.described.title,
        describes=copy.described.describes,
        facts=beside.facts(answer, copy, copies),
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


def _totals(systems: tuple[SystemReading, ...], copies: list[CollectionCopy]) -> tuple[tuple[str, str], ...]:
    erased = sum(system.erased for system in systems)
    kept = sum(system.kept for system in systems)
    searched = sum(system.outcome not in UNSEARCHED for system in systems)
    rows, files = sum(copy.rows for copy in copies), sum(len(copy.files) for copy in copies)
    figures = (
        (searched, ngettext("system searched", "systems searched", searched)),
        (rows, ngettext("record copied", "records copied", rows)),
        (files, ngettext("file copied", "files copied", files)),
        (erased, ngettext("record erased", "records erased", erased)),
        (kept, ngettext("record kept", "records kept", kept)),
    )
    return tuple((f"{count:,}", what) for count, what in figures if count)

"""What was done, in words: fields corrected, consents ended, how long backups keep a copy, and who else was told."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from dsr.law.rights import Right
from dsr.package.cells import day
from dsr.package.contents import Answer, ConsentEnded, FieldCorrected, SystemOutcome

DEEDS = frozenset({Right.ERASURE, Right.RECTIFICATION, Right.CONSENT_WITHDRAWAL})  # answered by what was done
OUTCOMES = ("corrected", "changed-meanwhile", "failed", "declined")  # of a field, in the order they are told
CERTIFICATE = "certificate.jws"


@dataclass(frozen=True, slots=True)
class FieldsReading:
    """Fields with one fate: the heading, and per field where, its label, how many rows, and why."""

    heading: str
    rows: tuple[tuple[str, str, str, str], ...]


@dataclass(frozen=True, slots=True)
class EndedReading:
    """One consent: what it was for, since when it no longer holds, what follows where."""

    title: str
    says: str
    follows: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Deeds:
    """All of it."""

    fields: tuple[FieldsReading, ...]
    statement: bool
    ended: tuple[EndedReading, ...]
    backups: tuple[tuple[str, str], ...]  # system, and until when
    certified: bool


def of(answer: Answer) -> Deeds:
    """What an answer says was done."""
    return Deeds(
        fields=tuple(_fields(answer)),
        statement=answer.statement,
        ended=tuple(_ended(answer, each) for each in answer.ended),
        backups=tuple((each.title, lasting(each.until)) for each in answer.backups),
        certified=answer.right in DEEDS,
    )


def lasting(until: date | None) -> str:
    """Until when a copy in a backup may last."""
    return day(until) if until else _("Not written down. Ask us, and we look it up.")


def _fields(answer: Answer) -> Iterator[FieldsReading]:
    headings = {
        "corrected": _("What we corrected"),
        "changed-meanwhile": _("What had been changed before we came to it, and stays as it is now"),
        "failed": _("What we could not correct, though we accepted it"),
        "declined": _("What we did not correct, and why"),
    }
    for outcome in OUTCOMES:
        rows = tuple(_row(answer, each) for each in answer.corrected if each.outcome == outcome)
        if rows:
            yield FieldsReading(headings[outcome], rows)


def _row(answer: Answer, field: FieldCorrected) -> tuple[str, str, str, str]:
    system = answer.controller.systems.get(field.system)
    collection = system.collections.get(field.collection) if system else None
    where = f"{collection.title} ({system.title})" if system and collection else field.collection
    return where, field.label, f"{field.count:,}", field.words


def _ended(answer: Answer, ended: ConsentEnded) -> EndedReading:
    places = {slug: system.title for slug, system in answer.controller.systems.items()}
    follows = []
    if ended.systems:
        where = _(", ").join(places.get(slug, slug) for slug in ended.systems)
        follows.append(_("We stopped it, and looked again whether it has stopped, in: %s.") % where)
        follows.append(ended.means)
    if ended.failed:
        where = _(", ").join(places.get(slug, slug) for slug in ended.failed)
        follows.append(_("We could not stop it in: %s. Write to us, and a person looks after it.") % where)
    if not ended.systems and not ended.failed:
        follows.append(_nothing(ended))
    if ended.how:
        follows.append(_("What is left for you to do: %s") % ended.how)
    zone = ZoneInfo(answer.controller.controller.calendar.zone)
    says = _("It no longer holds since %s.") % day(ended.since.astimezone(zone)) if ended.since else ""
    return EndedReading(ended.title, says, tuple(each for each in follows if each))


def _nothing(ended: ConsentEnded) -> str:
    if ended.looked:
        return _("We looked by what this request proves about you, and hold no such consent that is still in force.")
    return _("Nothing that this request proves about you leads to where such a consent is kept, so nobody could look.")


def entries(answer: Answer) -> dict[str, Any]:
    """The same for manifest.json; what there is none of is left out."""
    listed: dict[str, Any] = {
        "corrections": [
            {
                "system": each.system,
                "collection": each.collection,
                "field": each.field,
                "label": each.label,
                "outcome": each.outcome,
                "rows": each.count,
                "why": each.words,
            }
            for each in answer.corrected
        ],
        "consents": [_consent(each) for each in answer.ended],
        "recipients": [{"title": each.title, "says": each.says, "when": each.when} for each in answer.told],
        "backups": [
            {"system": each.system, "until": each.until.isoformat() if each.until else None} for each in answer.backups
        ],
    }
    return {name: rows for name, rows in listed.items() if rows}


def _consent(ended: ConsentEnded) -> dict[str, Any]:
    return {
        "purpose": ended.purpose,
        "title": ended.title,
        "since": ended.since.isoformat() if ended.since else None,
        "systems": list(ended.systems),
        "failed": list(ended.failed),
    }


def statement(answer: Answer) -> dict[str, Any]:
    """What the certificate in a package states: done and read back, by system, with counts. No personal data.

    Nobody's own words are in it, and no value.
    """
    listed = entries(answer)
    for row in listed.get("corrections", ()):
        del row["why"]
    return {
        "controller": {"slug": answer.controller.controller.slug, "name": answer.controller.controller.name},
        "reference": answer.reference,
        "right": str(answer.right),
        "version": answer.version,
        "received_at": answer.received_at.isoformat(timespec="seconds"),
        "answered_at": answer.answered_at.isoformat(timespec="seconds"),
        "systems": [_system(answer, each) for each in answer.systems],
        **listed,
    }


def _system(answer: Answer, outcome: SystemOutcome) -> dict[str, Any]:
    known = answer.controller.systems.get(outcome.system)
    return {
        "system": outcome.system,
        "title": known.title if known else outcome.system,
        "outcome": outcome.outcome,
        "collections": [
            {
                "collection": each.collection,
                "found": each.found,
                "erased": each.erased,
                "kept": [
                    {
                        "count": kept.count,
                        "ground": kept.ground or kept.citation,
                        "citation": kept.citation if kept.ground else "",
                        "until": kept.until.isoformat() if kept.until else None,
                    }
                    for kept in each.kept
                ],
            }
            for each in outcome.collections
        ],
    }

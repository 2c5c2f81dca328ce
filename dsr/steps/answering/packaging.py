"""Packaging: the answer is assembled from Parts and outcomes, sealed, and released."""

import uuid
from collections import Counter
from datetime import date, datetime
from functools import partial
from typing import Any, BinaryIO

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from dsr.datamap.facts import facts
from dsr.datamap.schema import ControllerMap
from dsr.law.rights import Right
from dsr.law.work import ItemState, Kind, Outcome
from dsr.models import Package, PlanItem, SubjectRequest, sealed
from dsr.package import archive, portability, report
from dsr.package.contents import Answer, CollectionOutcome, KeptRows, SystemOutcome
from dsr.sealing import files
from dsr.sealing.keyring import Role
from dsr.steps import ledger, maps
from dsr.steps.asking import scopes
from dsr.steps.deciding import withholding
from dsr.steps.errands.said import confirmed
from dsr.steps.fulfilling import parts, sources
from dsr.steps.fulfilling.manifest import REFUSED, TOMBSTONE, last_day
from dsr.steps.post import remedies
from dsr.steps.recipients import told as recipients


def assemble(item: PlanItem, *, at: datetime) -> None:
    """Build and seal the package. Raises Fenced; an OSError (disk full) leaves no half package."""
    subject_request = item.subject_request
    answer = answer_to(subject_request, at=at)
    package = Package(id=uuid.uuid4(), subject_request=subject_request, version=answer.version, released_at=at)

    def fill(out: BinaryIO) -> None:
        if answer.right is Right.PORTABILITY:
            portability.write(answer, out)
        else:
            archive.write(answer, out, report=report.render)

    place = sealed.file_place(package.pk)
    done = files.write(sealed.file_path(package.pk), place, sealed.ring(Role.FILES), fill)
    package.wrapped_key, package.sha256, package.size = done.wrapped_key, done.sha256, done.size
    with transaction.atomic():
        package.save(force_insert=True)
        ledger.finish(item, Outcome.FOUND, at=at, counts={"bytes": done.size})


def answer_to(subject_request: SubjectRequest, *, at: datetime, language: str = "en") -> Answer:
    """What the package says; records themselves are opened as streams from their Parts."""
    controller_map = remedies.named(subject_request, maps.localised(subject_request.controller, language))
    finds = list(
        subject_request.items.filter(kind=Kind.FIND, state=ItemState.DONE).select_related("part").order_by("system")
    )
    proven = subject_request.identities.filter(of_representative=False).exclude(proven_at=None)
    erasing = subject_request.right == Right.ERASURE
    outcomes = [_outcome(controller_map, item, erasing=erasing) for item in finds]
    searched = {item.system for item in finds}
    outcomes += [
        SystemOutcome(slug, "not-reached", _why_not(subject_request, controller_map))
        for slug in controller_map.systems
        if slug not in searched
    ]
    refused = withholding.refused(subject_request)
    opened = {
        item.system: partial(withholding.left, refused, item.system, partial(parts.found_in, item.part))
        for item in finds
        if item.part and not erasing
    }
    return Answer(
        reference=subject_request.reference,
        right=Right(subject_request.right),
        version=subject_request.packages.count() + 1,
        controller=controller_map,
        facts=facts(controller_map),
        identities=tuple((identity.kind, identity.value()) for identity in proven),
        received_at=subject_request.received_at,
        due_on=subject_request.due_on,
        answered_at=at,
        policy_version=subject_request.policy_version,
        systems=tuple(outcomes),
        parts=opened,
        told=recipients.packaged(subject_request, language),
    )


def _why_not(subject_request: SubjectRequest, controller_map: ControllerMap) -> str:
    """Why a system was not searched."""
    if scopes.scope_of(subject_request) is None:
        return _("None of your proven identifiers leads to this system.")
    return f"You asked for this alone: {controller_map.controller.scopes[subject_request.scope].title}."


def told(subject_request: SubjectRequest, *, at: datetime) -> dict[str, Any]:
    """What the closing letter of an erasure lists: erased, kept with ground and last day, and what failed."""
    with translation.override(subject_request.language):
        answer = answer_to(subject_request, at=at, language=subject_request.language)
    erased, kept, failed = [], [], []
    for system in answer.systems:
        known = answer.controller.systems[system.system]
        if system.outcome == "failed":
            failed.append({"title": known.title, "note": system.note})
        for row in system.collections:
            title = known.collections[row.collection].title
            if row.erased:
                how = f" ({system.note})" if system.note else ""
                erased.append({"title": f"{title}{how}", "count": row.erased})
            kept += [_told_kept(title, rows) for rows in row.kept]
    others = [{"title": each.title, "says": each.says, "when": each.when} for each in answer.told]
    return {"erased": erased, "kept": kept, "failed": failed, "told": others}


def _told_kept(title: str, rows: KeptRows) -> dict[str, object]:
    return {
        "title": title,
        "count": rows.count,
        "ground": rows.why,
        "citation": rows.citation,
        "until": rows.until or "",
        "ours": bool(rows.ground),  # what a system keeps by its own word is not ours to decide
    }


def _outcome(controller_map: ControllerMap, find: PlanItem, *, erasing: bool) -> SystemOutcome:
    rows = _rows(find)
    if find.outcome == Outcome.FAILED:
        return SystemOutcome(find.system, "failed", find.note)
    if not erasing or not rows:
        refused = withholding.refused(find.subject_request)
        collections = tuple(
            CollectionOutcome(name, 0, refused=withholding.said(refused[find.system, name]))
            if (find.system, name) in refused
            else CollectionOutcome(name, count)
            for name, count in rows.items()
        )
        return SystemOutcome(find.system, find.outcome, "", collections)
    erased = find.subject_request.items.filter(kind=Kind.ERASE, system=find.system, until=None).first()
    if erased is not None and erased.outcome == Outcome.FAILED:
        return SystemOutcome(find.system, "failed", erased.note)
    counts = erased.counts if erased else {}
    kept = _kept(controller_map, find, counts)
    numbers = _tombstones(find)  # rows of which the number alone stays: kept, not erased
    collections = tuple(
        CollectionOutcome(name, found, counts.get(name, {}).get("erased", 0) - numbers.get(name, 0), kept.get(name, ()))
        for name, found in rows.items()
    )
    how = confirmed(controller_map, find.system)
    return SystemOutcome(find.system, "kept" if any(kept.values()) else "erased", how, collections)


def _rows(find: PlanItem) -> Counter[str]:
    """What was found of each collection that is asked for; rows that came in later and were approved count as well."""
    rows: dict[str, int] = find.counts.get("rows", {})
    asked = Counter({name: n for name, n in rows.items() if scopes.within(find.subject_request, find.system, name)})
    for row in sources.later(find.subject_request, find.system):
        asked[row["collection"]] += row["count"] if row["rule"] != TOMBSTONE else 0
    return asked


def _kept(
    controller_map: ControllerMap, find: PlanItem, counts: dict[str, dict[str, list[dict[str, object]]]]
) -> dict[str, tuple[KeptRows, ...]]:
    """Rows that stay, by retention rule (from the manifest) or by the system's own word (from its receipts)."""
    kept: dict[str, list[KeptRows]] = {}
    for row in sources.summary(find.subject_request):
        if row["system"] == find.system and row["until"]:
            ground, citation, words = _withheld(find, row) or (*_ground(controller_map, row["rule"]), "")
            until = last_day(row["until"])
            kept.setdefault(row["collection"], []).append(KeptRows(row["count"], ground, citation, until, words))
    for name, count in counts.items():
        for row in count.get("kept", []):
            day = date.fromisoformat(str(row["until"])) if row["until"] else None
            own = _("the recipient's own answer")  # in the place of a ground
            kept.setdefault(name, []).append(KeptRows(int(str(row["count"])), "", own, day, str(row["reason"])))
    return {name: tuple(rows) for name, rows in kept.items()}


def _withheld(find: PlanItem, row: dict[str, str]) -> tuple[str, str, str] | None:
    """Why rows stay that staff refused to erase: ground, citation and their own words."""
    if not row["rule"].startswith(REFUSED):
        return None
    refused = withholding.refused(find.subject_request)
    ground = row["rule"].removeprefix(REFUSED)
    pointing = (part for part in refused.values() if part.ground == ground)  # it stays for the rows that point at it
    said = withholding.said(refused.get((row["system"], row["collection"])) or next(pointing))
    return said.ground, said.citation, said.words


def _tombstones(find: PlanItem) -> Counter[str]:
    rows = [
        row
        for row in sources.summary(find.subject_request)
        if row["system"] == find.system and row["rule"] == TOMBSTONE
    ]
    return Counter({row["collection"]: row["count"] for row in rows})


def _ground(controller_map: ControllerMap, rule: str) -> tuple[str, str]:
    if rule == TOMBSTONE:
        return (
            _("Only the number of the row stays, because kept rows point to it."),
            _("follows from the rows above"),
        )
    retention = controller_map.controller.retention.get(rule)
    if retention is None:  # the map has changed since the manifest was closed
        return _("Kept by a rule of the data map of that day."), rule
    return retention.ground or retention.says, retention.citation

"""Packaging: the answer is assembled from Parts and outcomes, sealed, and released."""

import uuid
from datetime import datetime
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
from dsr.package.contents import Answer, KeptRows, SystemOutcome
from dsr.sealing import files
from dsr.steps import ledger, maps
from dsr.steps.answering import outcomes
from dsr.steps.asking import scopes
from dsr.steps.deciding import withholding
from dsr.steps.fulfilling import parts
from dsr.steps.post import remedies
from dsr.steps.recipients import told as recipients
from dsr.steps.recording import seals


def searched(subject_request: SubjectRequest) -> list[PlanItem]:
    """Its items that have searched, with what they brought."""
    finds = subject_request.items.filter(kind=Kind.FIND, state=ItemState.DONE)
    return list(finds.select_related("part").order_by("system"))


def assemble(item: PlanItem, finds: list[PlanItem], *, at: datetime) -> None:
    """Build and seal the package. Raises Fenced; an OSError (disk full) leaves no half package."""
    subject_request = item.subject_request
    answer = answer_to(subject_request, at=at, finds=finds)
    package = Package(id=uuid.uuid4(), subject_request=subject_request, version=answer.version, released_at=at)

    def sealing(digest: str) -> str:
        if not ledger.mine(item).exists():  # somebody else has it by now: nothing is said in the record
            raise ledger.Fenced
        return seals.seal(subject_request, answer.version, digest, at=at)

    def fill(out: BinaryIO) -> None:
        if answer.right is Right.PORTABILITY:
            portability.write(answer, out, sealing=sealing)
        else:
            archive.write(answer, out, report=report.render, sealing=sealing)

    place = sealed.file_place(package.pk)
    done = files.write(sealed.file_path(package.pk), place, package.ring(), fill)
    package.wrapped_key, package.sha256, package.size = done.wrapped_key, done.sha256, done.size
    with transaction.atomic():
        package.save(force_insert=True)
        ledger.finish(item, Outcome.FOUND, at=at, counts={"bytes": done.size})


def answer_to(
    subject_request: SubjectRequest, *, at: datetime, language: str = "en", finds: list[PlanItem] | None = None
) -> Answer:
    """What the package says; records themselves are opened as streams from their Parts.

    `finds`: its items that have searched, where the caller has read them.
    """
    finds = searched(subject_request) if finds is None else finds
    controller_map = remedies.named(subject_request, maps.localised(subject_request.controller, language))
    proven = (one for one in subject_request.identities.all() if not one.of_representative and one.proven_at)
    erasing = subject_request.right == Right.ERASURE
    known = outcomes.known(subject_request, controller_map)
    systems = [outcomes.of(known, item) for item in finds]
    asked = {item.system for item in finds}
    systems += [
        SystemOutcome(slug, "not-reached", _why_not(subject_request, controller_map))
        for slug in controller_map.systems
        if slug not in asked
    ]
    opened = {
        item.system: partial(withholding.left, known.refused, item.system, partial(parts.as_found, item.part))
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
        systems=tuple(systems),
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

"""Packaging: the answer is assembled from Parts and outcomes, sealed, and released."""

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any, BinaryIO

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from dsr.datamap.facts import complaint
from dsr.datamap.schema import ControllerMap
from dsr.law.rights import Right
from dsr.law.work import ItemState, Kind, Outcome
from dsr.models import Identity, Package, PlanItem, SubjectRequest, sealed
from dsr.package import archive, deeds, portability, report
from dsr.package.contents import Answer, KeptRows, OpenPart, SystemOutcome
from dsr.sealing import files
from dsr.sealing.shelf import try_out
from dsr.steps import ledger, maps
from dsr.steps.answering import backups, outcomes
from dsr.steps.answering.noted import Noted
from dsr.steps.asking import ladder, scopes
from dsr.steps.deciding import redacting, withholding
from dsr.steps.fulfilling import parts
from dsr.steps.move import lock
from dsr.steps.post import remedies
from dsr.steps.recipients import told as recipients
from dsr.steps.recording import seals

ROOM = 1 << 20  # bytes: what a package still writes behind its seal, and more


def searched(subject_request: SubjectRequest) -> list[PlanItem]:
    """Its items that have searched, with what they brought."""
    finds = subject_request.items.filter(kind=Kind.FIND, state=ItemState.DONE)
    return list(finds.select_related("part").order_by("system"))


def assemble(item: PlanItem, finds: list[PlanItem], *, at: datetime) -> None:
    """Build and seal the package. Raises Fenced; an OSError (disk full) leaves no half package."""
    marked = redacting.possible(item)
    build(item, answer_to(item.subject_request, at=at, finds=finds, marked=marked), at=at)


def build(item: PlanItem, answer: Answer, *, at: datetime, offered: Callable[[Package], None] | None = None) -> None:
    """The same for an answer that is put into words already; `offered` is done in the transaction that keeps it."""
    subject_request = item.subject_request
    certificate = seals.certify(deeds.statement(answer)) if answer.right in deeds.DEEDS else ""
    package = Package(id=uuid.uuid4(), subject_request=subject_request, version=answer.version, released_at=at)
    others, systems = Noted(), answer.controller.systems
    noting = {slug: partial(others.through, systems[slug], opened) for slug, opened in answer.parts.items()}
    answer = replace(answer, parts=noting)

    def sealing(digest: str) -> str:
        if not ledger.mine(item).exists():  # somebody else has it by now: nothing is said in the record
            raise ledger.Fenced
        if item.tries:  # it failed before, perhaps behind the seal: nothing more is said before there is room
            try_out(sealed.shelf(), ROOM)
        return seals.seal(subject_request, answer.version, digest, at=at)

    def fill(out: BinaryIO) -> None:
        if answer.right is Right.PORTABILITY:
            portability.write(answer, out, sealing=sealing)
        else:
            archive.write(answer, out, report=report.render, sealing=sealing, certificate=certificate)

    place = sealed.file_place(package.pk)
    done = files.write(sealed.file_spot(package.pk), place, package.ring(), fill)
    package.wrapped_key, package.sha256, package.size = done.wrapped_key, done.sha256, done.size
    package.others_sealed = others.sealed(package)
    with transaction.atomic():
        if offered:
            lock(subject_request)
        package.save(force_insert=True)
        ledger.finish(item, Outcome.FOUND, at=at, counts={"bytes": done.size})
        if offered:
            offered(package)
    subject_request.packed = answer


def answer_to(
    subject_request: SubjectRequest,
    *,
    at: datetime,
    language: str = "",
    finds: list[PlanItem] | None = None,
    marked: bool = True,
) -> Answer:
    """What the package says, in the person's language unless told; records are opened as streams from their Parts.

    `finds`: its items that have searched, where the caller has read them. `marked`: staff may have left something out.
    """
    language = language or subject_request.language
    with translation.override(language):
        finds = searched(subject_request) if finds is None else finds
        marks = redacting.marks(subject_request) if marked and redacting.concerns(subject_request) else {}
        return _answer_to(subject_request, finds, marks, language, at)


def _answer_to(
    subject_request: SubjectRequest, finds: list[PlanItem], marks: redacting.Marks, language: str, at: datetime
) -> Answer:
    controller_map = remedies.named(subject_request, maps.localised(subject_request.controller, language))
    proven = _searched_by(subject_request)
    erasing = subject_request.right == Right.ERASURE
    known = outcomes.known(subject_request, controller_map)
    systems = [outcomes.of(known, item) for item in finds]
    asked = {item.system for item in finds}
    systems += [
        SystemOutcome(slug, "not-reached", _why_not(subject_request, controller_map))
        for slug in controller_map.systems
        if slug not in asked
    ]
    opened: dict[str, OpenPart] = {
        item.system: partial(withholding.left, known.refused, item.system, partial(parts.as_found, item.part))
        for item in finds
        if item.part and not erasing
    }
    opened = {slug: redacting.without(subject_request, marks, slug, part) for slug, part in opened.items()}
    return Answer(
        reference=subject_request.reference,
        right=Right(subject_request.right),
        version=subject_request.packages.count() + 1,
        controller=controller_map,
        facts=replace(maps.facts(subject_request.controller, language), complaint=complaint(controller_map, _)),
        identities=tuple((identity.kind, identity.value()) for identity in proven),
        received_at=subject_request.received_at,
        due_on=subject_request.due_on,
        answered_at=at,
        policy_version=subject_request.policy_version,
        systems=tuple(systems),
        parts=opened,
        told=recipients.packaged(subject_request, language),
        backups=backups.lasting(controller_map, systems, at=at) if erasing else (),
        laws=tuple(remedies.laws(subject_request)),
        left_out=redacting.said(subject_request, controller_map) if marks else (),
        unreached=maps.unreached(subject_request.controller, frozenset(one.kind for one in proven)),
        language=language,
    )


def _searched_by(subject_request: SubjectRequest) -> list[Identity]:
    """What is proven less surely than the request needs is not searched by, and not said to be."""
    own = (one for one in subject_request.identities.all() if not one.of_representative)
    return [one for one in own if ladder.enough(subject_request, one)]


def _why_not(subject_request: SubjectRequest, controller_map: ControllerMap) -> str:
    """Why a system was not searched."""
    if scopes.scope_of(subject_request) is None:
        return _("None of your proven identifiers leads to this system.")
    title = controller_map.controller.scopes[subject_request.scope].title
    return _("You asked for this alone: %(title)s.") % {"title": title}


def told(subject_request: SubjectRequest, *, at: datetime) -> dict[str, Any]:
    """What the closing letter of an erasure lists: erased, kept with ground and last day, and what failed."""
    answer = subject_request.packed or answer_to(subject_request, at=at)
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
    backed = [{"title": each.title, "until": each.until} for each in answer.backups]
    return {"erased": erased, "kept": kept, "failed": failed, "told": others, "backups": backed}


def _told_kept(title: str, rows: KeptRows) -> dict[str, object]:
    return {
        "title": title,
        "count": rows.count,
        "ground": rows.why,
        "citation": rows.citation,
        "until": rows.until or "",
        "ours": bool(rows.ground),  # what a system keeps by its own word is not ours to decide
    }

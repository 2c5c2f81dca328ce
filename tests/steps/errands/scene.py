"""The paper archive, the processor that reads mail, and requests that wait for them."""

from pathlib import Path

from dsr.law.rights import Right
from dsr.law.work import ItemState, Kind
from dsr.models import Errand, PlanItem, SubjectRequest
from tests.conftest import World, dana_in
from tests.steps import scenes

PAPER = """
slug: paper-archive
title: Paper archive
describes: Letters on paper, in folders.
connector:
  kind: manual
  settings: {how: "Folders stand in room 3, by e-mail address."}
collections:
  letters:
    title: Letters
    key: [number]
    found_by: {email: [email]}
    purposes: [account]
    source: provided
    retention: not-stated
    files: scan
    fields:
      number: {category: user.content, label: Number}
      email: {category: user.contact.email, label: E-mail}
      subject: {category: user.content.private, label: Subject}
      scan: {category: user.content, label: Scan}
      clerk: {category: user.content, never_export: true}
"""
COMPUTE = """
slug: compute
title: Compute provider
processor: compute-providers
connector: {kind: email}
collections:
  jobs:
    title: Jobs
    key: [job]
    links:
      - {to: app-database.generations, on: {job: id}}
    purposes: [generation]
    source: provided
    retention: submissions
    fields:
      job: {category: user.unique_id.pseudonymous, label: Job, source: derived}
"""


def with_people(folder: Path) -> None:
    """Add both systems to JoyPix' maps in this folder."""
    (folder / "joypix/systems/paper-archive.yaml").write_text(PAPER.lstrip(), "utf-8")
    (folder / "joypix/systems/compute.yaml").write_text(COMPUTE.lstrip(), "utf-8")


def waiting(world: World, subject_request: SubjectRequest, kind: Kind = Kind.FIND) -> Errand:
    """Everything else of the plan is done; the task of the paper archive."""
    for _ in range(20):
        scenes.work_on(world, subject_request, kind)
        others = subject_request.items.filter(kind=kind, until=None).exclude(system__in=["paper-archive", "compute"])
        if not others.exclude(state=ItemState.DONE).exists():
            break
        world.later(seconds=5)
    return task(subject_request, kind)


def task(subject_request: SubjectRequest, kind: Kind = Kind.FIND) -> Errand:
    """As it stands now."""
    found = Errand.objects.select_related("item__subject_request", "owner")
    return found.get(item__subject_request=subject_request, item__kind=kind, item__system="paper-archive")


def searched_by_hand(world: World) -> SubjectRequest:
    """An access request of Sam's; the paper archive is still to be searched."""
    subject_request = scenes.accepted(world, dana_in(), Right.ACCESS)
    return waiting(world, subject_request).item.subject_request


def item(subject_request: SubjectRequest, kind: Kind = Kind.FIND, system: str = "paper-archive") -> PlanItem:
    return scenes.item_of(subject_request, kind, system)

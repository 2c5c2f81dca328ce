"""The desk's preview: what a search would find and an erasure would take, in counts, before anybody decides."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from dsr.datamap.schema import ControllerMap, IdentityKind, Way
from dsr.desk import people, sheet, words
from dsr.desk.buttons import button
from dsr.desk.outcome import at_once, refused
from dsr.desk.pages import heading, known
from dsr.desk.previewed import card
from dsr.steps import maps
from dsr.steps.fulfilling import previewing
from dsr.steps.permissions import Forbidden

if TYPE_CHECKING:
    from dsr.desk.site import Desk

NOTES = {
    "by-hand": "A person looks there once the request is accepted; nobody can count before.",
    "paused": "Staff have paused it, so nobody asked. What is found by its keys is missing here, too.",
    "silent": "It did not answer. What is found by its keys is missing here, too.",
    "behind": "Not counted is what is asked by way of a system that gave no answer.",
    "refused": "It refused us, or its settings are wrong: an engineer has to look.",
}
WAYS = {
    Way.DELETE: "deleted",
    Way.REDACT: "redacted",
    Way.AGGREGATE: "stripped of what points at a person",
    Way.UNLINK: "unlinked from the person",
    Way.TOMBSTONE: "emptied, the number stays",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One collection."""

    system: str
    note: str
    collection: str
    by: str
    found: int | None
    goes: list[str]
    keeps: list[sheet.Kept]


@button
def ask(request: HttpRequest, reference: str, site: "Desk") -> HttpResponse:
    """Have a worker look."""
    subject_request = known(people.staff_of(request), reference)

    def step() -> None:
        previewing.ask(subject_request, by=people.actor_of(request), at=timezone.now())

    done = "A preview is being made. Load this page again in a moment. Nothing is changed anywhere."
    return at_once(request, site, subject_request, step, done)


@require_safe
def show(request: HttpRequest, reference: str, site: "Desk") -> HttpResponse:
    """The preview as it was made; that somebody looked is written into the record."""
    subject_request = known(people.staff_of(request), reference)
    by = people.actor_of(request)
    try:
        item = previewing.read(subject_request, by=by, at=timezone.now())
    except Forbidden:
        return refused(request, site, subject_request)
    if item is None:
        return redirect("desk:request", reference)
    controller_map = maps.controller(subject_request.controller)
    context = {
        **heading(subject_request),
        **card(subject_request, by),
        "title": "Preview",
        "item": item,
        "erasing": any("fates" in row for system in item.counts["systems"] for row in system["collections"]),
        "lines": [line for system in item.counts["systems"] for line in _lines(system, controller_map)],
        "unreachable": [
            ": ".join(sheet.titles(controller_map, *place.split("."))) for place in item.counts["unreachable"]
        ],
        "version": controller_map.version,
    }
    return render(request, "desk/preview.html", {**site.each_context(request), **context})


def _lines(told: dict[str, Any], controller_map: ControllerMap) -> list[Line]:
    return [_line(told, row, controller_map) for row in told["collections"]]


def _line(told: dict[str, Any], row: dict[str, Any], controller_map: ControllerMap) -> Line:
    system, collection = sheet.titles(controller_map, told["system"], row["collection"])
    fates = row.get("fates", [])
    kept = [sheet.kept(controller_map, each) for each in fates if each["until"]]
    goes = [f"{each['count']:,} {WAYS[Way(each['way'])]}" for each in fates if not each["until"]]
    return Line(
        system, NOTES.get(told["note"], ""), collection, _by(told, row, controller_map), row["found"], goes, kept
    )


def _by(told: dict[str, Any], row: dict[str, Any], controller_map: ControllerMap) -> str:
    """By what it is asked, in words."""
    by = [words.IDENTITIES[IdentityKind(kind)] for kind in row["by"]]
    for place in row["through"]:
        other, dot, name = place.partition(".")
        titles = (
            sheet.titles(controller_map, other, name) if dot else sheet.titles(controller_map, told["system"], place)
        )
        by.append(f"through {': '.join(titles) if dot else titles[1]}")
    return ", ".join(by)

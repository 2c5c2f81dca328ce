"""The matrix of rights: what each controller offers where, who grants it, and where that stands (P12)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dsr.datamap.schema import Controller, RightOffer
from dsr.desk import people, words
from dsr.law.rights import Right
from dsr.steps import maps
from dsr.steps.asking import intake

if TYPE_CHECKING:
    from dsr.desk.site import Desk

GRANTED = {"policy": "Policy", "law": "Law", "house": "House"}


@dataclass(frozen=True, slots=True)
class Cell:
    """One right in one region."""

    region: str
    granted: str  # empty: not offered
    citation: str


@dataclass(frozen=True, slots=True)
class Matrix:
    """One controller's table."""

    controller: Controller
    regions: list[str]
    rows: list[tuple[str, list[Cell]]]


@require_safe
def show(request: HttpRequest, site: "Desk") -> HttpResponse:
    """The tables of this staff member's controllers."""
    slugs = people.controllers_of(people.staff_of(request))
    context = {"title": "Rights by region", "matrices": [_matrix(maps.controller(slug).controller) for slug in slugs]}
    return render(request, "desk/rights.html", {**site.each_context(request), **context})


def _matrix(controller: Controller) -> Matrix:
    regions = [region.title for region in controller.regions.values()]
    return Matrix(controller, regions, [(words.RIGHTS[right], list(_row(controller, right))) for right in Right])


def _row(controller: Controller, right: Right) -> Iterator[Cell]:
    for slug, region in controller.regions.items():
        offer: RightOffer | None = intake.offered(controller, right, slug)
        yield Cell(region.title, GRANTED[offer.granted_by] if offer else "", offer.citation if offer else "")

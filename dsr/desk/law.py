"""The law as this portal counts by it, shown to a lawyer: every row, its citation, and how far to trust it."""

from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from dsr.desk import people, words
from dsr.law.files import Status, law_version
from dsr.law.grounds import GROUNDS, GroundFacts
from dsr.law.regimes import Regime, regimes
from dsr.law.rights import Right
from dsr.steps import maps

if TYPE_CHECKING:
    from dsr.desk.site import Desk

# Words and colour of a chip.
_TRUST = {
    Status.READ: ("Text was read", "good"),
    Status.COMPUTED: ("Computed", "good"),
    Status.HOUSE: ("House rule", "quiet"),
    Status.VERIFY: ("Still to verify", "overdue"),
}


@require_safe
def show(request: HttpRequest, site: "Desk") -> TemplateResponse:
    """All law files. Nothing in them is about a person."""
    used = _used_by(people.controllers_of(people.staff_of(request)))
    context = {
        "title": "Law",
        "version": law_version(),
        "regimes": [_regime(regime, used[regime.slug]) for regime in regimes().values()],
        "grounds": [_ground(code, facts) for code, facts in GROUNDS.items()],
    }
    return TemplateResponse(request, "desk/law.html", {**site.each_context(request), **context})


def _used_by(slugs: Iterable[str]) -> dict[str, list[str]]:
    """For each regime where it counts: 'JoyPix: California'."""
    used = defaultdict(list)
    for slug in slugs:
        facts = maps.controller(slug).controller
        for region in facts.regions.values():
            for regime in region.regimes:
                used[regime].append(f"{facts.name}: {region.title}")
    return used


def _regime(regime: Regime, used_by: list[str]) -> dict[str, object]:
    rows = [
        {
            "row": row,
            "title": _spoken(row.key),
            "rights": _named(row.rights),
            "trust": _TRUST[row.status],
        }
        for row in regime.rows
    ]
    return {"regime": regime, "rows": rows, "used_by": used_by}


def _ground(code: str, facts: GroundFacts) -> dict[str, object]:
    asks = {"written evidence": facts.evidence, "a second person": facts.second_person}
    return {
        "title": _spoken(code),
        "facts": facts,
        "rights": _named(right for right in Right if right in facts.rights),
        "asks": [name for name, asked in asks.items() if asked],
        "trust": _TRUST[facts.status],
    }


def _spoken(code: str) -> str:
    return code.replace("-", " ").replace("_", " ").capitalize()


def _named(rights: Iterable[Right]) -> str:
    named = [words.RIGHTS[right] for right in rights]
    return ", ".join(named) if len(named) < len(Right) else ""

"""Remedies: whom a person can turn to who does not agree, by the region the request came from (GDPR Art. 12(4))."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from dsr.datamap.schema import Controller, ControllerMap, Region
from dsr.law.regimes import HOUSE, Key, Regime, regimes
from dsr.models import SubjectRequest
from dsr.steps import maps

NAMED = frozenset({"reasons", "authority", "court", "controller-complaint"})  # by the letter of a refusal


def of(subject_request: SubjectRequest, controller: Controller) -> dict[str, object]:
    """What every closing letter, the status page and the package name: authority, court, complaint to us."""
    region = controller.regions.get(subject_request.region)
    refused = bool(subject_request.ground) or subject_request.part_refusals.exists()
    return {
        "authority": authority(controller, region),
        "court": region.court if region else "",
        "complaint_to": (region.complaint_to if region else "") or controller.email,
        "remedies_citation": _("; ").join(_refusals(region)) if refused else "",  # it speaks of refusals
    }


def laws(subject_request: SubjectRequest) -> list[str]:
    """The slugs of the active laws under which a request came."""
    regions = maps.controller(subject_request.controller).controller.regions
    return [law.slug for law in _laws(regions.get(subject_request.region))]


def authority(controller: Controller, region: Region | None) -> str:
    """Who watches over us where the person lives, with address; else as the controller says for everybody."""
    return (region.authority if region else "") or controller.authority


def named(subject_request: SubjectRequest, controller_map: ControllerMap) -> ControllerMap:
    """The same map, with the authority of the person's region in the place of the general one."""
    facts = controller_map.controller
    own = {"authority": authority(facts, facts.regions.get(subject_request.region))}
    return controller_map.model_copy(update={"controller": facts.model_copy(update=own)})


def unsaid() -> Iterator[tuple[str, str, str]]:
    """Each controller, region and block that a law there demands of a refusal and our letter does not name."""
    for slug, about in maps.controllers().items():
        for name, region in about.controller.regions.items():
            yield from ((slug, name, block) for block in sorted(demanded(region) - NAMED))


def demanded(region: Region | None) -> frozenset[str]:
    """What a refusal must name: by our own rule, and by every active law of the region."""
    return frozenset(block for law in (regimes()[HOUSE], *_laws(region)) for block in law.refusal_names)


def _laws(region: Region | None) -> list[Regime]:
    """The active laws of a region."""
    return [law for slug in (region.regimes if region else ()) if (law := regimes()[slug]).active]


def _refusals(region: Region | None) -> list[str]:
    """Where it stands what a refusal must name."""
    return [row.citation for law in _laws(region) if (row := law.row(Key.REFUSAL))]

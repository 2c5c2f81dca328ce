"""The card of a request that says whether there is a preview, and lets one be made."""

from dsr.law.actors import Actor
from dsr.law.work import ItemState
from dsr.models import SubjectRequest
from dsr.steps import maps
from dsr.steps.fulfilling import previewing, versions
from dsr.steps.permissions import Duty, may


def card(subject_request: SubjectRequest, by: Actor) -> dict[str, object]:
    """Whether a preview can be asked for, and how the last one stands; for those who review."""
    if not may(by, Duty.REVIEW, subject_request):
        return {}
    item = previewing.known(subject_request)
    made = item if item is not None and item.state == ItemState.DONE else None
    return {
        "preview_offered": previewing.possible(subject_request) and (item is None or item.state in previewing.AGAIN),
        "preview_runs": item is not None and item.state not in previewing.AGAIN,
        "preview": made,
        "preview_stale": made is not None and made.counts["map"] != maps.controller(subject_request.controller).version,
    }


def map_change(subject_request: SubjectRequest) -> dict[str, object]:
    """Whether the data map is another one than the plan was made by, and what of the plan it lost."""
    now = maps.controller(subject_request.controller).version
    if not subject_request.map_version or subject_request.closed or subject_request.map_version == now:
        return {}
    return {"map_now": now, "map_lost": versions.gone(subject_request)}

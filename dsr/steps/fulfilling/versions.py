"""What a change of the data map means for what was found, or approved, before it."""

from collections.abc import Iterable

from dsr.connectors.contract import Rejected
from dsr.datamap.place import place_of
from dsr.law.work import Kind
from dsr.models import PlanItem, SubjectRequest
from dsr.steps import maps
from dsr.steps.fulfilling import sources
from dsr.steps.fulfilling.manifest import Line


def same_places(item: PlanItem, lines: Iterable[Line]) -> None:
    """Keys and ways go by the approved manifest; the map has to name the same place for them. Raises Rejected."""
    subject_request = item.subject_request
    controller_map = maps.controller(subject_request.controller)
    system = controller_map.systems.get(item.system)
    versions = _versions(subject_request, controller_map.version)
    for line in lines:
        if system is None or line.collection not in system.collections:
            raise Rejected(f"The data map does not describe '{line.collection}' any more. {versions}")
        if line.place and line.place != place_of(system, line.collection):
            raise Rejected(f"The data map now names another place or key for '{line.collection}'. {versions}")


def gone(
    subject_request: SubjectRequest,
    summary: Iterable[sources.Row] | None = None,
    finds: Iterable[PlanItem] | None = None,
) -> list[str]:
    """Systems and collections that were searched or listed, and that the map does not describe any more.

    `summary`, `finds`: of its manifests, and its items that search, where the caller has read them.
    """
    controller_map = maps.controller(subject_request.controller)
    searched = subject_request.items.filter(kind=Kind.FIND) if finds is None else finds
    finds = [item for item in searched if item.outcome]
    summary = sources.summary(subject_request) if summary is None else summary
    used = {(row["system"], row["collection"]) for row in summary}
    used |= {(item.system, name) for item in finds for name in item.counts.get("rows", {})}
    systems = controller_map.systems
    lost = {
        f"{system}.{name}" for system, name in used if system in systems and name not in systems[system].collections
    }
    return sorted(lost | {item.system for item in finds if item.system not in systems})


def described(
    subject_request: SubjectRequest, finds: Iterable[PlanItem], summary: Iterable[sources.Row] | None = None
) -> None:
    """Whether the map still has words for everything the answer speaks of. Raises Rejected, which names what not."""
    if lost := gone(subject_request, summary, finds):
        now = maps.controller(subject_request.controller).version
        names = ", ".join(f"'{name}'" for name in lost)
        raise Rejected(
            f"The data map does not describe {names} any more. {_versions(subject_request, now)} "
            "Put it back into the map, and let this go on."
        )


def _versions(subject_request: SubjectRequest, now: str) -> str:
    return f"The plan was made by map {subject_request.map_version}; it is {now} now."

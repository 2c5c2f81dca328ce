"""What a change of the data map means for an erasure that was approved before it."""

from collections.abc import Iterable

from dsr.connectors.contract import Rejected
from dsr.datamap.place import place_of
from dsr.models import PlanItem
from dsr.steps import maps
from dsr.steps.fulfilling.manifest import Line


def same_places(item: PlanItem, lines: Iterable[Line]) -> None:
    """Keys and ways go by the approved manifest; the map has to name the same place for them. Raises Rejected."""
    subject_request = item.subject_request
    controller_map = maps.controller(subject_request.controller)
    system = controller_map.systems.get(item.system)
    versions = f"The plan was made by map {subject_request.map_version}; it is {controller_map.version} now."
    for line in lines:
        if system is None or line.collection not in system.collections:
            raise Rejected(f"The data map does not describe '{line.collection}' any more. {versions}")
        if line.place and line.place != place_of(system, line.collection):
            raise Rejected(f"The data map now names another place or key for '{line.collection}'. {versions}")

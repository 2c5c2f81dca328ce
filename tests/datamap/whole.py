"""A controller's whole map around systems that are built by hand."""

from pathlib import Path

from dsr.datamap.load import load
from dsr.datamap.schema import ControllerMap, SystemMap

_JOYPIX = Path(__file__).parents[2] / "controllers" / "joypix"


def whole(*systems: SystemMap) -> ControllerMap:
    """These systems, under the facts of a real controller."""
    return load(_JOYPIX).model_copy(update={"systems": {one.slug: one for one in systems}})

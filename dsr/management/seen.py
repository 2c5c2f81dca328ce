"""Whether the live column that a map's `proof.unseen` names can say when somebody was last there."""

import re
from collections.abc import Iterator

from django.conf import settings

from dsr.connectors.contract import Finding, Schema
from dsr.datamap.marked import Marked
from dsr.datamap.schema import ControllerMap, SystemMap

_AT = ("proof", "unseen", "field")
# Texts and whole numbers may hold a moment (see law.moments); a time of the day, a length and a small number cannot.
_NO_DATE = re.compile(
    r"BOOL|BLOB|BINARY|BYTEA|UUID|JSON|XML|INTERVAL|INET|CIDR|MACADDR|TINYINT|SMALLINT|MEDIUMINT|\[\]"
    r"|^(?:TIME(?!STAMP)|BIT|YEAR|ENUM|SET\b|POINT|GEOM)"
)


def findings(controller_map: ControllerMap, system: SystemMap, live: Schema) -> Iterator[Finding]:
    """What is wrong with it in this system, with the line that names it; nothing, where its table is not known."""
    unseen = controller_map.controller.proof.unseen
    if unseen is None or unseen.system != system.slug:
        return
    columns = live.collections.get(table(system, unseen.collection))
    if columns is None:
        return
    kind = columns.get(unseen.field)
    if kind is None:
        yield Finding(unseen.collection, f"column '{unseen.field}' is missing, by which {_named(controller_map)}")
    elif _NO_DATE.search(kind.upper()):
        message = f"column '{unseen.field}' ({kind}) holds no date, by which {_named(controller_map)}"
        yield Finding(unseen.collection, message)


def table(system: SystemMap, collection: str) -> str:
    """How the live schema calls a collection."""
    told = system.collections[collection].settings
    return ".".join(part for part in (told.get("schema"), told.get("table", collection)) if part)


def _named(controller_map: ControllerMap) -> str:
    slug = controller_map.controller.slug
    file = Marked.read(settings.DSR_CONTROLLERS / slug / "controller.yaml", f"{slug}/controller.yaml")
    return f"proof.unseen asks when a mailbox was last seen ({file.name}:{file.line(_AT)})"

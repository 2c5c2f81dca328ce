"""Kinds of connector, imported on first use."""

from collections.abc import Mapping
from importlib import import_module

from dsr.connectors.contract import Connector
from dsr.datamap.schema import SystemMap

KINDS: dict[str, str] = {
    "sql": "dsr.connectors.sql:SqlDatabase",
    "object_store": "dsr.connectors.object_store:ObjectStore",
    "http": "dsr.connectors.http:HttpService",
    # Above us: it is given its place here, and imported on first use.
    "portal": "dsr.steps.fulfilling.own_house:OwnHouse",
}


def build(system: SystemMap, environ: Mapping[str, str]) -> Connector:
    """The connector of a system. ValueError: unknown kind or bad settings."""
    try:
        module, name = KINDS[system.connector.kind].split(":")
    except KeyError:
        known = ", ".join(sorted(KINDS))
        message = f"{system.slug}: unknown connector kind '{system.connector.kind}'; known are {known}"
        raise ValueError(message) from None
    connector: type[Connector] = getattr(import_module(module), name)
    return connector.from_map(system, environ)

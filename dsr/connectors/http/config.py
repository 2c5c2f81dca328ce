"""The settings of an HTTP service, checked against the map before anything is sent."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from dsr.connectors.settings import collection_settings, stop_settings, system_settings
from dsr.datamap.schema import SystemMap, Way

_MOST_VALUES = 100
_LONGEST_TIMEOUT = 600.0


@dataclass(frozen=True, slots=True)
class Endpoints:
    """How one collection is asked; an empty path means that the service cannot do it."""

    list: str
    query: str  # the own field that is the parameter
    batch: int = 1  # values in one call
    erase: str = ""
    correct: str = ""
    poll: str = ""  # of a job, erasure or correction
    by_id: str = ""  # the parameter that asks for keys, for reading back


@dataclass(frozen=True, slots=True)
class StopEndpoint:
    """Where a stop is sent, and where its job is polled."""

    path: str
    poll: str = ""


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """Where the service is and how it knows us. The token shows itself nowhere."""

    base_url: str
    token: str = field(repr=False)
    timeout: float
    collections: Mapping[str, Endpoints]
    stops: Mapping[str, StopEndpoint]


def http_settings(system: SystemMap, environ: Mapping[str, str]) -> HttpSettings:
    """Read and check everything. ValueError names the setting."""
    given = system_settings(system, environ, needed=("base_url", "token"), optional=("timeout",))
    token = given["token"]
    if not (token.isascii() and token.isprintable()) or " " in token:
        raise ValueError(f"{system.slug}: setting 'token' must be one word of plain characters")
    return HttpSettings(
        base_url=given["base_url"].rstrip("/"),
        token=token,
        timeout=_timeout(system.slug, given.get("timeout", "30")),
        collections={name: _endpoints(system, name) for name in system.collections},
        stops={slug: _stop(system, slug) for slug in system.stops},
    )


def _timeout(slug: str, text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= _LONGEST_TIMEOUT:
        raise ValueError(f"{slug}: setting 'timeout' must be seconds, at most {_LONGEST_TIMEOUT:.0f}")
    return seconds


def _endpoints(system: SystemMap, name: str) -> Endpoints:
    where = f"{system.slug}.{name}"
    optional = ("erase", "correct", "poll", "batch", "by_id")
    given = collection_settings(system, name, needed=("list", "query"), optional=optional)
    _paths(where, given, ("list", "erase", "correct", "poll"))
    batch = given.get("batch", "1")
    if not (batch.isascii() and batch.isdigit() and 1 <= int(batch) <= _MOST_VALUES):
        raise ValueError(f"{where}: setting 'batch' must be a number from 1 to {_MOST_VALUES}")
    endpoints = Endpoints(
        list=given["list"],
        query=given["query"],
        batch=int(batch),
        erase=given.get("erase", ""),
        correct=given.get("correct", ""),
        poll=given.get("poll", ""),
        by_id=given.get("by_id", ""),
    )
    _agree(where, system, name, endpoints)
    return endpoints


def _stop(system: SystemMap, slug: str) -> StopEndpoint:
    given = stop_settings(system, slug, needed=("path",), optional=("poll",))
    _paths(f"{system.slug}.stops.{slug}", given, ("path", "poll"))
    return StopEndpoint(given["path"], given.get("poll", ""))


def _paths(where: str, given: Mapping[str, str], settings: tuple[str, ...]) -> None:
    for setting in settings:
        path = given.get(setting, "/")
        if not path.startswith("/") or path.startswith("//") or ".." in path or set(path) & set("?#\\"):
            raise ValueError(f"{where}: setting '{setting}' must be a path such as /payments")
    if given.get("poll", "{job}").count("{job}") != 1:
        raise ValueError(f"{where}: setting 'poll' must hold {{job}} once")


def _agree(where: str, system: SystemMap, name: str, endpoints: Endpoints) -> None:
    collection = system.collections[name]
    if len(collection.key) != 1:
        raise ValueError(f"{where}: rows of a service are named by one field; its key has more")
    for own in (*collection.found_by.values(), *(tuple(link.on) for link in collection.links)):
        if tuple(own) != (endpoints.query,):
            raise ValueError(f"{where}: rows are found by '{endpoints.query}' only, the setting 'query'")
    if collection.files:
        raise ValueError(f"{where}: 'files' is not for services; they bring rows")
    if (endpoints.erase or endpoints.correct) and not endpoints.by_id:
        raise ValueError(f"{where}: setting 'by_id' is missing; without it no effect can be read back")
    if not endpoints.correct and any(field.rectifiable for field in collection.fields.values()):
        raise ValueError(f"{where}: setting 'correct' is missing, though a field is rectifiable")
    if collection.erase.way not in (Way.DELETE, Way.KEEP):
        raise ValueError(f"{where}: a service erases in its own way; the map can say delete or keep")

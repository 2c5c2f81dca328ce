"""The settings of an HTTP service, checked against the map before anything is sent."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from dsr.connectors.http.auth import AUTH, NEEDS, OPTIONAL, Auth
from dsr.connectors.http.declarations import Endpoints, StopEndpoint
from dsr.connectors.http.endpoints import PAGING, endpoints, stop_endpoint
from dsr.connectors.http.minting import CLAIM
from dsr.connectors.http.pace import rate
from dsr.connectors.http.paths import Condition
from dsr.connectors.http.reading import Given, SettingError, choice, closed_address, seconds, word
from dsr.connectors.known import SECRET, gives_away
from dsr.connectors.settings import resolve
from dsr.datamap.flaw import Flaw
from dsr.datamap.schema import SystemMap
from dsr.egress.addresses import networks

_LONGEST_TIMEOUT = 600.0
_REFERENCE = re.compile(r"\$\{[^}]*\}")
_HEADER = "header."
_OWN = ("auth", "timeout", "private", "rate", "ok", "bodies", "idempotency_header")
# What a reference may stand for, while only the shape of a map is looked at.
_SAMPLES = {
    "base_url": "https://unknown.example",
    "token_url": "https://unknown.example/token",
    "timeout": "30",
    "private": "10.0.0.0/8",
    "rate": "1/s",
    "auth": "bearer",
    "algorithm": "HS256",
    "lives": "60",
}


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """Where the service is and how it knows us. Secrets show themselves nowhere."""

    base_url: str
    timeout: float
    private: tuple[str, ...]
    rate: str
    ok: Condition | None
    form: bool
    idempotency_header: str
    headers: Mapping[str, str] = field(repr=False)
    auth: Auth = field(repr=False)
    collections: Mapping[str, Endpoints] = field(default_factory=dict)
    stops: Mapping[str, StopEndpoint] = field(default_factory=dict)


def http_settings(system: SystemMap, environ: Mapping[str, str]) -> HttpSettings:
    """Read and check everything. ValueError names the setting."""
    given = Given(system.slug, ("connector", "settings"), _resolved(system, environ))
    return replace(
        _own(given),
        collections={name: _collection(system, name) for name in system.collections},
        stops={slug: _stop(system, slug) for slug in system.stops},
    )


def http_flaws(system: SystemMap) -> Iterator[Flaw]:
    """What is wrong with a map's settings, as far as it shows without any secret."""
    raw = system.connector.settings
    sampled = {
        name: _SAMPLES.get(name, "x") if _REFERENCE.fullmatch(text) else _REFERENCE.sub("x", text)
        for name, text in raw.items()
    }
    try:
        _own(Given(system.slug, ("connector", "settings"), sampled))
    except SettingError as error:
        yield Flaw(system.slug, error.where, error.message)
    for name in raw:
        if name.startswith((_HEADER, CLAIM)) and gives_away(name.partition(".")[2], _REFERENCE.split(raw[name])):
            yield Flaw(system.slug, ("connector", "settings", name), SECRET)
    for read, names in ((_collection, system.collections), (_stop, system.stops)):
        for name in names:
            try:
                read(system, name)
            except SettingError as error:
                yield Flaw(system.slug, error.where, error.message)


def _resolved(system: SystemMap, environ: Mapping[str, str]) -> dict[str, str]:
    found = {}
    for name, text in system.connector.settings.items():
        try:
            found[name] = resolve(text, environ).strip()
        except ValueError as error:
            where = ("connector", "settings", name)
            raise SettingError(system.slug, where, f"setting '{name}': {error}") from None
    return found


def _own(given: Given) -> HttpSettings:
    auth = given.read("auth", choice(*AUTH), "bearer")
    prefixes = (_HEADER, CLAIM) if auth == "jwt" else (_HEADER,)
    given.only(("base_url", *NEEDS[auth]), (*_OWN, *PAGING, *OPTIONAL[auth]), prefixes)
    private = tuple(given.text("private").split())
    given.read("private", lambda _: networks(private), "")
    given.maybe("rate", rate)
    return HttpSettings(
        base_url=closed_address(given, "base_url").rstrip("/"),
        timeout=given.read("timeout", seconds(_LONGEST_TIMEOUT), "30"),
        private=private,
        rate=given.text("rate"),
        ok=given.maybe("ok", Condition.of),
        form=given.read("bodies", choice("json", "form"), "json") == "form",
        idempotency_header=given.read("idempotency_header", word, "Idempotency-Key"),
        headers={name.removeprefix(_HEADER): given.text(name) for name in given.values if name.startswith(_HEADER)},
        auth=Auth.of(auth, given),
    )


def _collection(system: SystemMap, name: str) -> Endpoints:
    settings = {**_defaults(system), **system.collections[name].settings}
    given = Given(f"{system.slug}.{name}", ("collections", name, "settings"), settings)
    return endpoints(system, name, given)


def _stop(system: SystemMap, slug: str) -> StopEndpoint:
    where = ("stops", slug, "settings")
    return stop_endpoint(Given(f"{system.slug}.stops.{slug}", where, system.stops[slug].settings))


def _defaults(system: SystemMap) -> dict[str, str]:
    """A system says once how its lists go on."""
    return {name: text for name, text in system.connector.settings.items() if name in PAGING}

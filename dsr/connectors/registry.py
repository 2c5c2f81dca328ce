"""Kinds of connector, imported on first use: our own, then those that installed packages bring."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points

from dsr.connectors import known
from dsr.connectors.brought import Turning, built
from dsr.connectors.contract import Connector
from dsr.datamap.flaw import Flaw, unknown
from dsr.datamap.schema import SystemMap

GROUP = "dsr.connectors"  # of the entry points by which a package adds kinds

KINDS: dict[str, str] = {
    "sql": "dsr.connectors.sql:SqlDatabase",
    "object_store": "dsr.connectors.object_store:ObjectStore",
    "http": "dsr.connectors.http:HttpService",
    # Above us: they are given their place here, and imported on first use.
    "portal": "dsr.steps.fulfilling.own_house:OwnHouse",
    "manual": "dsr.steps.errands.by_hand:ByHand",
    "email": "dsr.steps.errands.by_letter:ByLetter",
}

# Kinds of ours that can tell whose of several people a row is: see Ability.SHARE.
_SHARING = ("sql",)

# Kinds whose settings can be looked at without any secret, when a map is read.
_LOOKS: dict[str, str] = {"http": "dsr.connectors.http.config:http_flaws"}

_none_here: ContextVar[bool] = ContextVar("no connector is built here", default=False)


class ForWorkersOnly(RuntimeError):
    """A page asked for a connector, and so for the secrets of a system."""


@contextmanager
def none_built() -> Iterator[None]:
    """For as long as a page is made: who reaches it must not reach a system by it."""
    before = _none_here.set(True)
    try:
        yield
    finally:
        _none_here.reset(before)


def flaws(system: SystemMap) -> Iterator[Flaw]:
    """What is wrong with a system's settings, each where it stands in the file."""
    kind = system.connector.kind
    if kind not in KINDS:
        yield from unknown(system.slug, ("connector", "kind"), [kind], kinds(), "connector")
    yield from known.flaws(system)
    if kind in KINDS and kind not in _SHARING:
        yield from (
            Flaw(system.slug, ("collections", name, "shared"), f"found connector '{kind}'; allowed is {_SHARING[0]}")
            for name, collection in system.collections.items()
            if collection.shared
        )
    if kind not in _LOOKS:
        return
    module, name = _LOOKS[kind].split(":")
    look: Callable[[SystemMap], Iterable[Flaw]] = getattr(import_module(module), name)
    yield from look(system)


def build(system: SystemMap, environ: Mapping[str, str]) -> Connector:
    """The connector of a system. ValueError: unknown kind or bad settings. Raises ForWorkersOnly."""
    if _none_here.get():
        raise ForWorkersOnly(system.slug)
    kind, theirs = _kind(system)
    return built(kind, theirs, system, environ) if theirs else kind.from_map(system, environ)


def kinds() -> tuple[str, ...]:
    """Every kind that a map may name here."""
    return tuple(sorted({*KINDS, *(one.name for one in brought())}))


@cache
def brought() -> tuple[EntryPoint, ...]:
    """What the installed packages bring; read once per process, for it takes a look into each of them."""
    return tuple(entry_points(group=GROUP))


def _kind(system: SystemMap) -> tuple[type[Connector], str]:
    """The class, and of one that a package brings what to call it."""
    kind = system.connector.kind
    theirs = [one for one in brought() if one.name == kind]
    if kind in KINDS and not theirs:
        module, name = KINDS[kind].split(":")
        ours: type[Connector] = getattr(import_module(module), name)
        return ours, ""
    if not theirs:
        message = f"{system.slug}: unknown connector kind '{kind}'; known are {', '.join(kinds())}"
        raise ValueError(message)
    packages = ", ".join(sorted({_package(one) for one in theirs}))
    if kind in KINDS:
        message = f"{system.slug}: the package {packages} brings a connector '{kind}', which is one of ours; remove it"
        raise ValueError(message)
    if len(theirs) > 1:
        message = f"{system.slug}: {packages} bring more than one connector '{kind}'; keep one"
        raise ValueError(message)
    what = f"{system.slug}: connector '{kind}' of {packages}"
    return _load(theirs[0], what), what


def _load(theirs: EntryPoint, what: str) -> type[Connector]:
    """The class that a package names. ValueError names the package, for the map is right and the package is not."""
    with Turning(lambda error: ValueError(f"{what} cannot be loaded: {type(error).__name__}")):
        found: object = theirs.load()
    if not isinstance(found, type) or not all(callable(getattr(found, call, None)) for call in ("from_map", "find")):
        raise ValueError(f"{what} is no connector")
    return found


def _package(theirs: EntryPoint) -> str:
    return f"'{theirs.dist.name}'" if theirs.dist else f"'{theirs.value}'"

"""The settings that our kinds of connector know, looked at when a map is read, without a secret or a driver."""

import re
from collections.abc import Iterator, Mapping

from dsr.connectors.settings import misnamed
from dsr.datamap.flaw import Flaw, Where
from dsr.datamap.schema import SystemMap

Names = tuple[tuple[str, ...], tuple[str, ...]]  # those that are needed, those that may be left out

S3 = ("endpoint", "region", "key_id", "secret", "addressing", "versioning", "timeout")
OF_SYSTEM: Mapping[str, Names] = {
    "sql": (("url",), ("write_url", "without_people")),
    "object_store": (("url",), S3),  # which of a bucket's are needed shows only in the address
    "manual": ((), ("days", "how")),
    "email": ((), ()),
}
OF_COLLECTION: Mapping[str, Names] = {
    "sql": ((), ("table", "schema")),
    "object_store": (("path",), ()),
    "manual": ((), ()),
    "email": ((), ()),
}
SECRET = "a secret must not stand in a map; name where it is, as ${NAME} or ${file:/path}"

# Words in the name of a header, a parameter or a key of a body that holds a secret; not 'author', not 'keyword'.
NAMES_SECRET = re.compile(r"auth(?!ors?(?![a-z]))|key(?!word)|token|secret|cookie|passw|signature", re.IGNORECASE)

_REFERENCE = re.compile(r"\$\{[^}]*\}")
_PASSWORD = re.compile(r"://[^:/?#]*:[^@]+@|[?&;]pass(?:word|wd)?=[^&;]", re.IGNORECASE)
_SECRETS = {"object_store": ("key_id", "secret")}
_ADDRESSES = {"sql": ("url", "write_url"), "object_store": ("endpoint",)}


def flaws(system: SystemMap) -> Iterator[Flaw]:
    """Settings that nobody knows or that are missing, and secrets that stand in the file; no value is quoted."""
    kind, given = system.connector.kind, system.connector.settings
    if kind not in OF_SYSTEM:
        return
    yield from _named(system.slug, ("connector", "settings"), given, OF_SYSTEM[kind])
    for name, collection in system.collections.items():
        yield from _named(system.slug, ("collections", name, "settings"), collection.settings, OF_COLLECTION[kind])
    for slug, stop in system.stops.items():
        yield from _named(system.slug, ("stops", slug, "settings"), stop.settings, ((), ()))
    for name in given:
        if _secret(kind, name, given[name]):
            yield Flaw(system.slug, ("connector", "settings", name), SECRET)


def _named(slug: str, where: Where, given: Mapping[str, str], names: Names) -> Iterator[Flaw]:
    for name, message in misnamed(given, *names):
        yield Flaw(slug, (*where, *([name] if name else [])), message)
    for name, text in given.items():
        if not text.strip():
            yield Flaw(slug, (*where, name), f"setting '{name}' is empty")


def _secret(kind: str, name: str, text: str) -> bool:
    if name in _SECRETS.get(kind, ()):
        return not _REFERENCE.search(text)
    return name in _ADDRESSES.get(kind, ()) and bool(_PASSWORD.search(_REFERENCE.sub("", text)))

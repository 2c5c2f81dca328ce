"""The settings that our kinds of connector know, looked at when a map is read, without a secret or a driver."""

import re
from collections.abc import Iterator, Mapping, Sequence

from dsr.connectors.settings import misnamed
from dsr.datamap.flaw import Flaw, Where
from dsr.datamap.schema import SystemMap

Names = tuple[tuple[str, ...], tuple[str, ...]]  # those that are needed, those that may be left out

S3 = ("endpoint", "private", "region", "key_id", "secret", "addressing", "versioning", "timeout")
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

# Words in the name of a header, a claim, a parameter or a key of a body that may hold a secret; not 'author'.
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_MAY_HOLD = re.compile(r"o?auth(orization|entication)?|keys?|\w*tokens?|cookies?|signatures?")
_HOLDS = re.compile(r"passw|secret|api.?key", re.IGNORECASE)
_PLAIN = re.compile(r"[A-Za-z_.,-]{0,20}|[0-9]{1,6}")  # `createdAt`, `apikey`, a version
_LEAST_SECRET = 8  # characters beside a reference; `Bearer ` is no secret

_REFERENCE = re.compile(r"\$\{[^}]*\}")
_PASSWORD = re.compile(
    r"://[^:/?#]*:[^@]+@|[?&;][\w.-]*(?:pass(?:word|wd|phrase)?|pwd|secret|token|api.?key)=[^&;]", re.IGNORECASE
)
# The whole name, or its last word: 'token_url' is none. Of a header and a claim more may be known: `gives_away`.
_IS_SECRET = re.compile(
    r"(?!header\.|claim\.)(?:.*[_.-])?(?:token|secret|passw(?:or)?d|passphrase|pwd|credentials?|api.?key"
    r"|(?:access|account|private|secret|shared|signing).?key(?:.id)?)|key",
    re.IGNORECASE,
)
_ALSO = {"object_store": ("key_id",)}
_ADDRESSES = {"sql": ("url", "write_url"), "object_store": ("endpoint",), "http": ()}  # http looks at its own


def gives_away(name: str, parts: Sequence[str]) -> bool:
    """Whether what stands in a map under this name may be a secret: the text between its references or gaps."""
    text = "".join(parts).strip()
    if len(parts) > 1 and len(text) < _LEAST_SECRET:
        return False
    if _HOLDS.search(name):
        return bool(text)
    return not _PLAIN.fullmatch(text) and any(_MAY_HOLD.fullmatch(word.lower()) for word in _WORD.findall(name))


def flaws(system: SystemMap) -> Iterator[Flaw]:
    """Settings that nobody knows or that are missing, and secrets that stand in the file; no value is quoted.

    Which settings there are is known of our own kinds alone; secrets are looked for in those of every kind.
    """
    kind, given = system.connector.kind, system.connector.settings
    if kind in OF_SYSTEM:
        yield from _misnamed(system)
    for name, text in given.items():
        if text.strip() and _secret(kind, name, text):
            yield Flaw(system.slug, ("connector", "settings", name), SECRET)


def _misnamed(system: SystemMap) -> Iterator[Flaw]:
    kind, given = system.connector.kind, system.connector.settings
    yield from _named(system.slug, ("connector", "settings"), given, OF_SYSTEM[kind])
    for name, collection in system.collections.items():
        yield from _named(system.slug, ("collections", name, "settings"), collection.settings, OF_COLLECTION[kind])
    for slug, stop in system.stops.items():
        yield from _named(system.slug, ("stops", slug, "settings"), stop.settings, ((), ()))


def _named(slug: str, where: Where, given: Mapping[str, str], names: Names) -> Iterator[Flaw]:
    for name, message in misnamed(given, *names):
        yield Flaw(slug, (*where, *([name] if name else [])), message)
    for name, text in given.items():
        if not text.strip():
            yield Flaw(slug, (*where, name), f"setting '{name}' is empty")


def _secret(kind: str, name: str, text: str) -> bool:
    """Whether more than references stands where a secret belongs: half of one, too, is one too many."""
    written = _REFERENCE.sub("", text).strip()
    if _IS_SECRET.fullmatch(name) or name in _ALSO.get(kind, ()):
        return bool(written)
    is_address = name in _ADDRESSES[kind] if kind in _ADDRESSES else kind not in OF_SYSTEM and " " not in written
    return is_address and bool(_PASSWORD.search(written))

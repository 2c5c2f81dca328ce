"""Where the objects are and how they are named, checked against the map before anything is opened."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from urllib.parse import unquote, urlsplit

from dsr.connectors.known import OF_COLLECTION, OF_SYSTEM, S3
from dsr.connectors.object_store.pattern import Pattern
from dsr.connectors.settings import collection_settings, system_settings
from dsr.datamap.schema import CollectionMap, ConnectorMap, SystemMap, Way
from dsr.egress.addresses import Network, networks

BUILT_IN = {
    "path": "text",
    "size": "bytes",
    "modified_at": "moment",
    "etag": "text",
    "version_id": "text",
    "versions": "number",
    "uploads": "number",
    "content_type": "text",
}
METADATA = "meta_"
DETAILS = ("content_type", METADATA)  # what a list does not tell
_LONGEST_TIMEOUT = 600.0


@dataclass(frozen=True, slots=True)
class Local:
    """A folder on this machine, or mounted on it."""

    root: str


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket, or what begins with `root` in it. The credentials show themselves nowhere."""

    name: str
    root: str  # '' or ends in '/'
    endpoint: str  # '': Amazon's, by the region
    region: str
    key_id: str = field(repr=False)
    secret: str = field(repr=False)
    path_style: bool
    versioned: bool  # what the map says of it
    timeout: float
    private: tuple[Network, ...] | None = ()  # those that may be reached beside the internet; None: all of them


@dataclass(frozen=True, slots=True)
class ObjectStoreSettings:
    """The place, and the pattern of each collection."""

    place: Local | Bucket
    patterns: Mapping[str, Pattern]


def object_store_settings(system: SystemMap, environ: Mapping[str, str]) -> ObjectStoreSettings:
    """Read and check everything. ValueError names the setting."""
    fields = (field for one in system.collections.values() for field in one.fields.values())
    if system.stops or any(field.rectifiable for field in fields):
        raise ValueError(f"{system.slug}: objects are deleted or kept; nothing is rectifiable, and nothing stops")
    return ObjectStoreSettings(_place(system, environ), {name: _pattern(system, name) for name in system.collections})


def _place(system: SystemMap, environ: Mapping[str, str]) -> Local | Bucket:
    slug, written = system.slug, system.connector.settings
    needed, optional = OF_SYSTEM["object_store"]
    told = _only(system, {"url"} | set(written) - set(S3))
    url = system_settings(told, environ, needed=needed, optional=optional)["url"]
    scheme, _, rest = url.partition("://")
    if scheme == "file":  # the same map may lead to a bucket elsewhere: its settings wait, and need no values here
        return Local(_root(slug, url))
    name, _, root = rest.partition("/")
    if scheme != "s3" or not name or not is_below(root):
        raise ValueError(f"{slug}: setting 'url' must be such as file:///srv/media or s3://bucket/folder")
    given = system_settings(system, environ, needed=("url", "region", "key_id", "secret"), optional=S3)
    endpoint = given.get("endpoint", "")
    if endpoint and not is_origin(endpoint):
        raise ValueError(f"{slug}: setting 'endpoint' must be such as https://s3.example.com")
    private = _private(slug, given.get("private", ""))
    if endpoint.startswith("http:") and not private:
        raise ValueError(f"{slug}: setting 'endpoint' must begin with https://, unless 'private' names its network")
    return Bucket(
        name=name,
        root=f"{root.rstrip('/')}/" if root else "",
        endpoint=endpoint,
        region=given["region"],
        key_id=given["key_id"],
        secret=given["secret"],
        path_style=_choice(slug, given, "addressing", ("path", "virtual")) == "path",
        versioned=_choice(slug, given, "versioning", ("on", "off")) == "on",
        timeout=_timeout(slug, given.get("timeout", "60")),
        private=private,
    )


def _only(system: SystemMap, names: Collection[str]) -> SystemMap:
    settings = {name: text for name, text in system.connector.settings.items() if name in names}
    return system.model_copy(update={"connector": ConnectorMap(kind=system.connector.kind, settings=settings)})


def _root(slug: str, url: str) -> str:
    parsed = urlsplit(url)
    root = unquote(parsed.path)
    if parsed.netloc or parsed.query or parsed.fragment or not PurePath(root).is_absolute():
        raise ValueError(f"{slug}: setting 'url' must name an absolute path, such as file:///srv/media")
    return root


def is_below(root: str) -> bool:
    """Whether this is a folder's name in a bucket, or none."""
    return not root or not {"", ".", ".."} & set(root.removesuffix("/").split("/"))


def is_origin(endpoint: str) -> bool:
    """Whether this is an address alone, without a path or a name to sign in with."""
    try:
        parsed = urlsplit(endpoint)
        well = parsed.port != 0
    except ValueError:
        return False
    bare = not (parsed.path.strip("/") or parsed.query or parsed.fragment or parsed.username or parsed.password)
    return well and bare and parsed.scheme in ("http", "https") and bool(parsed.hostname)


def _choice(slug: str, given: Mapping[str, str], setting: str, allowed: Sequence[str]) -> str:
    """The setting; the first of what is allowed, unless it is said."""
    value = given.get(setting, allowed[0])
    if value not in allowed:
        raise ValueError(f"{slug}: setting '{setting}' must be one of {', '.join(allowed)}")
    return value


def _private(slug: str, text: str) -> tuple[Network, ...]:
    try:
        return networks(text.split())
    except ValueError as error:
        raise ValueError(f"{slug}: setting 'private': {error}") from None


def _timeout(slug: str, text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= _LONGEST_TIMEOUT:
        raise ValueError(f"{slug}: setting 'timeout' must be seconds, at most {_LONGEST_TIMEOUT:.0f}")
    return seconds


def _pattern(system: SystemMap, name: str) -> Pattern:
    """Read one collection's pattern and compare the map's fields with it. ValueError says what differs."""
    collection = system.collections[name]
    where = f"{system.slug}.{name}"
    try:
        pattern = Pattern.parse(collection_settings(system, name, needed=OF_COLLECTION["object_store"][0])["path"])
    except ValueError as error:
        raise ValueError(f"{where}: setting 'path': {error}") from None
    if taken := sorted(field for field in pattern.fields if _is_built_in(field)):
        raise ValueError(f"{where}: setting 'path': a field cannot be called '{taken[0]}', which means something else")
    unknown = sorted(field for field in set(collection.fields) - set(pattern.fields) if not _is_built_in(field))
    if unknown:
        known = ", ".join((*BUILT_IN, f"{METADATA}…"))
        raise ValueError(f"{where}: field '{unknown[0]}' is neither in the path nor one of {known}")
    _agree(where, collection, pattern)
    return pattern


def _is_built_in(field: str) -> bool:
    return field in BUILT_IN or (field.startswith(METADATA) and field != METADATA)


def _agree(where: str, collection: CollectionMap, pattern: Pattern) -> None:
    if not names_one(collection.key, pattern):
        raise ValueError(f"{where}: its key must be 'path' or all fields of a path that names a file")
    for own in (*collection.found_by.values(), *(tuple(link.on) for link in collection.links)):
        if not own or not set(own) <= {*pattern.fields, "path"}:
            raise ValueError(f"{where}: objects are found by fields of their path only")
    if collection.files not in ("", "path"):
        raise ValueError(f"{where}: 'files' must be 'path'")
    if collection.erase.way not in (Way.DELETE, Way.KEEP):
        raise ValueError(f"{where}: objects can be deleted or kept, not changed")


def names_one(key: Sequence[str], pattern: Pattern) -> bool:
    """Whether such a key means one object."""
    if "path" in key:
        return set(key) <= {*pattern.fields, "path"}
    return pattern.names_files and set(key) == set(pattern.fields)

"""Keys by role, each with an id, so that a key can be changed while older texts stay readable.

They stand in a file each, `<role>.json`, or in the environment, `DSR_KEY_<ROLE>`.
"""

import base64
import json
import os
import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import count
from pathlib import Path

from dsr.sealing.shelf import sync_folder


class Role(StrEnum):
    """What a key is for; one key is never used for two things."""

    FIELDS = "fields"  # sealed columns
    LOOKUP = "lookup"  # keyed hashes to search sealed identifiers by
    FILES = "files"  # wraps the age identity of each Part and document
    PACKAGES = "packages"  # the same of each Package: workers have it, and web processes do without
    EFFECTS = "effects"  # idempotency keys and addresses to call, shown to other systems
    CODES = "codes"  # one-time codes at rest
    CHECKPOINTS = "checkpoints"  # Ed25519 seed: signs the record
    CERTIFICATES = "certificates"  # Ed25519 seed: signs what closed requests are answered with
    SUPPRESSION = "suppression"  # keyed hashes of what was erased, to know it again after a restored backup


# These sign and open nothing: until something is signed, an installation without them has lost nothing.
KEY_BYTES = 32  # AES-256
WAITS = "+"  # before the name of a key that opens and does not seal yet
_KID = re.compile(r"[A-Za-z0-9_-]{1,32}")  # it stands in sealed texts, between dots
SIGNING = frozenset({Role.CHECKPOINTS, Role.CERTIFICATES})
# An older installation lacks them, and has lost nothing before they are used.
LATER = SIGNING | {Role.SUPPRESSION, Role.PACKAGES}


class KeysMissing(Exception):
    """No usable keys: the portal must not start, for new keys would lose what the old ones sealed."""


@dataclass(frozen=True, slots=True)
class Ring:
    """The keys of one role, the oldest first: `current` seals, all of them open, also one that waits for its turn."""

    current: str
    keys: Mapping[str, bytes]

    @property
    def oldest(self) -> str:
        """The key of what has to stay the same when another one seals: see `sealed.lasting`."""
        return next(iter(self.keys))

    @property
    def newest(self) -> str:
        """The current one, or one that waits for its turn."""
        return [*self.keys][-1]

    def key(self, kid: str) -> bytes:
        """The key with this id. KeysMissing when it is not on the ring."""
        try:
            return self.keys[kid]
        except KeyError:
            message = f"key '{kid}' is not on the ring"
            raise KeysMissing(message) from None


Keyring = Mapping[Role, Ring]


def load(folder: Path) -> Keyring:
    """Read the keys of every role; a file is {"current": kid, "keys": {kid: base64 of 32 bytes}}."""
    return {role: read(folder, role) for role in Role}


def variable(role: Role) -> str:
    """The environment's variable that stands in a file's place: 'kid:base64 of 32 bytes', the newest first.

    A '+' before the name: it opens, and does not seal yet.
    """
    return f"DSR_KEY_{role.upper()}"


def version(folder: Path, role: Role) -> object:
    """What changes when the keys of a role do; cheap, for it is asked before each use."""
    if told := os.environ.get(variable(role)):
        return told
    try:
        stat = _file(folder, role).stat()
    except FileNotFoundError:
        return None
    return stat.st_ino, stat.st_mtime_ns


def read(folder: Path, role: Role) -> Ring:
    """Read the keys of one role: from the environment, else from its file. Raises KeysMissing."""
    if told := os.environ.get(variable(role)):
        return _ring(variable(role), lambda: _of_line(told))
    path = _file(folder, role)
    try:
        text = path.read_text(encoding="ascii")
    except FileNotFoundError:
        message = f"{path.name} is missing from the folder of keys"
        raise KeysMissing(message) from None
    except UnicodeDecodeError:
        text = ""
    return _ring(path.name, lambda: _of_file(text))


def _of_file(text: str) -> Ring:
    raw = json.loads(text)
    return Ring(raw["current"], {kid: _key(encoded) for kid, encoded in raw["keys"].items()})


def _of_line(text: str) -> Ring:
    pairs = [pair.strip().partition(":") for pair in text.split(",")]
    current = next((kid for kid, _, _ in pairs if not kid.startswith(WAITS)), "")
    return Ring(current, {kid.removeprefix(WAITS): _key(encoded) for kid, _, encoded in reversed(pairs)})


def _key(encoded: str) -> bytes:
    return base64.b64decode(encoded, validate=True)


def _ring(source: str, read_it: Callable[[], Ring]) -> Ring:
    """What was read, checked; an error quotes nothing of it."""
    try:
        ring = read_it()
        well = all(len(key) == KEY_BYTES and _KID.fullmatch(kid) for kid, key in ring.keys.items())
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        message = f"{source} cannot be read ({type(error).__name__})"
        raise KeysMissing(message) from None
    if not well or ring.current not in ring.keys:
        message = f"{source}: every key has a short name and 32 bytes, and 'current' names one of them"
        raise KeysMissing(message)
    return ring


def lacking(folder: Path) -> frozenset[Role]:
    """Roles that neither the environment nor a file has keys of."""
    return frozenset(role for role in Role if not os.environ.get(variable(role)) and not _file(folder, role).exists())


def _file(folder: Path, role: Role) -> Path:
    return folder / f"{role}.json"


def make(folder: Path, roles: Iterable[Role] = tuple(Role)) -> None:
    """Make a first key of each role, readable by the owner only. Never replaces a file."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for role in roles:
        _put(_file(folder, role), Ring("k1", {"k1": secrets.token_bytes(KEY_BYTES)}))


def add(folder: Path, role: Role, *, waits: bool = False) -> str:
    """Let another key seal from now on: the one that waits for its turn, else a new one. Its name.

    With `waits` a new key opens only, until it is added once more: so that every machine has it before one seals by it.
    Raises KeysMissing.
    """
    if os.environ.get(variable(role)):
        message = f"{variable(role)} stands in the file's place: write the new key in front of the others there"
        raise KeysMissing(message)
    ring = read(folder, role)
    kid, keys = ring.newest, dict(ring.keys)
    if kid == ring.current:
        kid = next(name for number in count(len(keys) + 1) if (name := f"k{number}") not in keys)
        keys[kid] = secrets.token_bytes(KEY_BYTES)
    new = _file(folder, role).with_suffix(".new")
    new.unlink(missing_ok=True)  # of a run that broke off: nothing was sealed by it
    _put(new, Ring(ring.current if waits else kid, keys))
    new.replace(_file(folder, role))
    sync_folder(folder)  # what it seals from now on opens with it alone
    return kid


def _put(path: Path, ring: Ring) -> None:
    keys = {kid: base64.b64encode(key).decode() for kid, key in ring.keys.items()}
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(json.dumps({"current": ring.current, "keys": keys}))
        file.flush()
        os.fsync(file.fileno())

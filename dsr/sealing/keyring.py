"""Keys by role, each with an id, so that a key can be changed while older texts stay readable."""

import base64
import json
import os
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


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
SIGNING = frozenset({Role.CHECKPOINTS, Role.CERTIFICATES})
# An older installation lacks them, and has lost nothing before they are used.
LATER = SIGNING | {Role.SUPPRESSION, Role.PACKAGES}


class KeysMissing(Exception):
    """No usable keys: the portal must not start, for new keys would lose what the old ones sealed."""


@dataclass(frozen=True, slots=True)
class Ring:
    """The keys of one role: `current` seals, all of them open."""

    current: str
    keys: Mapping[str, bytes]

    def key(self, kid: str) -> bytes:
        """The key with this id. KeysMissing when it is not on the ring."""
        try:
            return self.keys[kid]
        except KeyError:
            message = f"key '{kid}' is not on the ring"
            raise KeysMissing(message) from None


Keyring = Mapping[Role, Ring]


def load(folder: Path) -> Keyring:
    """Read `<role>.json` of every role: {"current": kid, "keys": {kid: base64 of 32 bytes}}."""
    return {role: read(folder, role) for role in Role}


def read(folder: Path, role: Role) -> Ring:
    """Read the file of one role. Raises KeysMissing."""
    path = folder / f"{role}.json"
    try:
        raw = json.loads(path.read_text(encoding="ascii"))
        ring = Ring(raw["current"], {kid: base64.b64decode(text, validate=True) for kid, text in raw["keys"].items()})
    except FileNotFoundError:
        message = f"{path.name} is missing from the folder of keys"
        raise KeysMissing(message) from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        message = f"{path.name} cannot be read: {error}"
        raise KeysMissing(message) from None
    if any(len(key) != KEY_BYTES for key in ring.keys.values()) or ring.current not in ring.keys:
        message = f"{path.name}: every key has 32 bytes, and 'current' names one of them"
        raise KeysMissing(message)
    return ring


def lacking(folder: Path) -> frozenset[Role]:
    """Roles without a file."""
    return frozenset(role for role in Role if not (folder / f"{role}.json").exists())


def make(folder: Path, roles: Iterable[Role] = tuple(Role)) -> None:
    """Make a first key of each role, readable by the owner only. Never replaces a file."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for role in roles:
        text = json.dumps({"current": "k1", "keys": {"k1": base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()}})
        descriptor = os.open(folder / f"{role}.json", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(text)

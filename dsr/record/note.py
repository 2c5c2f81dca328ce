"""Signed notes and checkpoints (C2SP signed-note, tlog-checkpoint): text that a key of ours vouches for."""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519 = b"\x01"
LONGEST = 100_000  # characters of a note
_KEY_ID, _PUBLIC = 4, 32  # bytes
_NAME = re.compile(r"[^\s+]+")
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)


class Unverified(Exception):
    """The text is not what it should be, or no key that is known signed it; the message says what is wrong."""


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key under its name. Its text form can be handed to anybody's tool."""

    name: str
    public: bytes

    @property
    def id(self) -> bytes:
        """Four bytes by which signature lines name the key."""
        return hashlib.sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()[:_KEY_ID]

    @property
    def kid(self) -> str:
        """Name and id as one word."""
        return f"{self.name}+{self.id.hex()}"

    def __str__(self) -> str:
        """`name+hash+base64`, as C2SP writes verifier keys."""
        return f"{self.kid}+{base64.b64encode(ED25519 + self.public).decode()}"

    def verify(self, signature: bytes, message: bytes) -> None:
        """Raises Unverified."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except InvalidSignature:
            raise Unverified(f"the signature of {self.name} is wrong") from None


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key under its name."""

    name: str
    seed: bytes

    @property
    def verifier(self) -> VerifierKey:
        """Its public half."""
        return VerifierKey(self.name, self._private().public_key().public_bytes_raw())

    def sign(self, message: bytes) -> bytes:
        """64 bytes (RFC 8032)."""
        return self._private().sign(message)

    def _private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)


@dataclass(frozen=True, slots=True)
class Head:
    """What a checkpoint says: which log, how many leaves, and the root over them (hex)."""

    origin: str
    size: int
    root: str

    def text(self) -> str:
        """Three lines."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(bytes.fromhex(self.root)).decode()}\n"


def read_key(text: str) -> VerifierKey:
    """The key in `name+hash+base64`. Raises Unverified when it is not whole."""
    name, _, rest = text.strip().partition("+")
    written, _, encoded = rest.partition("+")
    raw = _decoded(encoded)
    if not is_name(name) or raw[:1] != ED25519 or len(raw) != 1 + _PUBLIC:
        raise Unverified("this is no Ed25519 verifier key of the form name+hash+base64")
    key = VerifierKey(name, raw[1:])
    if key.id.hex() != written:
        raise Unverified(f"the verifier key of {name} is not whole: its hash does not fit")
    return key


def is_name(text: str) -> bool:
    """Whether a key, or a log, can be called so: one word without a plus."""
    return bool(_NAME.fullmatch(text))


def sign(text: str, key: SigningKey) -> str:
    """The note: the text, an empty line, and one signature line."""
    if not text.endswith("\n") or not is_name(key.name):
        raise ValueError("a note ends with a line break, and a key's name is one word without a plus")
    line = base64.b64encode(key.verifier.id + key.sign(text.encode())).decode()
    return f"{text}\n— {key.name} {line}\n"


def verified(note: str, keys: Iterable[VerifierKey]) -> str:
    """The text of a note that at least one of these keys signed. Raises Unverified.

    Lines of unknown keys are passed over, for witnesses may sign too; a line of a known key must be right.
    """
    text, lines = _parted(note)
    known = {(key.name, key.id): key for key in keys}
    signed = False
    for line in lines:
        name, key_id, signature = _signature(line)
        if key := known.get((name, key_id)):
            key.verify(signature, text.encode())
            signed = True
    if not signed:
        raise Unverified("no key that is known here signed this")
    return text


def read_head(text: str) -> Head:
    """What a checkpoint's text says. Raises Unverified."""
    match text.split("\n"):
        case [origin, size, encoded, *more, ""] if all((origin, size, encoded, *more)):
            pass
        case _:
            raise Unverified("this is no checkpoint: it has fewer than three lines, or an empty one")
    root = _decoded(encoded)
    if not _SIZE.fullmatch(size) or len(root) != hashlib.sha256().digest_size:
        raise Unverified("this is no checkpoint: size or root cannot be read")
    return Head(origin, int(size), root.hex())


def verified_head(note: str, keys: Iterable[VerifierKey]) -> Head:
    """What a checkpoint says that one of these keys signed, under the log's own name. Raises Unverified."""
    origin = note.partition("\n")[0]
    return read_head(verified(note, [key for key in keys if key.name == origin]))


def _parted(note: str) -> tuple[str, list[str]]:
    text, gap, signatures = note.rpartition("\n\n")
    if not gap or not text or not signatures.endswith("\n") or len(note) > LONGEST:
        raise Unverified("this is no signed note: text, an empty line and signature lines")
    return text + "\n", signatures.removesuffix("\n").split("\n")


def _signature(line: str) -> tuple[str, bytes, bytes]:
    dash, _, rest = line.partition(" ")
    name, _, encoded = rest.partition(" ")
    raw = _decoded(encoded)
    if dash != "—" or not is_name(name) or len(raw) <= _KEY_ID:
        raise Unverified("a signature line cannot be read")
    return name, raw[:_KEY_ID], raw[_KEY_ID:]


def _decoded(text: str) -> bytes:
    """Base64 in its one spelling; anything else is nothing."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
    return raw if base64.b64encode(raw).decode() == text else b""

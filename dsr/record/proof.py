"""A proof that a leaf is in the log, as a text that is checked off-line (C2SP tlog-proof)."""

import base64
import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass

from dsr.record import note, tree

KIND = "c2sp.org/tlog-proof@v1"
_HASH = 32  # bytes


@dataclass(frozen=True, slots=True)
class Proof:
    """Where the leaf stands, the path to the root, and the signed checkpoint with that root."""

    position: int
    path: tuple[str, ...]
    checkpoint: str

    def text(self) -> str:
        """As it is written into a .tlog-proof file."""
        path = "".join(f"{base64.b64encode(bytes.fromhex(node)).decode()}\n" for node in self.path)
        return f"{KIND}\nindex {self.position}\n{path}\n{self.checkpoint}"

    @property
    def origin(self) -> str:
        """The record that the checkpoint says it is of."""
        return self.checkpoint.partition("\n")[0]

    def require(self, leaf: str, keys: Iterable[note.VerifierKey]) -> note.Head:
        """See that the leaf is in a log that one of these keys signed; what its checkpoint says. Raises Unverified."""
        head = note.verified_head(self.checkpoint, keys)
        try:
            tree.require_included(leaf, self.position, head.size, self.path, head.root)
        except tree.Unproven as error:
            raise note.Unverified(f"it is not in the record: {error}") from None
        return head


def read(text: str) -> Proof:
    """The proof in a .tlog-proof text. Raises Unverified."""
    front, gap, checkpoint = text.partition("\n\n")
    kind, *lines = front.split("\n")
    if lines and lines[0].startswith("extra "):
        lines = lines[1:]
    index = re.fullmatch(r"index (0|[1-9][0-9]{0,18})", lines[0], re.ASCII) if lines else None
    if kind != KIND or not gap or not index:
        raise note.Unverified("the proof cannot be read")
    return Proof(int(index[1]), tuple(map(_hash, lines[1:])), checkpoint)


def _hash(line: str) -> str:
    try:
        raw = base64.b64decode(line, validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != _HASH:
        raise note.Unverified("the proof cannot be read")
    return raw.hex()

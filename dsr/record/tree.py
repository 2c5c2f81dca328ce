"""The Merkle tree over all leaves (RFC 6962 §2.1): its root names the whole log."""

import hashlib
from collections.abc import Iterable


def root(leaves: Iterable[str]) -> str:
    """Root over leaf hashes (hex) in order, in one pass and logarithmic memory; hex."""
    stack: list[tuple[int, bytes]] = []  # (height, hash), heights falling
    for leaf in leaves:
        height, node = 0, bytes.fromhex(leaf)
        while stack and stack[-1][0] == height:
            node = _node(stack.pop()[1], node)
            height += 1
        stack.append((height, node))
    if not stack:
        return hashlib.sha256(b"").hexdigest()
    node = stack.pop()[1]
    while stack:
        node = _node(stack.pop()[1], node)
    return node.hex()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()

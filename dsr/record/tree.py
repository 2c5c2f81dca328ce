"""The Merkle tree over all leaves (RFC 6962 §2.1): its root names the whole log. Hashes are hex."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence

EMPTY = hashlib.sha256(b"").hexdigest()
Node = Callable[[int, int], str]  # the root over the leaves from one position up to another


class Unproven(Exception):
    """The proof does not lead to the root."""


def root(leaves: Iterable[str]) -> str:
    """Root over leaf hashes in order, in one pass and logarithmic memory."""
    return fold(grow(0, (), leaves))


def grow(size: int, peaks: Sequence[str], leaves: Iterable[str]) -> list[str]:
    """The peaks of a tree of `size` leaves after more were appended: what its root costs is the new leaves alone.

    Peaks are the roots of the full trees that a size is the sum of, left to right, the largest first.
    """
    heights = [height for height in reversed(range(size.bit_length())) if size >> height & 1]
    stack = list(zip(heights, peaks, strict=True))
    for leaf in leaves:
        height, node = 0, leaf
        while stack and stack[-1][0] == height:
            node = _parent(stack.pop()[1], node)
            height += 1
        stack.append((height, node))
    return [node for _, node in stack]


def fold(peaks: Sequence[str]) -> str:
    """The root over the peaks."""
    if not peaks:
        return EMPTY
    node = peaks[-1]
    for left in reversed(peaks[:-1]):
        node = _parent(left, node)
    return node


def peak_spans(size: int) -> list[tuple[int, int]]:
    """The leaves that each peak of a tree of this size stands for: from, and up to."""
    spans, start = [], 0
    for height in reversed(range(size.bit_length())):
        if size >> height & 1:
            spans.append((start, start + (1 << height)))
            start += 1 << height
    return spans


def over(leaves: Sequence[str]) -> Node:
    """Nodes computed from leaves that lie in memory."""
    return lambda start, end: root(leaves[start:end])


def inclusion(position: int, size: int, node: Node) -> list[str]:
    """The path from a leaf to the root of the tree of this size (RFC 6962 §2.1.1)."""
    if not 0 <= position < size:
        raise Unproven(f"there is no leaf {position} in a tree of {size}")
    path, start, end = [], 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if position < middle:
            path.append(node(middle, end))
            end = middle
        else:
            path.append(node(start, middle))
            start = middle
    return path[::-1]


def require_included(leaf: str, position: int, size: int, path: Sequence[str], top: str) -> None:
    """See that a leaf stands at its position under a root (RFC 9162 §2.1.3.2). Raises Unproven."""
    if not 0 <= position < size:
        raise Unproven(f"there is no leaf {position} in a tree of {size}")
    node = leaf
    for step, left in _turns(position, size - 1, path):
        node = _parent(step, node) if left else _parent(node, step)
    if node != top:
        raise Unproven("the path does not lead to the root")


def _turns(first: int, last: int, path: Iterable[str]) -> Iterator[tuple[str, bool]]:
    """Each step of a path upwards, and whether it lies left. Raises Unproven when it does not end at the top."""
    for step in path:
        if last == 0:
            raise Unproven("the proof is too long")
        left = bool(first & 1) or first == last
        yield step, left
        while left and first and not first & 1:
            first, last = first >> 1, last >> 1
        first, last = first >> 1, last >> 1
    if last:
        raise Unproven("the proof is too short")


def _split(count: int) -> int:
    """The largest power of two that is smaller than the count."""
    return 1 << (count - 1).bit_length() - 1


def _parent(left: str, right: str) -> str:
    return hashlib.sha256(b"\1" + bytes.fromhex(left) + bytes.fromhex(right)).hexdigest()

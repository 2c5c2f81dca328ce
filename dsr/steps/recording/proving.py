"""Proving that an Event has its place under a checkpoint (RFC 6962 §2.1.1)."""

from collections.abc import Sequence

from dsr.models import Checkpoint, Leaf
from dsr.record import tree
from dsr.record.proof import Proof


def proof(position: int, covering: Checkpoint) -> Proof:
    """That a leaf stands under a checkpoint.

    What lies left of the leaf are the peaks of the tree before it. They grow from an earlier checkpoint's, so that
    only the leaves since then are read, however old the record is.
    """
    before = Checkpoint.objects.filter(size__lte=position).order_by("-size").first()
    known = _left(position, before, _hashes(before.size if before else 0, position))

    def node(start: int, end: int) -> str:
        return known.get((start, end)) or tree.root(_hashes(start, end))

    return Proof(position, tuple(tree.inclusion(position, covering.size, node)), covering.note)


def fresh(event: int, before: Checkpoint | None, covering: Checkpoint) -> Proof:
    """The same for an Event that got its place after the checkpoint `before`, with one question to the tables."""
    start = before.size if before else 0
    rows = Leaf.objects.filter(position__gte=start, position__lt=covering.size).order_by("position")
    events, hashes = zip(*rows.values_list("event_id", "hash"), strict=True)
    position = start + events.index(event)
    known = _left(position, before, hashes[: position - start])

    def node(first: int, end: int) -> str:
        return known.get((first, end)) or tree.root(hashes[first - start : end - start])

    return Proof(position, tuple(tree.inclusion(position, covering.size, node)), covering.note)


def _left(position: int, before: Checkpoint | None, since: Sequence[str]) -> dict[tuple[int, int], str]:
    """The peaks of the tree that ends before a position, grown from an earlier checkpoint's by the leaves since."""
    size, peaks = (before.size, before.peaks) if before else (0, [])
    return dict(zip(tree.peak_spans(position), tree.grow(size, peaks, since), strict=True))


def _hashes(start: int, end: int) -> list[str]:
    leaves = Leaf.objects.filter(position__gte=start, position__lt=end).order_by("position")
    return list(leaves.values_list("hash", flat=True))

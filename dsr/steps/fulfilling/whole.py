"""An erasure that cannot be done changes nothing in its system, as far as that system lets us.

What fits into one transaction goes in one. Of what is larger everything is tried, and taken back, before its first
chunk: that costs as much as the erasure itself, so the small one is spared it.
"""

from collections.abc import Iterable
from typing import cast

from dsr.connectors.contract import Ability, Chunk, Connector, Receipt, Rehearsing, Together
from dsr.steps.fulfilling.manifest import CHUNK

Keyed = tuple[Chunk, str]  # with the key of its effect


def at_once(connector: Connector, chunks: Iterable[Keyed]) -> list[Keyed] | None:
    """All chunks, if they can go in one transaction that is no larger than that of one chunk."""
    if Ability.TOGETHER not in connector.abilities:
        return None
    taken, rows = [], 0
    for chunk, key in chunks:
        taken.append((chunk, key))
        rows += len(chunk.keys)
        if rows > CHUNK:
            return None
    return taken


def erased(connector: Connector, chunks: list[Keyed]) -> tuple[Receipt, ...]:
    """Erase what `at_once` gave. Raises Unreachable, Rejected; then nothing has changed."""
    return cast("Together", connector).erase_together(chunks)


def rehearsed(connector: Connector, chunks: Iterable[Keyed]) -> None:
    """Try the whole erasure where the system can take it back. Raises Unreachable, Rejected."""
    if Ability.REHEARSE in connector.abilities:
        cast("Rehearsing", connector).rehearse(chunk for chunk, _ in chunks)

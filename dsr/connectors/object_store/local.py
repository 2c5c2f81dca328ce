"""A folder as a place of objects: keys are paths below its root."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice

from dsr.connectors.object_store.store import Erased, Stored
from dsr.connectors.object_store.tree import Tree

_SAMPLE = 1_000


class LocalStore:
    """Files below one root. Neither versions nor locks, and no unfinished uploads."""

    def __init__(self, root: str) -> None:
        self._tree = Tree(root)

    def listed(
        self, prefix: str, depth: int | None, below: Callable[[str], bool], *, details: bool
    ) -> Iterator[Stored]:
        """Walk the folder that the prefix leads to."""
        *folder, stem = prefix.split("/")
        waiting = [(*folder, name) for name in reversed(self._tree.names(folder)) if name.startswith(stem)]
        while waiting:
            path = waiting.pop()
            if found := list(self._stored(path)):
                yield from found
            elif depth is None or len(path) < depth or below("/".join((*path, ""))):
                waiting += ((*path, name) for name in reversed(self._tree.names(path)))

    def named(self, keys: Sequence[str], *, details: bool) -> Iterator[Stored]:
        """Look at each file."""
        for key in keys:
            yield from self._stored(tuple(key.split("/")))

    def content(self, stored: Stored) -> Iterator[bytes]:
        """Stream a file."""
        return self._tree.content(stored.key.split("/"))

    def erase(self, keys: Sequence[str], fixed: str) -> Erased:
        """Remove the files, durably, and the folders they leave empty."""
        return Erased(sum(self._tree.remove(key.split("/"), keep_folders=fixed.count("/")) for key in keys))

    def left(self, keys: Sequence[str]) -> set[str]:
        """Look at each file again."""
        return {stored.key for stored in self.named(keys, details=False)}

    def first_parts(self) -> list[str]:
        """Name what stands in the root."""
        return self._tree.names(())

    def sample(self, prefix: str) -> list[str]:
        """Name a thousand files."""
        return [one.key for one in islice(self.listed(prefix, None, lambda _: True, details=False), _SAMPLE)]

    def differences(self, fixed: Sequence[str]) -> list[str]:
        """See that the root can be read."""
        self._tree.names(())
        return []

    def close(self) -> None:
        """Nothing is held open."""

    def _stored(self, path: tuple[str, ...]) -> Iterator[Stored]:
        found = self._tree.stat(path)
        if found is not None:
            yield Stored("/".join(path), found.size, datetime.fromtimestamp(found.modified, UTC))

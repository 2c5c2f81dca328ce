"""A folder as a place of objects: keys are paths below its root."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice

from dsr.connectors.contract import Rejected
from dsr.connectors.object_store.store import Erased, Stored
from dsr.connectors.object_store.tree import LINK, Tree

_SAMPLE = 1_000


class LocalStore:
    """Files below one root. Neither versions nor locks, and no unfinished uploads."""

    def __init__(self, root: str) -> None:
        self._tree = Tree(root)

    def listed(
        self, prefix: str, depth: int | None, below: Callable[[str], bool], *, details: bool
    ) -> Iterator[Stored]:
        """Walk the folder that the prefix leads to; a link on the way there is all that there is."""
        *folder, stem = prefix.split("/")
        for parts in range(1, len(folder) + 1):
            if link := [one for one in self._stored(tuple(folder[:parts])) if one.is_link]:
                yield from link
                return
        waiting = [(*folder, name) for name in reversed(self._tree.names(folder)) if name.startswith(stem)]
        while waiting:
            path = waiting.pop()
            if found := list(self._stored(path)):
                yield from found
            elif depth is None or len(path) < depth or below("/".join((*path, ""))):
                waiting += ((*path, name) for name in reversed(self._tree.names(path)))

    def named(self, keys: Sequence[str], *, details: bool) -> Iterator[Stored]:
        """Look at each file. A link raises Rejected."""
        for key in keys:
            for stored in self._stored(tuple(key.split("/"))):
                if stored.is_link:
                    raise Rejected(LINK)
                yield stored

    def content(self, stored: Stored) -> Iterator[bytes]:
        """Stream a file."""
        return self._tree.content(stored.key.split("/"))

    def erase(self, keys: Sequence[str], fixed: str) -> Erased:
        """Remove the files, durably, and the folders they leave empty; none of them if a link is among them."""
        deque(self.named(keys, details=False), maxlen=0)
        return Erased(sum(self._tree.remove(key.split("/"), keep_folders=fixed.count("/")) for key in keys))

    def left(self, keys: Sequence[str]) -> set[str]:
        """Look at each file again."""
        return {stored.key for stored in self.named(keys, details=False)}

    def first_parts(self) -> list[str]:
        """Name what stands in the root."""
        return self._tree.names(())

    def sample(self, prefix: str) -> list[Stored]:
        """Name a thousand files."""
        return list(islice(self.listed(prefix, None, lambda _: True, details=False), _SAMPLE))

    def differences(self, fixed: Sequence[str]) -> list[str]:
        """See that the root can be read."""
        self._tree.names(())
        return []

    def close(self) -> None:
        """Nothing is held open."""

    def _stored(self, path: tuple[str, ...]) -> Iterator[Stored]:
        found = self._tree.stat(path)
        if found is not None:
            modified = datetime.fromtimestamp(found.modified, UTC)
            yield Stored("/".join(path), found.size, modified, is_link=found.is_link)

"""A folder tree opened part by part below its root; a symbolic link is never followed."""

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from dsr.connectors.contract import Rejected, Unreachable

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NOTHING = frozenset((errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG))
_REFUSED = frozenset((errno.EACCES, errno.EPERM, errno.EROFS))
_CHUNK = 64 * 1024
LINK = (
    "a symbolic link stands where a person's objects are or may be; links are never followed, so what it leads to "
    "would be neither found nor erased: take it away, or put the objects themselves in its place"
)


@dataclass(frozen=True, slots=True)
class Stat:
    """What is known of a file."""

    size: int
    modified: float
    is_link: bool = False


class Tree:
    """All access to the files; paths are tuples of names."""

    def __init__(self, root: str) -> None:
        self._root = root

    def names(self, folder: Sequence[str]) -> list[str]:
        """List a folder in order; empty when it does not exist."""
        with self._speaking(), self._opened(folder) as descriptor:
            if descriptor is None:
                return []
            with os.scandir(descriptor) as entries:
                return sorted(entry.name for entry in entries)

    def stat(self, path: Sequence[str]) -> Stat | None:
        """Look at a regular file, or at a link itself; None when there is neither."""
        with self._speaking(), self._opened(path[:-1]) as descriptor:
            if descriptor is None:
                return None
            try:
                found = os.stat(path[-1], dir_fd=descriptor, follow_symlinks=False)
            except OSError as error:
                if error.errno in _NOTHING:
                    return None
                raise
            if not (stat.S_ISREG(found.st_mode) or stat.S_ISLNK(found.st_mode)):
                return None
            return Stat(found.st_size, found.st_mtime, is_link=stat.S_ISLNK(found.st_mode))

    def content(self, path: Sequence[str]) -> Iterator[bytes]:
        """Stream a file. Raises Unreachable when it vanished since it was listed."""
        with self._speaking(), self._opened(path[:-1]) as descriptor:
            if descriptor is None:
                raise Unreachable("a file went away while it was read", retry_in=1.0)
            try:
                file = os.open(path[-1], _FILE, dir_fd=descriptor)
            except FileNotFoundError:
                raise Unreachable("a file went away while it was read", retry_in=1.0) from None
            with os.fdopen(file, "rb", buffering=0) as opened:
                while chunk := opened.read(_CHUNK):
                    yield chunk

    def remove(self, path: Sequence[str], keep_folders: int) -> bool:
        """Remove a file, durably, and the folders it leaves empty below the first `keep_folders`."""
        if self.stat(path) is None:
            return False
        with self._speaking():
            with self._opened(path[:-1]) as descriptor:
                if descriptor is None:
                    return False
                try:
                    os.unlink(path[-1], dir_fd=descriptor)
                except FileNotFoundError:
                    return False
                os.fsync(descriptor)
            for depth in range(len(path) - 1, keep_folders, -1):
                if not self._remove_empty(path[:depth]):
                    break
        return True

    def _remove_empty(self, folder: Sequence[str]) -> bool:
        with self._opened(folder[:-1]) as descriptor:
            if descriptor is None:
                return False
            try:
                os.rmdir(folder[-1], dir_fd=descriptor)
            except OSError as error:
                if error.errno in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOENT):
                    return False
                raise
            os.fsync(descriptor)
        return True

    @contextmanager
    def _opened(self, folder: Sequence[str]) -> Iterator[int | None]:
        """Open a folder part by part; None when it does not exist. A missing root is an error, and so is a link."""
        descriptor = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            for name in folder:
                try:
                    inner = os.open(name, _FOLDER, dir_fd=descriptor)
                except OSError as error:
                    if error.errno not in _NOTHING:
                        raise
                    if _is_link(name, descriptor):
                        raise Rejected(LINK) from None
                    break
                os.close(descriptor)
                descriptor = inner
            else:
                yield descriptor
                return
            yield None
        finally:
            os.close(descriptor)

    @contextmanager
    def _speaking(self) -> Iterator[None]:
        """Turn the system's errors into our two, without a path in the text."""
        try:
            yield
        except OSError as error:
            text = f"the folder cannot be used: {os.strerror(error.errno or 0)}"
            if error.errno in _REFUSED:
                raise Rejected(text) from None
            raise Unreachable(text) from None


def _is_link(name: str, folder: int) -> bool:
    try:
        return stat.S_ISLNK(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)
    except OSError:
        return False

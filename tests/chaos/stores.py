"""Folders and buckets in which the shop keeps files, each with a fault of its own."""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

from tests.buckets import Bucket, Passing, gate
from tests.connectors.test_object_store_faults import LYING, half, refusing, silent

FILES = """
slug: {name}
title: Files
describes: What people have uploaded.
connector:
  kind: object_store
  settings: {settings}
pace: {{at_once: 50, seconds: 60}}
collections:
  files:
    title: Files
    key: [path]
    links:
      - {{to: shop.customers, on: {{customer_id: id}}}}
    purposes: [shop]
    source: provided
    retention: account
    files: path
    settings: {{path: "files/{{customer_id}}/{{name}}"}}
    fields:
      path: {{category: user.content}}
      customer_id: {{category: user.unique_id}}
      name: {{category: user.content}}
"""
PERSONS, SOMEBODY_ELSES = "files/0/portrait.png", "files/1/portrait.png"


@dataclass
class Stores:
    """The stores by the names of their systems, as their owner sees them."""

    settings: dict[str, dict[str, str]] = field(default_factory=dict)
    standing: dict[str, Callable[[], set[str]]] = field(default_factory=dict)  # under which keys anything lies
    fail: Callable[[], None] = lambda: None
    mend: Callable[[], None] = lambda: None

    def add_maps(self, folder: Path) -> None:
        """A map for each store, beside those that are there."""
        for name, settings in self.settings.items():
            (folder / f"{name}.yaml").write_text(FILES.format(name=name, settings=settings).lstrip(), "utf-8")

    def left(self) -> set[str]:
        """The stores in which something of the person lies."""
        return {name for name, standing in self.standing.items() if PERSONS in standing()}


def _denied(number: int) -> Callable[[Path], None]:
    def fault(path: Path) -> None:
        raise OSError(number, os.strerror(number))

    return fault


def _brought_back(path: Path) -> None:
    content = path.read_bytes()
    path.unlink()
    path.write_bytes(content)


# What the file system does in the place of a deletion.
FOLDER_FAULTS: dict[str, Callable[[Path], None]] = {
    "refused": _denied(errno.EPERM),
    "read-only": _denied(errno.EROFS),
    "busy": _denied(errno.EBUSY),
    "broken": _denied(errno.EIO),
    "timed-out": _denied(errno.ETIMEDOUT),
    "kept": lambda _: None,
    "back": _brought_back,
}


def folders(root: Path, patch: pytest.MonkeyPatch) -> Stores:
    """One folder for each fault, and one that is not mounted when its turn comes."""
    stores = Stores()
    for name in (*FOLDER_FAULTS, "gone"):
        folder = root / f"folder-{name}"
        for path in (PERSONS, SOMEBODY_ELSES):
            (folder / path).parent.mkdir(parents=True)
            (folder / path).write_bytes(b"picture")
        stores.settings[folder.name] = {"url": folder.as_uri()}
        stores.standing[folder.name] = partial(_files_of, root, folder.name)
    unlink, here, away = os.unlink, root / "folder-gone", root / "unmounted" / "folder-gone"
    away.parent.mkdir()

    def unlinked(path: str, *, dir_fd: int | None = None) -> None:
        """Both are given by who deletes in a store; anybody else gives the path alone."""
        folder = root if dir_fd is None else Path(f"/proc/self/fd/{dir_fd}").resolve()
        store = folder.relative_to(root).parts[:1] if folder.is_relative_to(root) else ()
        fault = FOLDER_FAULTS.get(store[0].removeprefix("folder-")) if store else None
        if fault is None:
            unlink(path, dir_fd=dir_fd)
        else:
            fault(folder / path)

    def fail() -> None:
        patch.setattr(os, "unlink", unlinked)
        here.rename(away)

    def mend() -> None:
        patch.setattr(os, "unlink", unlink)
        away.rename(here)

    stores.fail, stores.mend = fail, mend
    return stores


def _files_of(root: Path, name: str) -> set[str]:
    """Wherever it is mounted."""
    found = [(folder, path) for folder in root.glob(f"**/{name}") for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix() for folder, path in found}


def _keys_of(bucket: Bucket) -> set[str]:
    return set(bucket.everything())


def _said(bucket: Bucket) -> bytes:
    """An answer by which everything is gone."""
    told = "".join(
        f"<Deleted><Key>{key}</Key><VersionId>{version}</VersionId></Deleted>"
        for key, stands in bucket.everything().items()
        for _, version in stands
    )
    return LYING % told.encode()


def _kept(bucket: Bucket, passing: Passing) -> bool:
    return passing.send(200, _said(bucket))


def _older_kept(bucket: Bucket, passing: Passing) -> bool:
    said, (_, newest) = _said(bucket), bucket.everything()[PERSONS][0]
    bucket.s3.delete_object(Bucket=bucket.name, Key=PERSONS, VersionId=newest)
    return passing.send(200, said)


def _put_again(bucket: Bucket, passing: Passing) -> bool:
    status, headers, content = passing.behind()
    bucket.put(PERSONS)
    return passing.send(status, content, headers)


# What the store does in the place of a deletion, or of the end of an upload that was never finished.
BUCKET_FAULTS: dict[str, tuple[str, Callable[[Bucket, Passing], bool]]] = {
    "refused": ("delete", lambda _, passing: refusing(403, "AccessDenied")(passing)),
    "half": ("delete", lambda _, passing: half(passing)),
    "timed-out": ("delete", lambda _, passing: silent(passing)),
    "kept": ("delete", _kept),
    "older-kept": ("delete", _older_kept),
    "back": ("delete", _put_again),
    "upload-kept": ("abort", lambda _, passing: passing.send(204)),
}


@contextmanager
def buckets(address: str) -> Iterator[Stores]:
    """One bucket for each fault, and one with a lock on what lies there; each has versions and an open upload."""
    with ExitStack() as stack:
        before = stack.enter_context(gate(address))
        stores, made = Stores(), {}
        for name in (*BUCKET_FAULTS, "locked"):
            bucket = made[name] = stack.enter_context(closing(Bucket(address, locks=name == "locked")))
            for key in (PERSONS, PERSONS, SOMEBODY_ELSES):
                bucket.put(key)
            bucket.begin(PERSONS)
            stores.settings[f"bucket-{name}"] = bucket.settings(
                endpoint=before.url, timeout="1" if name == "timed-out" else "60"
            )
            stores.standing[f"bucket-{name}"] = partial(_keys_of, bucket)
        names = {bucket.name: name for name, bucket in made.items()}

        def fault(passing: Passing) -> bool:
            name = names[passing.path.strip("/").partition("/")[0].partition("?")[0]]
            asks, act = BUCKET_FAULTS.get(name, ("", _kept))
            return passing.asks == asks and act(made[name], passing)

        def fail() -> None:
            made["locked"].lock(PERSONS)
            before.fault = fault

        def mend() -> None:
            before.fault = lambda _: False
            made["locked"].unlock(PERSONS)

        stores.fail, stores.mend = fail, mend
        yield stores

"""Checking a package that has been handed over: a BagIt bag (RFC 8493) that carries our seal.

First every file against the lists, then the seal over the lists, and then the shape of what machines read: nothing
that is not from us comes so far. The message names the first file that differs.
"""

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from io import TextIOWrapper
from typing import BinaryIO
from zipfile import ZipFile

from dsr.package import brought, deeds, shapes
from dsr.package.bag import SEAL
from dsr.package.brought import LINE, MOST, Broken, Brought, Fault
from dsr.record import answered, package_seal
from dsr.record.jws import LONGEST
from dsr.record.note import Unverified, VerifierKey

LIST = 1 << 26  # bytes of one list, or of what describes the package

DECLARED, PAYLOAD, TAGS = "bagit.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt"
_LISTED = re.compile(r"([0-9a-f]{64})  ([A-Za-z0-9_-][A-Za-z0-9._/-]*)\n")


@dataclass(frozen=True, slots=True)
class Checked:
    """A package that is whole and ours: how many files, and its seal."""

    files: int
    seal: package_seal.Genuine


def check(file: BinaryIO, *, most: int = MOST) -> int:
    """Compare every file of a ZIP with its listed hash; how many there are. Raises Broken, whatever is wrong."""
    with brought.zipped(file, most=most) as package:
        return compare(package)


def verify(archive: ZipFile, *, most: int = MOST) -> int:
    """The same for a ZIP that is open."""
    return compare(brought.of(archive, most=most))


def authenticate(package: Brought, keys: Iterable[VerifierKey], *, longest: int = LIST) -> Checked:
    """See that a package is whole, from us, in the signed record, and of the published shape. Raises Broken.

    `longest`: the bytes of the file that describes it, which is read at once.
    """
    files, keys = compare(package), list(keys)
    seal = _sealed(package, keys)
    _require_certificate(package, seal, keys)
    _require_shape(package, longest)
    return Checked(files, seal)


def compare(package: Brought) -> int:
    """Compare every file with its listed hash; how many there are. Raises Broken."""
    for name in (DECLARED, PAYLOAD, TAGS):
        if name not in package.sizes:
            raise Broken(Fault.MISSING, name)
    listed = _listed(package, PAYLOAD) | _listed(package, TAGS)
    if unlisted := package.sizes.keys() - listed.keys() - {TAGS, SEAL}:
        raise Broken(Fault.UNLISTED, min(unlisted))
    for name, digest in listed.items():
        if _digest(package, name) != digest:
            raise Broken(Fault.CHANGED, name)
    return len(listed)


def _sealed(package: Brought, keys: Iterable[VerifierKey]) -> package_seal.Genuine:
    if SEAL not in package.sizes:
        raise Broken(Fault.MISSING, SEAL)
    if package.sizes[SEAL] > LONGEST:
        raise Broken(Fault.NOT_OURS, SEAL, "it is too long")
    try:
        return package_seal.verify(
            package.whole(SEAL, LONGEST).decode("ascii", "replace"), _digest(package, TAGS), keys
        )
    except Unverified as error:
        raise Broken(Fault.NOT_OURS, SEAL, error) from error


def _require_certificate(package: Brought, seal: package_seal.Genuine, keys: Iterable[VerifierKey]) -> None:
    """The statement of what was done, where there is one, is signed by us and about the same answer."""
    if deeds.CERTIFICATE not in package.sizes:
        return
    try:
        stated = answered.verify(package.whole(deeds.CERTIFICATE, LONGEST).decode("ascii", "replace"), keys)
    except Unverified as error:
        raise Broken(Fault.NOT_OURS, deeds.CERTIFICATE, error) from error
    if any(stated.get(name) != seal.statement[name] for name in ("reference", "right", "version")):
        raise Broken(Fault.NOT_OURS, deeds.CERTIFICATE, "it is of another answer")


def _require_shape(package: Brought, longest: int) -> None:
    """What describes the package keeps to the JSON Schema that is published for it."""
    name = next((name for name in shapes.DESCRIPTORS if name in package.sizes), "")
    if not name:
        raise Broken(Fault.MISSING, shapes.MANIFEST)
    try:
        described = json.loads(package.whole(name, longest))
    except (ValueError, RecursionError) as error:
        raise Broken(Fault.SHAPE, name, error) from error
    if complaint := shapes.complaint(name, described):
        raise Broken(Fault.SHAPE, name, complaint)


def _listed(package: Brought, name: str) -> dict[str, str]:
    """Digests by name; files under data/ stand in the one list, all others in the other one."""
    listed: dict[str, str] = {}
    if package.sizes[name] > LIST:
        raise Broken(Fault.TOO_LONG, name)
    with package.reading(name) as stream, TextIOWrapper(stream, "utf-8", newline="\n") as lines:
        while line := lines.readline(LINE):
            digest, path = _entry(line, name)
            if path in listed or path == SEAL or path.startswith("data/") is not (name == PAYLOAD):
                raise Broken(Fault.MISLISTED, path)
            if path not in package.sizes:
                raise Broken(Fault.MISSING, path)
            listed[path] = digest
    return listed


def _entry(line: str, name: str) -> tuple[str, str]:
    if not (found := _LISTED.fullmatch(line)):
        raise Broken(Fault.NO_LIST, name)
    return found[1], found[2]


def _digest(package: Brought, name: str) -> str:
    with package.reading(name) as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]  # it reads alike

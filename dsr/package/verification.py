"""Checking a package that has been handed over: a BagIt bag (RFC 8493) inside a ZIP."""

import hashlib
from zipfile import ZipFile


class Broken(Exception):
    """A file is missing, unlisted or changed; the message names it."""


def verify(archive: ZipFile) -> int:
    """Compare every file with its listed hash; how many there are. Raises Broken."""
    folders = {name.split("/", 1)[0] for name in archive.namelist()}
    if len(folders) != 1:
        message = "a package holds exactly one folder"
        raise Broken(message)
    folder = folders.pop()
    listed = _listed(archive, folder, "manifest-sha256.txt") | _listed(archive, folder, "tagmanifest-sha256.txt")
    present = {name.split("/", 1)[1] for name in archive.namelist()} - {"tagmanifest-sha256.txt"}
    if present != set(listed):
        odd = min(present ^ set(listed))
        message = f"{odd} is {'not listed' if odd in present else 'missing'}"
        raise Broken(message)
    for name, digest in listed.items():
        if _digest(archive, f"{folder}/{name}") != digest:
            message = f"{name} is not what was packed"
            raise Broken(message)
    return len(listed)


def _listed(archive: ZipFile, folder: str, name: str) -> dict[str, str]:
    try:
        text = archive.read(f"{folder}/{name}").decode()
    except KeyError:
        message = f"{name} is missing"
        raise Broken(message) from None
    return {path: digest for digest, path in (line.split("  ", 1) for line in text.splitlines())}


def _digest(archive: ZipFile, name: str) -> str:
    with archive.open(name) as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]  # a ZIP member reads alike

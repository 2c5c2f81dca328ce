"""How tables seal: the keyring of this installation, and places that a sealed text is bound to."""

import logging
import os
from collections.abc import Iterable
from functools import cache
from importlib import import_module
from pathlib import Path
from uuid import UUID

from django.conf import settings

from dsr.datamap.schema import IdentityKind
from dsr.sealing import fields, keyring
from dsr.sealing.keyring import Ring, Role
from dsr.sealing.shelf import Folder, Shelf, Spot

log = logging.getLogger(__name__)
_known: dict[tuple[str, Role], tuple[object, Ring]] = {}  # by folder: what was read, and of which version it was


def ring(role: Role) -> Ring:
    """The keys of one role. Raises KeysMissing."""
    return _ring(str(settings.DSR_KEYS), role)


def _ring(folder: str, role: Role) -> Ring:
    """Read when it is first used, for a web process is not given the keys that only workers need; and when it changed.

    So a key that is added is known to every process of a machine before anything that it sealed can be met.
    """
    version = keyring.version(Path(folder), role)
    known = _known.get((folder, role))
    if known is None or version not in (known[0], None):  # a folder that went away takes no key out of memory
        known = version, keyring.read(Path(folder), role)
        _known[folder, role] = known
    return known[1]


def seal(text: str, *place: str | UUID) -> str:
    """Seal a text for table, primary key and column."""
    return fields.seal(ring(Role.FIELDS), text.encode(), "/".join(map(str, place)))


def unseal(sealed: str, *place: str | UUID) -> str:
    """Open what `seal` made; an empty column is an empty text. Raises Unsealable."""
    return fields.unseal(ring(Role.FIELDS), sealed, "/".join(map(str, place))).decode() if sealed else ""


def lookup(kind: str, value: str) -> str:
    """Keyed hash under which an identifier can be found without being readable."""
    return fields.keyed_hash(ring(Role.LOOKUP), f"identity:{kind}", value)


def lookups(kind: str, value: str) -> tuple[str, ...]:
    """Every keyed hash under which an identifier may stand: by the current key, and by older ones."""
    return fields.keyed_hashes(ring(Role.LOOKUP), f"identity:{kind}", value)


def held_by(kind: str, value: str) -> tuple[str, ...]:
    """Every keyed hash that a legal hold may name an identifier by; an address in whatever way it is written."""
    return lookups(kind, _one_spelling(kind, value))


def folded(kind: str, value: str) -> str:
    """The one of them that tables are joined by: it stays the same when keys change."""
    return lasting(kind, _one_spelling(kind, value))


def lasting(kind: str, value: str) -> str:
    """Keyed hash that is the same before and after a change of keys, as long as the oldest one is there."""
    return fields.keyed_hash_by(ring(Role.LOOKUP), "", f"identity:{kind}", value)


def _one_spelling(kind: str, value: str) -> str:
    """The many ways in which systems write one address: with space around it, in capitals, its domain in its script."""
    value = value.strip()
    if kind != IdentityKind.EMAIL:
        return value
    local, at, domain = value.lower().rpartition("@")
    try:
        return f"{local}{at}{domain.encode('idna').decode('ascii')}"
    except UnicodeError:  # no domain that a mail could go to
        return f"{local}{at}{domain}"


def file_place(pk: UUID) -> str:
    """The place that a sealed file's key is bound to."""
    return f"file/{pk}"


def shelf() -> Shelf:
    """Where sealed files lie. Raises ValueError: a setting is wrong."""
    if settings.DSR_FILES_URL:
        return _bucket(settings.DSR_FILES_URL, os.getpid())
    return _folder()


@cache
def _bucket(url: str, _process: int) -> Shelf:
    """One connection for each process; none is taken along by a child."""
    made: Shelf = import_module("dsr.connectors.object_store.shelf").at(  # its client is large: only if needed
        url,
        endpoint=settings.DSR_FILES_ENDPOINT,
        region=settings.DSR_FILES_REGION,
        key_id=settings.DSR_FILES_KEY_ID,
        secret=settings.DSR_FILES_SECRET,
        addressing=settings.DSR_FILES_ADDRESSING,
    )
    return made


def _folder() -> Folder:
    return Folder(Path(settings.DSR_VAR) / "files")


def file_spot(pk: UUID) -> Spot:
    """Where one sealed file is written to and read from."""
    return shelf().spot(f"{pk}.age")


def file_path(pk: UUID) -> Path:
    """Where it lies on this machine's disk, if files lie there."""
    return _folder().path(f"{pk}.age")


def remove_files(pks: Iterable[UUID]) -> None:
    """Take away files whose keys are forgotten. What the store does not do now, the tidying does later."""
    for pk in pks:
        try:
            file_spot(pk).remove()
        except OSError as error:
            log.warning("file %s stays for now, and opens no more: %s", pk, error.strerror)

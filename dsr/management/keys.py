"""The keys of an installation: made once, and never in place of others."""

import os
import secrets
from collections.abc import Collection
from pathlib import Path

from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Model

from dsr.models import Checkpoint, Package, Suppression
from dsr.sealing import keyring
from dsr.sealing.keyring import Role

KNOWS_PACKAGES = "0015_grants"  # the migration since which a package says whose key it is
SIGNS_SESSIONS = "django"
SECRET = f"{SIGNS_SESSIONS}.txt"  # signs sessions and forms; see dsr/settings.py


class KeysThere(Exception):
    """The folder holds something already; new keys would lose what the old ones sealed."""


class KeysLost(Exception):
    """There is a database, and the keys that open it are gone."""


def require(folder: Path) -> None:
    """See that every key is there. Raises KeysLost, which says in one line what to do."""
    lacking = keyring.lacking(folder)
    if lacking and lacking <= keyring.LATER and not _used(lacking):
        names = " and ".join(f"{role}.json" for role in sorted(lacking))
        unused = "and nothing was signed or sealed by it yet"
        raise KeysLost(f"{names} is not in {folder}, {unused}: run manage.py make_keys --missing.")
    try:
        keyring.load(folder)
    except keyring.KeysMissing as error:
        message = f"{error}. Restore {folder} from its copy: without its keys, nothing that is sealed opens again."
        raise KeysLost(message) from None


def make(folder: Path) -> None:
    """Make a key for every role and the secret key, readable by the owner only. Raises KeysThere."""
    if folder.exists() and any(folder.iterdir()):
        raise KeysThere(f"{folder} is not empty; keys are never made in place of others")
    keyring.make(folder, sorted(keyring.lacking(folder)))  # those that the environment has are made already
    _put_secret(folder, [secrets.token_urlsafe(60)])


def another(folder: Path, name: str, *, waits: bool) -> str:
    """Let another key of a role, or another secret key, seal or sign from now on; what it is called. See keyring.add.

    Raises KeysMissing, KeysLost.
    """
    if name != SIGNS_SESSIONS:
        return f"key {keyring.add(folder, Role(name), waits=waits)} of {name}"
    if not (folder / SECRET).exists():
        raise KeysLost(f"{SECRET} is not in {folder}: put the new one before the others in the environment.")
    lines = (folder / SECRET).read_text("ascii").split()
    waiting = next((line.removeprefix(keyring.WAITS) for line in lines if line.startswith(keyring.WAITS)), "")
    older = [line for line in lines if not line.startswith(keyring.WAITS)]
    new = waiting or secrets.token_urlsafe(60)
    _put_secret(folder, [*older, keyring.WAITS + new] if waits else [new, *older])
    return "secret key"


def _put_secret(folder: Path, lines: list[str]) -> None:
    new = folder / f"{SECRET}.new"
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write("\n".join(lines))
        file.flush()
        os.fsync(file.fileno())
    new.replace(folder / SECRET)


def make_missing(folder: Path) -> list[str]:
    """Add keys to an installation that is older than they are; their names. Raises KeysLost.

    Where something was signed already, the key that signed it is not missing but lost: a new one would leave the
    record without anybody who vouches for it.
    """
    lacking = keyring.lacking(folder)
    if lost := sorted(lacking - keyring.LATER):
        raise KeysLost(f"{', '.join(lost)}: these keys are lost, and never made anew. Restore {folder} from its copy.")
    if Role.SUPPRESSION in lacking and _there(Suppression):
        raise KeysLost(f"suppression.json was used already, so it is lost. Restore {folder} from its copy.")
    if Role.PACKAGES in lacking and _sealed_packages():
        raise KeysLost(f"packages.json was used already, so it is lost. Restore {folder} from its copy.")
    if lacking & keyring.SIGNING and _there(Checkpoint):
        raise KeysLost(f"The record was signed already, so its keys are lost. Restore {folder} from its copy.")
    keyring.make(folder, sorted(lacking))
    return sorted(lacking)


def _used(roles: Collection[Role]) -> bool:
    """Whether something was signed or hashed by one of these keys."""
    signed = bool(keyring.SIGNING & set(roles)) and _there(Checkpoint)
    hashed = Role.SUPPRESSION in roles and _there(Suppression)
    return signed or hashed or (Role.PACKAGES in roles and _sealed_packages())


def _sealed_packages() -> bool:
    """Whether a package is held that this key wraps; those of before are wrapped by the one of Parts."""
    if ("dsr", KNOWS_PACKAGES) not in MigrationRecorder(connection).applied_migrations():
        return False
    return Package.objects.filter(key_role=Role.PACKAGES).exclude(wrapped_key="").exists()


def _there(model: type[Model]) -> bool:
    """Whether a table has rows; a database that is not migrated yet holds none."""
    return model._meta.db_table in connection.introspection.table_names() and model._default_manager.exists()

"""The keys of an installation: made once, and never in place of others."""

import os
import secrets
from pathlib import Path

from dsr.sealing import keyring

SECRET = "django.txt"  # signs sessions and forms; see dsr/settings.py


class KeysThere(Exception):
    """The folder holds something already; new keys would lose what the old ones sealed."""


class KeysLost(Exception):
    """There is a database, and the keys that open it are gone."""


def require(folder: Path) -> None:
    """See that every key is there. Raises KeysLost."""
    try:
        keyring.load(folder)
    except keyring.KeysMissing as error:
        message = f"{error}. Restore {folder} from its copy: without its keys, nothing that is sealed opens again."
        raise KeysLost(message) from None


def make(folder: Path) -> None:
    """Make a key for every role and the secret key, readable by the owner only. Raises KeysThere."""
    if folder.exists() and any(folder.iterdir()):
        raise KeysThere(f"{folder} is not empty; keys are never made in place of others")
    keyring.make(folder)
    descriptor = os.open(folder / SECRET, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(60))

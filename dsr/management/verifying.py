"""What the commands that verify share: reading public keys and checkpoints from files and arguments."""

from argparse import ArgumentParser
from collections.abc import Callable, Iterable
from pathlib import Path

from django.core.management.base import CommandError
from django.db import DatabaseError

from dsr.record import note
from dsr.record.note import Head, Unverified, VerifierKey
from dsr.sealing.keyring import KeysMissing


def add_key(parser: ArgumentParser) -> None:
    """The option that makes a command work without the installation."""
    parser.add_argument(
        "--key",
        dest="keys",
        action="append",
        default=[],
        metavar="VKEY",
        help="a public key, name+hash+base64; may be given several times. Without it, those of this installation",
    )


def known(given: Iterable[str], own: Callable[[], list[VerifierKey]]) -> list[VerifierKey]:
    """The keys that were given, or those of this installation. Raises CommandError."""
    try:
        return [note.read_key(text) for text in given] or own()
    except Unverified as error:
        raise CommandError(f"--key: {error}") from None
    except KeysMissing as error:
        raise CommandError(f"{error}. Give the public key with --key.") from None
    except DatabaseError:  # whose tables name the record
        raise CommandError("There is no portal's database here. Give the public key with --key.") from None


def head_in(path: Path, keys: list[VerifierKey]) -> Head:
    """The checkpoint in a file. Raises CommandError."""
    try:
        return note.verified_head(path.read_text(encoding="utf-8"), keys)
    except (OSError, UnicodeDecodeError, Unverified) as error:
        raise CommandError(f"{path}: {error}") from None

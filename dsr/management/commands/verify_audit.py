"""Prove that the record is whole, or name the entry where it is not."""

from argparse import ArgumentParser
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.utils import timezone

from dsr.management import verifying
from dsr.models import installer, sealed
from dsr.record import audit, note
from dsr.record.audit import Broken
from dsr.record.note import Head, VerifierKey
from dsr.sealing.keyring import KeysMissing, Role
from dsr.steps.recording import audit as steps
from dsr.steps.recording import signing


class Command(BaseCommand):
    """Verify the record."""

    help = (
        "Compute every entry and every root of the record anew, and compare them with what was written and signed. "
        "With a checkpoint that was kept elsewhere, it shows what even the database's administrator changed."
    )
    requires_system_checks: list[str] = []  # an exported record is verified where no portal is

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What to compare with."""
        parser.add_argument("--checkpoint", dest="checkpoints", action="append", default=[], type=Path, metavar="FILE")
        parser.add_argument("--file", type=Path, help="an exported record (JSON Lines), in place of the database")
        verifying.add_key(parser)

    def handle(self, *, checkpoints: list[Path], keys: list[str], file: Path | None, **_: object) -> None:
        """Print size and root. Raises CommandError naming what is wrong."""
        trusted = verifying.known(keys, signing.log_keys)
        kept = sorted((verifying.head_in(path, trusted) for path in checkpoints), key=lambda head: head.size)
        try:
            whole = _of_file(file, trusted, kept) if file else _of_tables(trusted, kept)
        except Broken as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"{whole.size} events, all as written and signed. Root: {whole.root}")


def _of_tables(keys: list[VerifierKey], kept: list[Head]) -> Head:
    if missing := installer.missing(connection):
        raise Broken(f"The record is not guarded: missing {', '.join(missing)}")
    return steps.prove(keys, kept, at=timezone.now(), secrets=_secrets_open())


def _of_file(file: Path, keys: list[VerifierKey], kept: list[Head]) -> Head:
    alarms: list[str] = []
    try:
        with file.open(encoding="utf-8") as lines:
            checkpoint, entries = audit.read_lines(lines)
            signed = note.verified_head(checkpoint, keys)
            whole = audit.verify(audit.watched(entries, alarms), sorted([signed, *kept], key=lambda head: head.size))
    except (OSError, UnicodeDecodeError, note.Unverified) as error:
        raise Broken(f"{file}: {error}") from None
    if whole.size > max(head.size for head in (signed, *kept)):
        raise Broken(f"{file}: position {signed.size} and what follows is more than was signed.")
    audit.require_quiet(alarms)
    return whole


def _secrets_open() -> bool:
    """Whether the keys are here that open what Events commit to; a verifier elsewhere has only the public ones."""
    try:
        sealed.ring(Role.FIELDS)
    except KeysMissing:
        return False
    return True

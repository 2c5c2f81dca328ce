"""Check a certificate off-line: with its file and the public keys, and without the portal."""

from argparse import ArgumentParser
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from dsr.management import verifying
from dsr.record import certificate
from dsr.record.leaf import canonical
from dsr.record.note import Unverified, VerifierKey
from dsr.steps.recording import signing


class Command(BaseCommand):
    """Verify a certificate."""

    help = "Check who signed a certificate and that its entry is in the signed record; print what it states."
    requires_system_checks: list[str] = []  # it needs nothing of a portal

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The file, and the keys where this is not the installation that issued it."""
        parser.add_argument("file", type=Path)
        verifying.add_key(parser)

    def handle(self, *, file: Path, keys: list[str], **_: object) -> None:
        """Print the statement. Raises CommandError when it is not genuine."""
        known = verifying.known(keys, _own)
        try:
            text = file.read_text(encoding="ascii")
            genuine = certificate.verify(text, known, known)
        except (OSError, UnicodeDecodeError, Unverified) as error:
            raise CommandError(f"{file}: {error}") from None
        placed = genuine.statement.pop("record")
        self.stdout.write(canonical(genuine.statement).decode())
        self.stdout.write(
            f"Genuine: signed by {genuine.issuer.kid}; entry {placed['position']} of {genuine.head.size} "
            f"in the record {genuine.head.origin}."
        )


def _own() -> list[VerifierKey]:
    return [*signing.log_keys(), *signing.certificate_keys()]

"""Check a package off-line: with its file, or the folder it was unpacked into, and the public keys alone."""

from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from dsr.management import verifying
from dsr.package import brought
from dsr.package.brought import Broken, Brought
from dsr.package.verification import authenticate
from dsr.record.note import VerifierKey
from dsr.steps.recording import signing


class Command(BaseCommand):
    """Verify a package."""

    help = (
        "Check a downloaded package, or the folder it was unpacked into: every file against its digest, who signed "
        "it, its entry in the signed record, and the published shape. Names the first file that differs."
    )
    requires_system_checks: list[str] = []  # it needs nothing of a portal

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The package, and the keys where this is not the installation that made it."""
        parser.add_argument("package", type=Path, metavar="FILE|FOLDER")
        verifying.add_key(parser)

    def handle(self, *, package: Path, keys: list[str], **_: object) -> None:
        """Print what was found. Raises CommandError naming the first file that differs."""
        known = verifying.known(keys, _own)
        try:
            with _opened(package) as opened:
                checked = authenticate(opened, known)
        except (OSError, Broken) as error:
            raise CommandError(f"{package}: {error}") from None
        seal = checked.seal
        self.stdout.write(
            f"{package.name}: {checked.files} files, all as packed. {seal.says}\n"
            f"Genuine: signed by {seal.issuer.kid}; entry {seal.position} of {seal.head.size} "
            f"in the record {seal.head.origin}."
        )


@contextmanager
def _opened(package: Path) -> Iterator[Brought]:
    if package.is_dir():
        yield brought.unpacked(package)
        return
    with package.open("rb") as file, brought.zipped(file) as opened:
        yield opened


def _own() -> list[VerifierKey]:
    return [*signing.log_keys(), *signing.certificate_keys()]

"""Check a package that somebody downloaded: every file is listed, and every hash is right."""

import zipfile
import zlib
from argparse import ArgumentParser
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from dsr.package.verification import Broken, verify


class Command(BaseCommand):
    """Verify a package."""

    help = "Check the hashes of a downloaded package (a BagIt bag in a ZIP)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The ZIP."""
        parser.add_argument("file", type=Path)

    def handle(self, *, file: Path, **_: object) -> None:
        """Print the count of files. Raises CommandError naming what is wrong."""
        try:
            with zipfile.ZipFile(file) as archive:
                count = verify(archive)
        except (OSError, zipfile.BadZipFile, zlib.error, Broken) as error:
            message = f"{file}: {error}"
            raise CommandError(message) from error
        self.stdout.write(f"{file.name}: {count} files, all as packed.")

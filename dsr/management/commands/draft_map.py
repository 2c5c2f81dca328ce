"""Write a first map of a live database, for an engineer to finish."""

import os
import re
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError, CommandParser

from dsr.connectors.contract import Rejected, Unreachable
from dsr.connectors.settings import resolve
from dsr.connectors.sql.sketching import sketch
from dsr.datamap.drafting import written

_SLUG = re.compile(r"[a-z][a-z0-9_-]{0,63}")


class Command(BaseCommand):
    """Draft a map."""

    help = (
        "Write a first map from a live SQL schema: foreign keys become links, names suggest categories, and what is "
        "not certain is marked with '# finish:'. Only the schema is read, no row."
    )

    requires_system_checks: list[str] = []  # a first map is drafted where none is right yet

    def add_arguments(self, parser: CommandParser) -> None:
        """Which database, and where the map goes."""
        parser.add_argument("--system", required=True, help="slug of the system, and name of its file")
        parser.add_argument("--url", required=True, help="of the database; '${NAME}' is read from the environment")
        parser.add_argument("--schema", default="", help="when it is not the default one")
        parser.add_argument(
            "--output", type=Path, help="file to write, which must not be there yet; else to the screen"
        )

    def handle(self, *, system: str, url: str, schema: str, output: Path | None, **_: object) -> None:
        """Read the schema, write the map."""
        if not _SLUG.fullmatch(system):
            raise CommandError("--system takes small letters, digits, '-' and '_', a letter first.")
        try:
            tables = sketch(resolve(url, os.environ), schema)
        except ValueError as error:
            raise CommandError(f"--url: {error}") from None
        except (Unreachable, Rejected) as error:
            raise CommandError(str(error)) from None
        if not tables:
            raise CommandError("There are no tables.")
        text = written(system, tables, url)
        if output is None:
            self.stdout.write(text, ending="")
            return
        try:
            with output.open("x", encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            raise CommandError(f"{output}: {error.strerror}") from None
        self.stdout.write(f"{output}: {text.count('# finish:')} lines to finish")

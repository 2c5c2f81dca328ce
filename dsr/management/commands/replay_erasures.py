"""After a restored backup, before traffic returns: erase again what was erased before."""

import sys

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from dsr.steps import maps
from dsr.steps.fulfilling import replay

_OPEN, _UNASKED = 1, 2


class Command(BaseCommand):
    """Replay erasures."""

    help = (
        "Find people in restored systems who were erased before, and erase them again. Exits with 1 when something "
        "is left to do, and with 2 when nothing is, but a system could not be asked."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Whose, where, and whether to look only."""
        parser.add_argument("--controller", required=True)
        parser.add_argument("--system", default="", help="only this one, even while it is paused")
        parser.add_argument("--dry-run", action="store_true", help="count, and erase nothing")

    def handle(self, *, controller: str, system: str, dry_run: bool, **_: object) -> None:
        """Print references and numbers, and nobody's name."""
        about = maps.controllers().get(controller)
        if about is None or (system and system not in about.systems):
            raise CommandError("There is no such controller or system.")
        code = 0
        for told in replay.replay(about, only=system, dry_run=dry_run, at=timezone.now()):
            place = " ".join(part for part in (told.reference, told.system) if part)
            self.stdout.write(f"{place}: {told.says}")
            code = _OPEN if told.open else code or (_UNASKED if told.unasked else 0)
        if not code:
            self.stdout.write("Nothing is left of anybody who was erased.")
        if code:
            sys.exit(code)

"""Ask every system whether it answers and looks as its map says."""

import json
import sys

from django.core.management.base import BaseCommand, CommandError, CommandParser

from dsr.management import pauses
from dsr.management.checking import Checked, Standing, checked
from dsr.steps import maps

_DIFFERS, _UNKNOWN = 1, 2


class Command(BaseCommand):
    """Check systems."""

    help = (
        "Probe every system and compare it with its map. Exits with 1 when something differs, "
        "and with 2 when nothing does, but a system did not answer, or is paused."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Whose, which one, and how it is told."""
        parser.add_argument("--controller", default="", help="only this one's")
        parser.add_argument("--system", default="", help="only the systems of this name")
        parser.add_argument("--json", action="store_true", dest="as_json", help="one JSON object, for programs")

    def handle(self, *, controller: str, system: str, as_json: bool, **_: object) -> None:
        """Print what was found; those that did not answer come apart, at the end."""
        chosen = {slug: one for slug, one in maps.controllers().items() if controller in {"", slug}}
        found = [
            one
            for slug, controller_map in chosen.items()
            for one in checked(controller_map, system, paused=pauses.left(slug, but=system))
        ]
        if not found:
            raise CommandError("There is no such controller or system.")
        if as_json:
            self.stdout.write(json.dumps({"systems": [one.told() for one in found]}, indent=2, ensure_ascii=False))
        else:
            self._tell(found)
        code = _code(found)
        if code:
            sys.exit(code)

    def _tell(self, found: list[Checked]) -> None:
        silent = [one for one in found if one.standing is Standing.UNREACHABLE]
        for one in found:
            if one in silent:
                continue
            self.stdout.write(f"{one.controller}/{one.system}: {one.standing}")
            known = (f"accepted: {each.collection}: {each.message} ({why})" for each, why in one.accepted.items())
            unmet = (f"accepted, and not found any more: {text}" for text in one.unmet)
            found_here = (f"{each.collection}: {each.message}" for each in one.findings)
            for line in (*found_here, *known, *unmet, one.note):
                if line:
                    self.stdout.write(f"  {line}")
        if silent:
            self.stdout.write("No answer, so nothing is known of:")
        for one in silent:
            self.stdout.write(f"  {one.controller}/{one.system}: {one.note}")


def _code(found: list[Checked]) -> int:
    if any(one.standing in {Standing.DIFFERS, Standing.REFUSED} for one in found):
        return _DIFFERS
    return _UNKNOWN if any(one.standing in {Standing.UNREACHABLE, Standing.PAUSED} for one in found) else 0

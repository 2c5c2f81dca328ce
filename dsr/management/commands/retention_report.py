"""Say per collection whether the live data obeys the controller's own retention rules."""

import json
import sys
from dataclasses import asdict

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from dsr.management import pauses
from dsr.management.retention import UNKNOWN, Line, Verdict, report
from dsr.steps import maps


class Command(BaseCommand):
    """Report on retention."""

    help = (
        "Compare the oldest rows of every collection with its retention rule. Exits with 1 when rows are over age, "
        "and with 2 when none is known to be, but of a collection under a rule with a period nobody knows: a system "
        "did not answer, cannot be asked or is paused, the map names no date, or rows hold dates that cannot be read."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Whose, and how it is told."""
        parser.add_argument("--controller", default="", help="only this one's")
        parser.add_argument("--system", default="", help="only the systems of this name, even while paused")
        parser.add_argument("--json", action="store_true", dest="as_json", help="one JSON object, for programs")

    def handle(self, *, controller: str, system: str, as_json: bool, **_: object) -> None:
        """Print a line for each collection: what cannot be judged is said, not left out."""
        chosen = [one for slug, one in maps.controllers().items() if controller in {"", slug}]
        if not any(system in {"", *one.systems} for one in chosen):
            raise CommandError("There is no such controller or system.")
        lines = [
            line
            for one in chosen
            for line in report(one, system, at=timezone.now(), paused=pauses.left(one.controller.slug, but=system))
        ]
        if as_json:
            self.stdout.write(json.dumps({"collections": [asdict(line) for line in lines]}, indent=2))
        else:
            for line in lines:
                self.stdout.write(_said(line))
        verdicts = {line.verdict for line in lines}
        unknown = [line for line in lines if line.verdict in UNKNOWN]
        if unknown and not as_json:
            places = ", ".join(f"{line.controller}/{line.system} {line.collection}" for line in unknown)
            self.stdout.write(f"Not known of {len(unknown)} of {len(lines)} collections: {places}")
        if code := 1 if Verdict.BROKEN in verdicts else 2 if unknown else 0:
            sys.exit(code)


def _said(line: Line) -> str:
    parts = [f"{line.controller}/{line.system} {line.collection}: {line.verdict} ({line.rule}, {line.kind})"]
    if line.verdict is Verdict.BROKEN:
        parts.append(f"{line.older} rows are over age")
    if line.oldest:
        parts.append(f"oldest {line.oldest}")
    if line.undated:
        parts.append(f"{line.undated} rows name no moment")
    if line.unread:
        parts.append(f"{line.unread} rows hold a moment that cannot be read; write ISO 8601")
    if line.note:
        parts.append(line.note)
    return "; ".join(parts)

"""Ask every system whether it answers and looks as its map says."""

import os
import sys
from contextlib import closing

from django.core.management.base import BaseCommand

from dsr.connectors import registry
from dsr.connectors.contract import Rejected, Unreachable
from dsr.datamap.schema import SystemMap
from dsr.steps import maps


class Command(BaseCommand):
    """Check systems."""

    help = "Probe every system and compare it with its map; exits with 1 when something differs."

    def handle(self, **_: object) -> None:
        """Print one line per system and one per finding."""
        findings = 0
        for slug, controller_map in maps.controllers().items():
            for system in controller_map.systems.values():
                said = _findings(system)
                findings += len(said)
                self.stdout.write(f"{slug}/{system.slug}: {'well' if not said else ''}")
                for line in said:
                    self.stdout.write(f"  {line}")
        if findings:
            sys.exit(1)


def _findings(system: SystemMap) -> list[str]:
    try:
        with closing(registry.build(system, os.environ)) as connector:
            return [f"{finding.collection}: {finding.message}" for finding in connector.check()]
    except (Unreachable, Rejected, ValueError) as error:
        return [str(error)]

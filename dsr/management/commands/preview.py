"""Show the plan of a request with counts; changes nothing and asks nobody."""

import sys
from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from dsr.connectors.contract import Rejected, Unreachable
from dsr.datamap.plan import Plan
from dsr.datamap.route import Key
from dsr.datamap.schema import IdentityKind
from dsr.law.identifiers import clean
from dsr.law.rights import Right
from dsr.steps import gates, maps
from dsr.steps.fulfilling import search

_UNKNOWN = 2
_MISSING = "What is found by its keys is missing here, too; name it by --system to ask it all the same."


class Command(BaseCommand):
    """Preview."""

    help = "Show what a request would reach, with counts. Changes nothing. Exits with 2 when a system is paused."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Controller, right, identities."""
        parser.add_argument("--controller", required=True)
        parser.add_argument("--right", required=True, choices=[right.value for right in Right])
        parser.add_argument("--identity", required=True, action="append", metavar="email=sam@example.com")
        parser.add_argument("--system", default="", help="ask this one even while it is paused")

    def handle(self, *, controller: str, right: str, identity: list[str], system: str, **_: object) -> None:
        """Print the plan. Raises CommandError for unknown names and systems that do not answer."""
        if controller not in maps.controllers():
            message = f"There is no controller '{controller}'. Known: {', '.join(maps.controllers())}"
            raise CommandError(message)
        if system and system not in maps.controller(controller).systems:
            raise CommandError("There is no such system.")
        try:
            plan, counts = search.preview(controller, _identities(identity), insist=system)
        except (Unreachable, Rejected, ValueError) as error:
            raise CommandError(str(error)) from error
        self._show(f"{right} at {controller}, in this order:", plan, counts, gates.left(controller, but=system))

    def _show(self, title: str, plan: Plan, counts: dict[str, int], paused: set[str]) -> None:
        self.stdout.write(title)
        for system in plan.systems:
            after = f" (after {', '.join(sorted(system.after))})" if system.after else ""
            self.stdout.write(f"  {system.system}{after}")
            uncounted = "paused" if system.system in paused else "by hand"
            for route in system.routes:
                self.stdout.write(f"    {route.name:<24} {counts.get(f'{system.system}.{route.name}', uncounted):>9}")
        for name in plan.unreachable:
            self.stdout.write(f"  not reached: {name}")
        if left := [system.system for system in plan.systems if system.system in paused]:
            self.stdout.write(f"  not asked, for staff have paused it: {', '.join(left)}. {_MISSING}")
            sys.exit(_UNKNOWN)


def _identities(given: list[str]) -> dict[str, tuple[Key, ...]]:
    identities: dict[str, tuple[Key, ...]] = {}
    for text in given:
        kind, _, value = text.partition("=")
        if kind not in set(IdentityKind):
            message = f"'{kind}' is no kind of identity; known are {', '.join(IdentityKind)}"
            raise ValueError(message)
        value = clean(kind, value)
        key = tuple(value.split(":", 1)) if kind == IdentityKind.SOCIAL else (value,)
        identities[kind] = (*identities.get(kind, ()), key)
    return identities

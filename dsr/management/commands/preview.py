"""Show the plan of a request with counts; changes nothing and asks nobody."""

from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from dsr.connectors.contract import Rejected, Unreachable
from dsr.datamap.route import Key
from dsr.datamap.schema import IdentityKind
from dsr.law.identifiers import clean
from dsr.law.rights import Right
from dsr.steps import maps
from dsr.steps.fulfilling import search


class Command(BaseCommand):
    """Preview."""

    help = "Show what a request would reach, with counts. Changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Controller, right, identities."""
        parser.add_argument("--controller", required=True)
        parser.add_argument("--right", required=True, choices=[right.value for right in Right])
        parser.add_argument("--identity", required=True, action="append", metavar="email=sam@example.com")

    def handle(self, *, controller: str, right: str, identity: list[str], **_: object) -> None:
        """Print the plan. Raises CommandError for unknown names and systems that do not answer."""
        if controller not in maps.controllers():
            message = f"There is no controller '{controller}'. Known: {', '.join(maps.controllers())}"
            raise CommandError(message)
        try:
            plan, counts = search.preview(controller, _identities(identity))
        except (Unreachable, Rejected, ValueError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{right} at {controller}, in this order:")
        for system in plan.systems:
            after = f" (after {', '.join(sorted(system.after))})" if system.after else ""
            self.stdout.write(f"  {system.system}{after}")
            for route in system.routes:
                self.stdout.write(f"    {route.name:<24} {counts.get(f'{system.system}.{route.name}', 'by hand'):>9}")
        for name in plan.unreachable:
            self.stdout.write(f"  not reached: {name}")


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

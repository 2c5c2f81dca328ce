"""manage.py add_staff: a staff member with roles, and the link by which they choose password and second factor."""

from argparse import ArgumentParser, ArgumentTypeError

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts import staff
from accounts.models import Role


def _role(text: str) -> tuple[str, Role]:
    controller, colon, role = text.partition(":")
    if not (controller and colon) or role not in Role.values:
        raise ArgumentTypeError(f"'{text}' is not CONTROLLER:ROLE; roles are {', '.join(Role.values)}")
    return controller, Role(role)


class Command(BaseCommand):
    """The link alone goes to the standard output; no password is made, so none is a default."""

    help = "Make a staff member. A link is shown once; by it they choose password and second factor themselves."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Who, and what they may do."""
        parser.add_argument("username")
        parser.add_argument("--name", required=True, help="as colleagues know them")
        parser.add_argument("--email", default="", help="where reminders go; without it there are none")
        parser.add_argument(
            "--role",
            dest="roles",
            action="append",
            type=_role,
            default=[],
            metavar="CONTROLLER:ROLE",
            help=f"may be given several times; roles are {', '.join(Role.values)}",
        )
        parser.add_argument("--administrator", action="store_true", help="may also give and take roles")

    def handle(self, *, username: str, name: str, roles: list[tuple[str, Role]], **options: object) -> None:
        """Make them, or say why not."""
        if not roles and not options["administrator"]:
            raise CommandError("give at least one --role, such as --role joypix:agent")
        try:
            path = staff.invite(
                username, name, roles, email=str(options["email"]), administrator=bool(options["administrator"])
            )
        except staff.NotAdded as why:
            raise CommandError(str(why)) from None
        self.stderr.write(f"{username} enrols by this link. It is shown once, opens once, and ends in three days:")
        self.stdout.write(f"{settings.DSR_DESK_URL}/desk/{path}")

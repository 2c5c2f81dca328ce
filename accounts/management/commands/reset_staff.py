"""manage.py reset_staff: a link by which a staff member sets a new password, or a new second factor, never both."""

from argparse import ArgumentParser

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts import invitations
from accounts.models import Purpose, Staff


class Command(BaseCommand):
    """Whoever forgot the password still needs the second factor; whoever lost that still needs the password."""

    help = "Make a link for a new password (asks for the second factor) or a new second factor (asks for the password)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Whose, and what."""
        parser.add_argument("username")
        parser.add_argument(
            "what", choices=["password", "factor", "enrol"], help="enrol: for who never used the first link"
        )

    def handle(self, *, username: str, what: str, **_: object) -> None:
        """Make it, or say why not."""
        staff = Staff.objects.filter(username=username, is_active=True).first()
        if staff is None:
            raise CommandError(f"there is no open account '{username}'")
        if (what == "enrol") == (staff.has_usable_password() or staff.authenticator_set.exists()):
            raise CommandError("'enrol' is for who never enrolled, 'password' and 'factor' are for who did")
        path = invitations.make(staff, Purpose(what))
        self.stderr.write(f"{username} sets a new {what} by this link. It is shown once and opens once:")
        self.stdout.write(f"{settings.DSR_DESK_URL}/desk/{path}")

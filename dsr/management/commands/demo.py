"""Everything on one machine, with sample systems: for trying the portal out."""

import io
import os
import sys
from argparse import ArgumentParser
from datetime import timedelta
from functools import partial
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from dsr.management import demo, keys, processes
from dsr.sealing import keyring

HOST = "127.0.0.1"


class Command(BaseCommand):
    """Demo."""

    help = "Seed both reference controllers, walk two examples through, then serve until Ctrl-C."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where to listen."""
        parser.add_argument("--port", type=int, default=8000)

    def handle(self, *, port: int, **_: object) -> None:
        """Raises CommandError when the port is taken."""
        try:
            processes.require_free(HOST, port)
        except processes.PortTaken as error:
            raise CommandError(str(error)) from error
        if not settings.DSR_DEMO:
            _again_in_demo_mode(port)
        try:
            sys.exit(self._run(port))
        except KeyboardInterrupt:
            sys.exit(0)

    def _run(self, port: int) -> int:
        folder = demo.folder()
        folder.mkdir(parents=True, exist_ok=True)
        self._say("Preparing the portal's database")
        call_command("migrate", verbosity=0)
        call_command("collectstatic", verbosity=0, interactive=False)
        self._say("Preparing the sample systems of JoyPix and PixPlus (two times 2,000 people)")
        demo.seed_systems(folder / "systems", timezone.localdate() - timedelta(days=1))
        services = demo.SampleServices(folder / "systems")
        try:
            call_command("check", databases=["default"], stdout=io.StringIO())
            passwords = demo.enrol_staff(folder / "staff.json")
            copies = demo.walk_examples(folder, timezone.now(), self._say)
            self._say("Starting the web server and a worker")
            ready = processes.Ready(HOST, port, partial(self._tell, port, passwords, copies))
            return processes.run(ready, [services.process])
        finally:
            processes.end([services.process])

    def _say(self, text: str) -> None:
        self.stdout.write(f"  {text} …")
        self.stdout.flush()

    def _tell(self, port: int, passwords: dict[str, str], copies: list[Path]) -> None:
        base = f"http://{HOST}:{port}"
        self.stdout.write(
            f"\nRightful is ready. Stop it with Ctrl-C; `make reset` forgets everything.\n\n  Portal     {base}/"
        )
        self.stdout.write(f"  Sent mail  {base}/demo/mail/  (also {settings.DEMO_MAIL_FOLDER}/*.eml)")
        self.stdout.write(f"  Apps       {base}/demo/app/  (open the portal from the app, signed in there)")
        self.stdout.write(
            "             Ask as sam@example.com, li.wei@example.com, amal@example.com or heavy@example.com"
        )
        self.stdout.write(f"  Desk       {base}/desk/")
        for name, password in passwords.items():
            self.stdout.write(
                f"             {name:<5} {password}   {demo.does(name)}; one-time code: make code WHO={name}"
            )
        self.stdout.write(f"  API        {base}/api/v1/schema/")
        self.stdout.write("  Packages   a readable copy of each example's answer:")
        for copy in copies:
            self.stdout.write(f"             {copy}")
        self.stdout.write("")
        self.stdout.flush()


def _again_in_demo_mode(port: int) -> None:
    """Make the keys, then start this command anew: settings are read once, and these belong to them."""
    database = settings.DSR_VAR / "portal.sqlite3"
    if not database.exists() and not settings.DSR_KEYS.exists():
        keys.make(settings.DSR_KEYS)
    try:
        if keyring.lacking(settings.DSR_KEYS) <= keyring.LATER:  # a demo that is older than these keys
            keys.make_missing(settings.DSR_KEYS)
        keys.require(settings.DSR_KEYS)
    except keys.KeysLost as error:
        message = f"{error} Or forget everything: make reset"
        raise CommandError(message) from error
    os.environ.update(DSR_DEMO="1", DSR_BASE_URL=f"http://{HOST}:{port}")
    os.execv(sys.executable, [sys.executable, sys.argv[0], "demo", "--port", str(port)])  # noqa: S606 — this very program

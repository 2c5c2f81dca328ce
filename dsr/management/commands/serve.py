"""The production start on one machine: migrate, check, web server and worker."""

import os
import sys
from argparse import ArgumentParser
from functools import partial

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from dsr.management import keys, processes


class Command(BaseCommand):
    """Serve until Ctrl-C."""

    help = "Migrate, check, then run the web server and two workers until Ctrl-C."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where to listen."""
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=int(os.environ.get("PORT", "8000")))

    def handle(self, *, host: str, port: int, **_: object) -> None:
        """Raises CommandError when the port is taken or a check fails."""
        if settings.DSR_DEMO and host not in {"127.0.0.1", "::1", "localhost"}:
            message = "Demo mode listens on this machine only."
            raise CommandError(message)
        try:
            processes.require_free(host, port)
            keys.require(settings.DSR_KEYS)
        except (processes.PortTaken, keys.KeysLost) as error:
            raise CommandError(str(error)) from error
        settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
        call_command("collectstatic", verbosity=0, interactive=False)
        call_command("migrate", verbosity=0)
        call_command("check", databases=["default"], deploy=not settings.DSR_DEMO, fail_level="WARNING")
        ready = processes.Ready(host, port, partial(self._say, f"Rightful listens on http://{host}:{port}/"))
        sys.exit(processes.run(ready))

    def _say(self, text: str) -> None:
        self.stdout.write(f"{text} — stop it with Ctrl-C.")
        self.stdout.flush()

"""The record as a file that proves itself, its public keys, its newest checkpoint, or one request's story."""

import os
from argparse import ArgumentParser
from collections.abc import Iterable
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from dsr.law.actors import PORTAL
from dsr.law.references import read_reference
from dsr.models import Checkpoint, SubjectRequest
from dsr.record.audit import Broken
from dsr.steps.recording import audit, record, sequencer, signing


class Command(BaseCommand):
    """Export the record."""

    help = "Write the record as JSON Lines with its newest checkpoint, or print keys, checkpoint or a timeline."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """One of four."""
        one = parser.add_mutually_exclusive_group(required=True)
        one.add_argument("file", nargs="?", type=Path, metavar="FILE.jsonl")
        one.add_argument("--keys", action="store_true", help="print the public keys, name+hash+base64, one per line")
        one.add_argument("--checkpoint", action="store_true", help="print the newest checkpoint, to be kept elsewhere")
        one.add_argument("--timeline", metavar="REFERENCE", help="print what happened to a request")

    def handle(self, *, file: Path | None, keys: bool, checkpoint: bool, timeline: str | None, **_: object) -> None:
        """Raises CommandError when there is nothing to export."""
        if file is not None:
            self._write(file)
            return
        if keys:
            lines: Iterable[str] = (f"{key}\n" for key in (*signing.log_keys(), *signing.certificate_keys()))
        elif checkpoint:
            lines = [_newest().note]
        else:
            lines = _timeline(timeline or "")
        self.stdout.writelines(lines)

    def _write(self, file: Path) -> None:
        newest = _newest()
        record.write_for("", audit.EXPORTED, by=PORTAL, at=timezone.now(), size=newest.size)
        try:
            # It shows who did what to which request: for its owner alone.
            with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
                out.writelines(audit.lines(newest))
        except (OSError, Broken) as error:
            raise CommandError(f"{file}: {error}") from None
        self.stdout.write(f"{newest.size} events in {file}. Check it with: manage.py verify_audit --file {file}")


def _newest() -> Checkpoint:
    newest = sequencer.newest()
    if newest is None:
        raise CommandError("Nothing was signed yet: a worker signs the first checkpoint within seconds of its start.")
    return newest


def _timeline(reference: str) -> Iterable[str]:
    subject_request = SubjectRequest.objects.filter(reference=read_reference(reference) or "").first()
    if subject_request is None:
        raise CommandError(f"There is no request {reference}.")
    return audit.story(subject_request, audit.plainly, lambda event: event.actor, by=PORTAL, at=timezone.now())

"""A certificate is checked off-line, with its file and two public keys, and nothing else."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from dsr.law.actors import SUBJECT
from dsr.law.rights import Right
from dsr.models import Certificate
from dsr.steps import sweeping
from dsr.steps.asking import cancellation, intake
from dsr.steps.recording import sequencer, signing
from tests.conftest import NOW, World
from tests.steps import timing
from tests.tree import ROOT


@pytest.fixture
def file(db: None, tmp_path: Path) -> Path:
    """A certificate as it was downloaded."""
    intake.receive(intake.Intake("joypix", Right.PROCESSING_INFORMATION, ()), by=SUBJECT, at=NOW)
    sequencer.sequence(at=NOW)
    sweeping.certify(at=NOW)
    path = tmp_path / "request.jws"
    path.write_text(Certificate.objects.get().jws + "\n", "ascii")
    return path


def keys() -> list[str]:
    return [f"--key={key}" for key in (*signing.certificate_keys(), *signing.log_keys())]


def test_the_portal_checks_its_own(file: Path) -> None:
    said = io.StringIO()
    call_command("verify_certificate", str(file), stdout=said)
    assert '"right":"processing-information"' in said.getvalue()
    assert "Genuine: signed by 127.0.0.1/audit/certificates+" in said.getvalue()


def test_a_missed_date_is_shown(world: World, tmp_path: Path) -> None:
    late = timing.reviewed(world, "eea")
    cancellation.cancel(late, by=SUBJECT, at=world.later(days=60))
    sequencer.sequence(at=world.at)
    sweeping.certify(at=world.at)
    path, said = tmp_path / "late.jws", io.StringIO()
    path.write_text(Certificate.objects.get().jws, "ascii")
    call_command("verify_certificate", str(path), stdout=said)
    assert '"missed":[{"duty":"answer","missed_on":"2026-11-25","regime":"house"' in said.getvalue()


def test_on_a_machine_without_portal_database_and_keys_the_public_keys_are_enough(file: Path, tmp_path: Path) -> None:
    bare = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    bare |= {"DSR_VAR": str(tmp_path / "nothing"), "DSR_DATABASE_URL": "sqlite:////nowhere/at/all.sqlite3"}
    command = [sys.executable, "manage.py", "verify_certificate", str(file)]
    checked = subprocess.run([*command, *keys()], cwd=ROOT, env=bare, capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")
    assert "Genuine" in checked.stdout


@pytest.mark.parametrize("which", [0, 1])
def test_one_of_the_two_keys_is_not_enough(file: Path, which: int) -> None:
    with pytest.raises(CommandError, match=r"not known here|no key that is known"):
        call_command("verify_certificate", str(file), keys()[which])


def test_a_changed_file_is_refused(file: Path) -> None:
    text = file.read_text("ascii")
    file.write_text(text.replace(text[400], "A" if text[400] != "A" else "B", 1), "ascii")
    with pytest.raises(CommandError, match=r"request\.jws"):
        call_command("verify_certificate", str(file))


def test_what_is_no_certificate_is_said_to_be_none(tmp_path: Path, db: None) -> None:
    (tmp_path / "other.jws").write_bytes(b"\xff\xfe")
    for name in ("other.jws", "nothing.jws"):
        with pytest.raises(CommandError, match=name):
            call_command("verify_certificate", str(tmp_path / name))

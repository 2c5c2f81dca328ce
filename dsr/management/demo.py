"""The demo's world: keys, sample systems, staff, and two example requests carried through to their packages."""

import json
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from django.conf import settings

from accounts import staff
from accounts.models import Role, Staff
from controllers import sample_services
from dsr.datamap.schema import IdentityKind
from dsr.law.actors import PORTAL, SUBJECT, Actor, ActorKind
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.models import Proof, SubjectRequest, sealed
from dsr.sealing import files
from dsr.steps import work
from dsr.steps.answering import delivery
from dsr.steps.asking import codes, intake, verification
from dsr.steps.deciding import approval, review
from dsr.steps.post import notices
from dsr.steps.recording import record

SEED = 7
CAST = {
    "dana": ("Dana Reyes", Role.AGENT, "reviews requests"),
    "eli": ("Eli Brandt", Role.APPROVER, "approves erasures"),
    "pia": ("Pia Lindqvist", Role.PRIVACY_OFFICER, "checks who asks, and watches the dates"),
    "rhea": ("Rhea Solberg", Role.REDACTOR, "looks at answers before they leave"),
    "ada": ("Ada Marsh", Role.AUDITOR, "reads the record"),
}


def does(name: str) -> str:
    """What this member of staff does here; whom somebody added by hand does what they please."""
    return CAST[name][2] if name in CAST else "added by hand"


class SampleServices:
    """The payment institution and RunningHub in a process of their own, on a free port of loopback."""

    def __init__(self, folder: Path) -> None:
        """Start, and wait until it says where it listens."""
        token = secrets.token_urlsafe(24)
        environ = os.environ | {sample_services.TOKEN: token}
        command = [sys.executable, "-m", "controllers.sample_services", "serve", "--var", str(folder)]
        self.process = subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, start_new_session=True)
        assert self.process.stdout is not None  # noqa: S101 — it was asked for above
        self.address = self.process.stdout.readline().decode().strip()
        os.environ.update(sample_services.environment(folder, self.address, token))


def seed_systems(folder: Path, today: date) -> None:
    """Make the sample systems, unless they are there: nothing of theirs changes from start to start."""
    sample_services.seed(folder, seed=SEED, anchor=today)


def enrol_staff(path: Path) -> dict[str, str]:
    """The generated passwords by username; made at the first start, and read again later."""
    if not Staff.objects.exists():
        slugs = ("joypix", "pixplus")
        made = {
            name: staff.add(name, full, [(s, role) for s in slugs], email=f"{name}@example.com")
            for name, (full, role, _) in CAST.items()
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(json.dumps({name: new.password for name, new in made.items()}), encoding="ascii")
    passwords: dict[str, str] = json.loads(path.read_text(encoding="ascii"))
    return passwords


@dataclass(frozen=True, slots=True)
class Example:
    """A request that the demo carries through."""

    right: Right
    email: str
    days_ago: int


# The oldest first: the record takes notice of what is dated long before what it holds already.
EXAMPLES = (Example(Right.ERASURE, "li.wei@example.com", 9), Example(Right.ACCESS, "sam@example.com", 2))


def walk_examples(folder: Path, now: datetime, say: Callable[[str], None]) -> list[Path]:
    """Carry the examples through on past dates, and write readable copies of their packages."""
    copies = {folder / f"joypix-{example.right}.zip": example for example in EXAMPLES}
    walked = {}
    for copy, example in copies.items():
        if not copy.exists():
            say(f"Walking an example: {example.right} for {example.email}")
            walked[copy] = _walked(example, now)
    for copy, subject_request in walked.items():  # when all are: this is done today
        _copied(subject_request, copy, now)
    return list(copies)


def _walked(example: Example, now: datetime) -> SubjectRequest:
    at = now - timedelta(days=example.days_ago)
    identities = ((IdentityKind.EMAIL, example.email),)
    subject_request = intake.receive(intake.Intake("joypix", example.right, identities), by=SUBJECT, at=at)
    at += timedelta(minutes=3)
    if verification.confirm(subject_request, code_of(subject_request), at=at) is not _CONFIRMED:
        message = "the example's code was not taken"
        raise RuntimeError(message)
    dana, eli = (Actor(ActorKind.STAFF, str(Staff.objects.get(username=name).pk)) for name in ("dana", "eli"))
    at += timedelta(hours=3)
    review.take(subject_request, by=dana, at=at)
    review.accept(subject_request, by=dana, at=at)
    if example.right is Right.ERASURE:
        _work_until(subject_request, State.SEARCHED, at)
        at += timedelta(hours=2)
        approval.approve(subject_request, digest=subject_request.manifest.digest, by=eli, at=at)
        at += timedelta(days=5)  # past the grace period
    _work_until(subject_request, State.PACKAGED, at)
    while notices.send_next(at=at):
        pass
    return subject_request


_CONFIRMED = verification.Confirmation.CONFIRMED


def code_of(subject_request: SubjectRequest) -> str:
    """The code of the newest proof, made as whoever sends its letter would make it."""
    proof = Proof.objects.filter(identity__subject_request=subject_request).latest("created_at")
    return codes.make(str(proof.pk), at=proof.created_at) or ""


def _work_until(subject_request: SubjectRequest, state: State, at: datetime) -> None:
    for _ in range(200):
        at += timedelta(seconds=1)
        while work.do_next(at=at):
            pass
        subject_request.refresh_from_db()
        if subject_request.state == state:
            return
    message = f"the example stays {subject_request.state}: {[i.note for i in subject_request.items.all()]}"
    raise RuntimeError(message)


def _copied(subject_request: SubjectRequest, copy: Path, now: datetime) -> None:
    """Write the package in the clear, which only the demo does, and say so in the record."""
    package = delivery.available(subject_request)
    if package is None:
        message = "the example has no package"
        raise RuntimeError(message)
    place = sealed.file_place(package.pk)
    with (
        files.reading(sealed.file_spot(package.pk), place, package.ring(), package.wrapped_key) as stream,
        copy.with_suffix(".half").open("wb") as out,
    ):
        shutil.copyfileobj(stream, out)
    copy.with_suffix(".half").replace(copy)
    record.write(subject_request, "package:copied-for-demo", by=PORTAL, at=now, version=package.version)


def folder() -> Path:
    """Where the demo keeps its mail, systems and copies."""
    return Path(settings.DSR_VAR) / "demo"

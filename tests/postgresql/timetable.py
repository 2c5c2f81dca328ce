"""What two timetables do in one portal; each of these runs in a process of its own."""

from datetime import datetime, timedelta

from django.db.models import Count
from django.utils import timezone

from accounts import staff
from accounts.models import Role
from dsr.datamap.schema import IdentityKind
from dsr.law.actors import SUBJECT
from dsr.law.rights import Right
from dsr.models import Deadline, Event, Notice
from dsr.steps.asking import intake
from dsr.steps.counting import recounting, reminders
from tests.steps.counting import test_recounting


def file_late(many: str) -> dict[str, object]:
    """So many requests whose every date is over, and one agent to be told."""
    staff.add("dana", "Dana", [("joypix", Role.AGENT)], email="dana@example.com")
    at = timezone.now() - timedelta(days=90)
    for number in range(int(many)):
        asked = intake.Intake("joypix", Right.ACCESS, ((IdentityKind.EMAIL, f"sam{number}@example.com"),), region="eea")
        intake.receive(asked, by=SUBJECT, at=at)
    return {"deadlines": Deadline.objects.count()}


def tell() -> dict[str, object]:
    """Everything that a timetable has to say."""
    turns = 0
    while reminders.tell_next(at=timezone.now()):
        turns += 1
    return {"turns": turns}


def count_daily(at: str) -> dict[str, object]:
    """One turn of the daily recount."""
    return {"did": recounting.daily(at=datetime.fromisoformat(at))}


def told() -> dict[str, object]:
    """What came of it."""
    missed = Event.objects.filter(tag="deadline:missed")
    per_date = missed.values("subject_request", "details__regime").annotate(times=Count("id"))
    return {
        "letters": Notice.objects.filter(letter="missed").count(),
        "to_persons": Notice.objects.filter(letter="late").count(),
        "missed": Deadline.objects.exclude(breached_at=None).count(),
        "times": sorted({row["times"] for row in per_date}),
    }


def recount(many: str) -> dict[str, object]:
    """So many wrong dates, counted again: how many moved, and how many are still not what one by one gives."""
    return test_recounting.recounted(int(many), timezone.now())

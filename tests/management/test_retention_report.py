"""Whether the live data obeys the controller's own rules, in one line for each collection."""

import io
import json
import os
import re
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from dsr.law.actors import Actor
from dsr.law.ages import oldest_allowed
from dsr.steps import pausing
from tests.conftest import ANCHOR, World
from tests.steps import scenes


def report(*arguments: str) -> tuple[int, str]:
    """The exit code and what was said."""
    said = io.StringIO()
    try:
        call_command("retention_report", *arguments, stdout=said)
    except SystemExit as ended:
        return int(str(ended.code)), said.getvalue()
    return 0, said.getvalue()


@pytest.fixture
def world(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """The command's clock is that of the sample systems: no file of theirs is a day old."""
    monkeypatch.setattr(timezone, "now", lambda: datetime.combine(ANCHOR, time(13), UTC))
    return world


def lines(*arguments: str) -> dict[str, dict[str, Any]]:
    told = json.loads(report("--json", *arguments)[1])["collections"]
    return {f"{line['controller']}/{line['system']}/{line['collection']}": line for line in told}


def test_the_sample_systems_obey_their_rules_but_for_one_order_of_long_ago(world: World) -> None:
    code, said = report()
    assert code == 1
    broken = [line for line in said.splitlines() if ": broken" in line]
    assert broken == [
        "joypix/app-database orders: broken (paid-orders, statutory); 1 rows are over age; oldest 2023-07-21T12:00:00Z"
    ]


def test_when_all_is_well_the_exit_code_says_so(world: World) -> None:
    assert report("--controller", "pixplus", "--system", "event-store")[0] == 0


def test_a_period_that_nobody_has_judged_is_never_called_well(world: World) -> None:
    code, said = report("--controller", "pixplus")
    assert code == 2
    assert "pixplus/runninghub tasks: cannot be asked (runninghub-effects, ceiling); its system tells nobody" in said
    assert re.search(r"^Not known of 1 of \d+ collections: pixplus/runninghub tasks$", said, re.MULTILINE)


def test_files_older_than_their_ceiling_are_counted_and_break_the_report(world: World) -> None:
    media = sorted(path for path in (world.systems.folder / "pixplus/media/source").rglob("*") if path.is_file())
    for path in media[:2]:
        os.utime(path, (datetime(2024, 8, 1, tzinfo=UTC).timestamp(),) * 2)
    code, said = report("--controller", "pixplus", "--system", "media-store")
    assert code == 1
    assert "source: broken (source-media, ceiling); 2 rows are over age; oldest 2024-08-01T00:00:00+00:00" in said
    assert "generated: obeys (generated-content, ceiling); oldest 2026-1" in said


def test_what_the_portal_itself_holds_is_reduced_by_itself_and_leaves_nothing_unknown(world: World) -> None:
    assert {line["verdict"] for line in lines("--system", "rightful").values()} == {"our own"}
    assert report("--controller", "pixplus", "--system", "rightful")[0] == 0


def test_a_log_older_than_its_ceiling_is_counted_and_breaks_the_report(world: World) -> None:
    with scenes.live(world, "pixplus/events.sqlite3") as database:
        database.execute("UPDATE logs SET happened_at = '2026-09-01T00:00:00Z' WHERE id IN (1, 2)")
    code, said = report("--controller", "pixplus")
    assert code == 1
    assert "logs: broken (operational-logs, ceiling); 2 rows are over age; oldest 2026-09-01T00:00:00Z" in said


def test_a_period_that_runs_from_an_event_of_the_account_is_counted_from_there(world: World) -> None:
    with scenes.live(world) as database:
        database.execute("UPDATE users SET cancelled_at = '2026-01-01T00:00:00Z' WHERE id = 'jp000001'")
        signins = database.execute("SELECT count(*) FROM social_signins WHERE user_id = 'jp000001'").fetchone()[0]
    told = lines("--controller", "joypix")
    assert told["joypix/app-database/users"]["older"] == 1
    assert told["joypix/app-database/social_signins"]["older"] == signins == 1


def test_what_cannot_be_judged_is_said(world: World) -> None:
    told = lines()
    assert told["joypix/payment-institution/payments"]["verdict"] in {"no date", "cannot be asked"}
    assert told["joypix/app-database/generations"]["verdict"] == "no period"
    assert told["pixplus/app-database/consents"]["verdict"] == "no period"


def test_a_system_that_staff_paused_is_not_asked_unless_it_is_named(world: World, engineer: Actor) -> None:
    pausing.pause("joypix", "app-database", reason="An incident.", by=engineer, at=world.at)
    code, said = report("--controller", "joypix")
    assert code == 2
    assert "app-database orders: paused" in said
    code, said = report("--controller", "joypix", "--system", "app-database")
    assert (code, "orders: broken" in said, "media-store" in said) == (1, True, False)


@pytest.mark.parametrize("named", [("--controller", "nobody"), ("--system", "nowhere")])
def test_a_controller_or_system_that_is_not_there_is_no_report(named: tuple[str, str]) -> None:
    with pytest.raises(CommandError):
        report(*named)


@pytest.mark.parametrize(
    ("now", "period", "then"),
    [
        (datetime(2026, 3, 31, 12, tzinfo=UTC), {"months": 1}, datetime(2026, 2, 28, 12, tzinfo=UTC)),
        (datetime(2026, 3, 31, 12, tzinfo=UTC), {"hours": 24}, datetime(2026, 3, 30, 12, tzinfo=UTC)),
        (datetime(2028, 2, 29, tzinfo=UTC), {"years": 3}, datetime(2025, 2, 28, tzinfo=UTC)),
    ],
)
def test_a_row_is_over_age_once_its_period_is_over(now: datetime, period: dict[str, int], then: datetime) -> None:
    assert oldest_allowed(now, **period) == then
    assert oldest_allowed(now, **period) <= now - timedelta(hours=24)

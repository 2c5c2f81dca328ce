"""Limits are counted exactly, by the address that trusted proxies saw, in rows that name nobody."""

from datetime import timedelta

import pytest
from pytest_django import Settings

from dsr import checks
from dsr.models import Tally
from dsr.steps import limiting
from tests.conftest import NOW

SPOOFED = "203.0.113.66"


@pytest.fixture(autouse=True)
def tight(db: None, settings: Settings) -> None:
    settings.DSR_LIMITS = {"filed": "5/hour"}


def test_a_limit_holds_for_its_span_and_begins_anew_after_it() -> None:
    assert [limiting.hit("filed", "one", at=NOW) for _ in range(11)] == [0] * 5 + [1] * 5 + [2]
    assert limiting.hit("filed", "other", at=NOW) == 0
    assert limiting.left("filed", "one", at=NOW) == timedelta(hours=1)
    later = NOW + timedelta(hours=1, seconds=1)
    assert limiting.left("filed", "one", at=later) == timedelta()
    assert limiting.hit("filed", "one", at=later) == 0


def test_a_flood_waits_a_quarter_of_an_hour_at_most() -> None:
    assert [limiting.slowed(times) for times in (0, 1, 10**6)] == [
        timedelta(),
        timedelta(minutes=1),
        timedelta(minutes=15),
    ]


def test_counts_name_nobody_and_are_forgotten() -> None:
    limiting.hit("filed", "sam@example.com", at=NOW)
    assert "sam" not in "".join(Tally.objects.values_list("key", flat=True))
    limiting.forget_old(at=NOW + timedelta(hours=3))
    assert not Tally.objects.exists()


def test_a_limit_that_is_none_of_ours_or_says_nothing_stops_the_start(settings: Settings) -> None:
    settings.DSR_LIMITS = {"filed": "often", "fled": "5/hour"}
    assert [problem.partition(";")[0] for problem in limiting.problems()] == [
        "DSR_LIMITS: 'often' is no limit for filed",
        "DSR_LIMITS names 'fled'",
    ]
    assert {message.id for message in checks.limits_can_be_read()} == {"dsr.E006"}


@pytest.mark.parametrize(
    ("hops", "forwarded", "address"),
    [
        (0, SPOOFED, "198.51.100.1"),
        (1, "", "198.51.100.1"),
        (1, f"{SPOOFED}, 192.0.2.7", "192.0.2.7"),
        (2, f"{SPOOFED}, 192.0.2.7, 10.0.0.1", "192.0.2.7"),
        (2, "192.0.2.7", "198.51.100.1"),
        (1, "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        (1, "2001:db8:1:2:ffff::9", "2001:db8:1:2::"),
        (1, "::ffff:192.0.2.7", "192.0.2.7"),
        (1, "192.0.2.7:49152", "192.0.2.7"),
        (1, "[2001:db8:1:2::9]:49152", "2001:db8:1:2::"),
        (1, "not an address", "not an address"),
    ],
)
def test_what_a_client_writes_into_forwarded_for_counts_for_nothing(
    settings: Settings, hops: int, forwarded: str, address: str
) -> None:
    settings.DSR_TRUSTED_HOPS = hops
    meta = {"REMOTE_ADDR": "198.51.100.1", "HTTP_X_FORWARDED_FOR": forwarded}
    assert limiting.address_of(meta) == address


def test_behind_tls_the_start_asks_how_many_proxies_there_are(settings: Settings) -> None:
    """Counted as one connection, twenty wrong passwords of one stranger would keep all staff out."""
    settings.DSR_BASE_URL, settings.DSR_TRUSTED_HOPS = "https://rights.example.com", 0
    assert [message.id for message in checks.somebody_counts_the_proxies()] == ["dsr.W004"]
    settings.DSR_TRUSTED_HOPS = 1
    assert checks.somebody_counts_the_proxies() == []

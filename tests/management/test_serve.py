"""Starting says clearly why it cannot start."""

import socket
from collections.abc import Iterator

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from dsr.management import demo


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which somebody else listens."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield int(other.getsockname()[1])


@pytest.mark.parametrize("command", ["serve", "demo"])
def test_a_port_that_is_taken_is_named(taken: int, command: str) -> None:
    with pytest.raises(CommandError, match=f"Port {taken} .* is taken"):
        call_command(command, port=taken)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "portal.example", ""])  # noqa: S104  refused
def test_the_demo_is_not_shown_to_other_machines(settings: Settings, host: str) -> None:
    settings.DSR_DEMO = True
    with pytest.raises(CommandError, match="this machine only"):
        call_command("serve", host=host, port=0)


def test_the_demo_itself_takes_no_other_host() -> None:
    with pytest.raises((CommandError, TypeError), match="host"):
        call_command("demo", "--host", "0.0.0.0")  # noqa: S104  refused


def test_the_examples_of_the_demo_come_in_the_order_of_their_days() -> None:
    days = [example.days_ago for example in demo.EXAMPLES]
    assert days == sorted(days, reverse=True)

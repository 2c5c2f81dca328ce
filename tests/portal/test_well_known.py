"""What programs ask every site for: whom to tell of a hole, where to change a password, whether GPC is heeded."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client
from pytest_django import Settings


def test_security_txt_names_whom_to_tell_and_is_good_for_half_a_year(client: Client, settings: Settings) -> None:
    settings.DSR_SECURITY_CONTACT = ["mailto:security@rights.example", "https://rights.example/report"]
    answer = client.get("/.well-known/security.txt")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    fields = re.findall(r"^([A-Z][A-Za-z-]+): (\S.*)\r$", answer.text, re.MULTILINE)
    assert "".join(f"{name}: {value}\r\n" for name, value in fields) == answer.text
    named = [value for name, value in fields if name == "Contact"]
    assert named == settings.DSR_SECURITY_CONTACT
    (until,) = [datetime.fromisoformat(value) for name, value in fields if name == "Expires"]
    assert timedelta(days=150) < until - datetime.now(UTC) < timedelta(days=365)
    assert ("Canonical", f"{settings.DSR_BASE_URL}/.well-known/security.txt") in fields


def test_a_password_manager_leads_staff_to_the_page_that_changes_theirs(client: Client, settings: Settings) -> None:
    answer = client.get("/.well-known/change-password")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/desk/password_change/")
    assert (
        client.get("/.well-known/resource-that-should-not-exist-whose-status-code-should-not-be-200").status_code == 404
    )
    settings.DSR_DESK_URL = "https://desk.example"
    settings.ALLOWED_HOSTS = ["rights.example", "desk.example"]
    settings.DSR_BASE_URL = "https://rights.example"
    assert client.get("/.well-known/change-password", HTTP_HOST="rights.example").status_code == 404
    assert client.get("/.well-known/change-password", HTTP_HOST="desk.example").status_code == 302


def test_the_privacy_signal_is_said_to_be_heeded(client: Client) -> None:
    said = client.get("/.well-known/gpc.json").json()
    assert said["gpc"] is True
    assert date.fromisoformat(said["lastUpdate"]) >= date(2026, 11, 23)


@pytest.mark.parametrize("name", ["security.txt", "gpc.json", "change-password"])
def test_they_are_looked_at_and_nothing_else(client: Client, name: str) -> None:
    assert client.post(f"/.well-known/{name}").status_code == 405

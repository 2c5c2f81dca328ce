"""JoyPix with two systems more, of the tests' own: a paper archive, and a processor that only reads mail."""

from pathlib import Path

import pytest
from django.conf import settings as django_settings


@pytest.fixture(autouse=True)
def people_are_asked(with_people: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The controllers of the sample, where one system more takes a person, and one a letter."""
    monkeypatch.setattr(django_settings, "DSR_CONTROLLERS", with_people)

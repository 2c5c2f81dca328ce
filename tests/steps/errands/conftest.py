"""JoyPix with two systems more, of the tests' own: a paper archive, and a processor that only reads mail."""

import shutil
from pathlib import Path

import pytest
from django.conf import settings as django_settings

from tests.steps.errands.scene import with_people


@pytest.fixture(autouse=True)
def people_are_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The controllers of the sample, where one system more takes a person, and one a letter."""
    folder = tmp_path / "controllers"
    shutil.copytree(django_settings.DSR_CONTROLLERS, folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    with_people(folder)
    monkeypatch.setattr(django_settings, "DSR_CONTROLLERS", folder)

"""A portal is laid out once for each module, with its requests filed; each test takes a copy."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.chaos.scene import Scene


@pytest.fixture(scope="module")
def filed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A portal on SQLite with accepted requests, as many as the module's PEOPLE, on which nobody works yet."""
    folder = Scene.laid_out(tmp_path_factory.mktemp("filed"), request.module.PEOPLE)
    Scene(folder).filed()
    return folder


@pytest.fixture
def scene(filed: Path, tmp_path: Path) -> Callable[[float], Scene]:
    """A copy of one's own, with a lease of so many seconds."""

    def made(lease: float) -> Scene:
        shutil.copytree(filed, tmp_path, dirs_exist_ok=True)
        return Scene(tmp_path, lease=lease)

    return made

"""A portal is laid out once for each module, with its requests filed; each test takes a copy."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings

from tests.chaos import erasing as erasures
from tests.chaos import people, targets
from tests.chaos.scene import HERE, Scene


@pytest.fixture(scope="module")
def filed(request: pytest.FixtureRequest, tables: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A portal on SQLite with accepted requests, as many as the module's PEOPLE, on which nobody works yet."""
    folder = Scene.laid_out(tmp_path_factory.mktemp("filed"), request.module.PEOPLE)
    shutil.copy(tables, folder)
    Scene(folder).filed()
    return folder


@pytest.fixture
def scene(filed: Path, tmp_path: Path) -> Callable[[float], Scene]:
    """A copy of one's own, with a lease of so many seconds."""

    def made(lease: float) -> Scene:
        shutil.copytree(filed, tmp_path, dirs_exist_ok=True)
        return Scene(tmp_path, lease=lease)

    return made


@pytest.fixture
def maps() -> Path:
    """The folder of the controller's maps; a module with systems of its own has its own."""
    return HERE / "controllers"


@pytest.fixture
def erasing(db: None, maps: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[erasures.Erasing]:
    """A person's erasure that only has to be carried out."""
    people.seed(tmp_path / "shop.sqlite3", 2)
    monkeypatch.setattr(settings, "DSR_CONTROLLERS", maps)
    with erasures.serving(tmp_path) as courier:
        monkeypatch.setenv("REEF_SHOP_URL", f"sqlite:///{tmp_path / 'shop.sqlite3'}")
        monkeypatch.setenv("REEF_COURIER_URL", f"http://127.0.0.1:{courier.server_address[1]}")
        monkeypatch.setenv("REEF_COURIER_TOKEN", targets.TOKEN)
        yield erasures.approved(tmp_path, courier)

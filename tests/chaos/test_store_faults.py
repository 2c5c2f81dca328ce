"""Every way in which a folder or a bucket fails while files are erased: none is called erased that is still there."""

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from dsr.law.states import State
from dsr.law.work import Kind, Outcome
from tests.buckets import ENVIRON, LOCKED_UNTIL
from tests.chaos import stores as kept
from tests.chaos.erasing import Erasing
from tests.chaos.scene import HERE
from tests.chaos.stores import SOMEBODY_ELSES, Stores


@pytest.fixture(params=["folders", "buckets"])
def stores(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stores]:
    """All faults at once: each store has its own."""
    if request.param == "folders":
        yield kept.folders(tmp_path / "stores", monkeypatch)
        return
    for name, value in ENVIRON.items():
        monkeypatch.setenv(name, value)
    with kept.buckets(request.getfixturevalue("s3")) as made:
        yield made


@pytest.fixture
def maps(stores: Stores, tmp_path: Path) -> Path:
    """The maps of the shop and the courier, and one for each store."""
    folder = tmp_path / "controllers"
    shutil.copytree(HERE / "controllers", folder)
    stores.add_maps(folder / "reef" / "systems")
    return folder


def among(erasing: Erasing, stores: Stores, **asked: object) -> set[str]:
    """The stores with an item that erases and is so."""
    items = erasing.subject_request.items.filter(kind=Kind.ERASE, system__in=stores.standing, **asked)
    return set(items.values_list("system", flat=True))


def test_a_store_that_fails_is_never_said_to_have_erased_what_is_there(erasing: Erasing, stores: Stores) -> None:
    stores.fail()
    erasing.work(1)
    assert among(erasing, stores, fence__gt=0) == set(stores.standing)  # each was tried
    erased = among(erasing, stores, outcome=Outcome.ERASED)
    assert not erased & stores.left()
    assert erased <= {"bucket-half"}  # it has done what it could not tell
    stores.mend()
    erasing.try_again(*stores.standing)
    erasing.subject_request.refresh_from_db()
    assert erasing.subject_request.state == State.PACKAGED
    erasing.at = LOCKED_UNTIL + timedelta(days=2)
    erasing.work(1)
    assert among(erasing, stores, outcome=Outcome.ERASED) == set(stores.standing)
    assert [standing() for standing in stores.standing.values()] == [{SOMEBODY_ELSES}] * len(stores.standing)

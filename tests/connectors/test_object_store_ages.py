"""How old whole collections of objects are, whoever they belong to."""

import os
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dsr.connectors.contract import Ages, Rejected
from dsr.connectors.object_store import ObjectStore
from dsr.datamap.schema import SystemMap
from tests.buckets import ENVIRON, Bucket
from tests.connectors.maps import collection, system

OLD, NEW = datetime(2024, 3, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)
BEFORE = datetime(2025, 1, 1, tzinfo=UTC)


def files_map(settings: dict[str, str]) -> SystemMap:
    uploads = collection(
        "path,account_id,name,modified_at",
        key="path",
        settings={"path": "uploads/{account_id}/{name}"},
        found_by={"account": ("account_id",)},
    )
    return system("object_store", settings, uploads=uploads)


def put(root: Path, path: str, at: datetime) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_bytes(b"picture")
    os.utime(root / path, (at.timestamp(),) * 2)


@pytest.fixture
def folder(tmp_path: Path) -> ObjectStore:
    put(tmp_path, "uploads/7/old.png", OLD)
    put(tmp_path, "uploads/8/new.png", NEW)
    return ObjectStore.from_map(files_map({"url": tmp_path.as_uri()}), {})


def test_files_of_everybody_are_as_old_as_the_folder_says(folder: ObjectStore) -> None:
    ages = folder.survey().ages("uploads", "modified_at", BEFORE, {})
    assert ages == Ages("2024-03-01T00:00:00+00:00", older=1, undated=0)


def test_what_no_path_of_the_collection_reads_is_not_its_age(folder: ObjectStore, tmp_path: Path) -> None:
    put(tmp_path, "uploads/7/deeper/old.png", OLD)
    put(tmp_path, "elsewhere/7/old.png", OLD)
    assert folder.survey().ages("uploads", "modified_at", BEFORE, {}).older == 1


def test_rows_that_a_rule_does_not_mean_are_left_out_of_the_ages(folder: ObjectStore) -> None:
    ages = folder.survey().ages("uploads", "modified_at", BEFORE, {"account_id": ("8",)})
    assert ages == Ages("2026-03-01T00:00:00+00:00", older=0, undated=0)


@pytest.mark.parametrize(("name", "told"), [("uploads", "others.modified_at"), ("others", "modified_at")])
def test_an_age_that_files_cannot_tell_is_refused(folder: ObjectStore, name: str, told: str) -> None:
    with pytest.raises(Rejected):
        folder.survey().ages(name, told, BEFORE, {})


def test_objects_of_a_bucket_are_as_old_as_it_says_and_what_was_only_begun_has_no_age(s3: str) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    with closing(Bucket(s3)) as bucket:
        bucket.put("uploads/7/shown.png")
        bucket.put("uploads/8/hidden.png")
        bucket.hide("uploads/8/hidden.png")
        bucket.begin("uploads/8/never finished.mov")
        with closing(ObjectStore.from_map(files_map(bucket.settings()), ENVIRON)) as store:
            ages = store.survey().ages("uploads", "modified_at", tomorrow, {})
    assert (ages.older, ages.undated, ages.unread) == (2, 1, 0)
    assert datetime.fromisoformat(ages.oldest) < tomorrow

"""The same walk where JoyPix keeps its media in a bucket: the map is the same, the address another."""

import os
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from dsr.connectors import registry
from dsr.law.rights import Right
from dsr.models import SubjectRequest
from dsr.steps import maps
from tests.buckets import KEY_ID, REGION, SECRET, Bucket
from tests.conftest import Systems, World
from tests.test_walk import package_of

Walk = Callable[..., SubjectRequest]
SAM = "jp000001"


@pytest.fixture
def bucket(s3: str, systems: Systems, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    """The media moved into a bucket with versions; no file is left where they were."""
    media = systems.folder / "joypix" / "media"
    with closing(Bucket(s3)) as bucket:
        for path in sorted(media.rglob("*")):
            if path.is_file():
                bucket.put(f"media/{path.relative_to(media)}", path.read_bytes())
        media.rename(media.with_name("moved-away"))
        said = {
            "URL": f"s3://{bucket.name}/media",
            "ENDPOINT": s3,
            "REGION": REGION,
            "KEY_ID": KEY_ID,
            "SECRET": SECRET,
        }
        for name, value in said.items():
            monkeypatch.setenv(f"JOYPIX_MEDIA_{name}", value)
        yield bucket


def of_sam(bucket: Bucket) -> set[str]:
    return {key for key in bucket.everything() if f"/{SAM}/" in key}


def test_sam_downloads_what_lies_in_the_bucket(world: World, bucket: Bucket, answered: Walk) -> None:
    there = of_sam(bucket)
    archive = package_of(answered(Right.ACCESS), world)
    brought = {archive.read(name) for name in archive.namelist() if "/data/files/" in name}
    assert there
    assert {bucket.s3.get_object(Bucket=bucket.name, Key=key)["Body"].read() for key in there} <= brought


def test_an_erasure_leaves_no_version_and_no_upload_of_sam(world: World, bucket: Bucket, answered: Walk) -> None:
    hidden, *_rest = sorted(of_sam(bucket))
    bucket.put(hidden, b"an older version lies below this one")
    bucket.hide(hidden)
    bucket.begin(f"media/uploads/{SAM}/never finished.mov")
    bucket.begin(f"media/uploads/{SAM}0/of somebody else.mov")
    others = {key: stands for key, stands in bucket.everything().items() if key not in of_sam(bucket)}
    answered(Right.ERASURE)
    assert bucket.everything() == others


def test_the_bucket_fits_the_map(bucket: Bucket) -> None:
    system = maps.controller("joypix").systems["media-store"]
    with closing(registry.build(system, os.environ)) as store:
        assert store.check() == []

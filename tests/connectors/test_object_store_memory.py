"""Large objects stream: what they cost in memory does not grow with them."""

import json
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from dsr.datamap.schema import SystemMap
from tests.buckets import Bucket
from tests.connectors.test_object_store_s3 import bucket_map

MOST_GROWN = 50  # MB


def cost_of_reading(media: SystemMap) -> tuple[int, int]:
    """Megabytes read, and megabytes grown by it, in a process of its own."""
    told = subprocess.run(
        [sys.executable, "-m", "tests.connectors.reading_much"],
        input=media.model_dump_json(),
        capture_output=True,
        text=True,
        check=True,
    )
    read, grown = json.loads(told.stdout)
    return read, grown


def test_a_file_of_300_mb_streams(s3: str, tmp_path: Path) -> None:
    with closing(Bucket(s3)) as bucket:
        media = bucket_map(bucket, url=tmp_path.as_uri())
    (tmp_path / "uploads" / "7").mkdir(parents=True)
    with (tmp_path / "uploads" / "7" / "film.mov").open("wb") as film:
        film.truncate(300 * 2**20)
    read, grown = cost_of_reading(media)
    assert read == 300
    assert grown < MOST_GROWN


def test_an_object_of_120_mb_streams(s3: str) -> None:
    with closing(Bucket(s3, versioned=False)) as bucket:
        bucket.put("uploads/7/film.mov", bytes(120 * 2**20))
        read, grown = cost_of_reading(bucket_map(bucket))
        bucket.hide("uploads/7/film.mov")
    assert read == 120
    assert grown < MOST_GROWN

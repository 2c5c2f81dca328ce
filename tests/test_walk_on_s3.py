"""The same walk where JoyPix keeps its media in a bucket, and where the portal keeps its sealed files in one."""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, closing
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings as portal
from pytest_django import Settings

from dsr.connectors import registry
from dsr.law.actors import Actor
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import ItemState, Kind
from dsr.models import Package, Part, SubjectRequest, sealed
from dsr.steps import maps, work
from dsr.steps.answering import delivery, grants
from dsr.steps.fulfilling import parts
from dsr.steps.move import Conflict
from tests.buckets import KEY_ID, REGION, SECRET, Bucket, Gate, gate
from tests.conftest import Systems, World
from tests.steps import scenes, taking
from tests.test_walk import package_of

Walk = Callable[..., SubjectRequest]
OnCommit = Callable[..., AbstractContextManager[list[Callable[[], object]]]]
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
    sams = of_sam(bucket)
    others = {key: stands for key, stands in bucket.everything().items() if key not in sams}
    answered(Right.ERASURE)
    assert bucket.everything() == others


def test_the_bucket_fits_the_map(bucket: Bucket) -> None:
    system = maps.controller("joypix").systems["media-store"]
    with closing(registry.build(system, os.environ)) as store:
        assert store.check() == []


@pytest.fixture
def before(s3: str) -> Iterator[Gate]:
    """What stands between the portal and the store."""
    with gate(s3) as server:
        yield server


@pytest.fixture
def shelf(s3: str, before: Gate, settings: Settings) -> Iterator[Bucket]:
    """The bucket in which the portal keeps its sealed files."""
    with closing(Bucket(s3, versioned=False)) as bucket:
        settings.DSR_FILES_URL = f"s3://{bucket.name}/sealed"
        settings.DSR_FILES_ENDPOINT, settings.DSR_FILES_REGION = before.url, REGION
        settings.DSR_FILES_KEY_ID, settings.DSR_FILES_SECRET = KEY_ID, SECRET
        with closing(sealed.shelf()):  # type: ignore[type-var]  # a bucket's has connections to give back
            yield bucket
    sealed._bucket.cache_clear()  # noqa: SLF001  the next test has a bucket of its own


def keys_of(pks: Iterable[object]) -> set[str]:
    return {f"sealed/{pk}.age" for pk in pks}


def test_every_sealed_file_lies_in_the_bucket_and_none_on_the_disk(world: World, shelf: Bucket, answered: Walk) -> None:
    subject_request = answered(Right.ACCESS)
    package = subject_request.packages.get()
    assert keys_of([package.pk]) <= set(shelf.everything())
    mine = {package.pk, *subject_request.parts.values_list("pk", flat=True)}
    assert not [pk for pk in mine if sealed.file_path(pk).exists()]
    assert package_of(subject_request, world).testzip() is None


def test_a_download_that_broke_off_goes_on_from_the_bucket(world: World, shelf: Bucket) -> None:
    content = os.urandom(3 << 20)
    subject_request = scenes.packaged(world, content)
    grant, secret = taking.opened(subject_request, at=world.at)
    first, last = 2_500_000, 2_999_999
    part = b"".join(grants.use(grant, secret, at=world.at).part(first, last))
    assert part == content[first : last + 1]


def test_parts_that_are_not_needed_any_more_leave_the_bucket(
    world: World, dana: Actor, shelf: Bucket, django_capture_on_commit_callbacks: OnCommit
) -> None:
    subject_request = scenes.accepted(world, dana, Right.ACCESS)
    scenes.work_on(world, subject_request, Kind.FIND)
    brought = keys_of(Part.objects.values_list("pk", flat=True))
    assert brought == set(shelf.everything())
    with django_capture_on_commit_callbacks(execute=True):
        world.work(State.PACKAGED, subject_request)
    assert set(shelf.everything()) == keys_of(Package.objects.values_list("pk", flat=True))


def test_a_destroyed_package_is_noise_even_where_a_copy_of_the_object_stayed(world: World, shelf: Bucket) -> None:
    package = scenes.packaged(world).packages.get()
    (key,) = keys_of([package.pk])
    copy = shelf.s3.get_object(Bucket=shelf.name, Key=key)["Body"].read()
    assert delivery.expire_next(at=world.later(days=portal.DSR_PACKAGE_DAYS + 1))
    assert shelf.everything() == {}
    shelf.put(key, copy)
    package.refresh_from_db()
    with pytest.raises(Conflict, match="cannot be opened"):
        delivery.opened(package)


def test_a_store_that_is_down_is_tried_again_and_nobody_is_given_half(
    world: World, dana: Actor, shelf: Bucket, before: Gate
) -> None:
    subject_request = scenes.accepted(world, dana, Right.ACCESS)
    scenes.work_on(world, subject_request, Kind.FIND)
    before.fault = lambda passing: passing.command in ("PUT", "POST") and passing.refuse(403, "InvalidAccessKeyId")
    for _ in range(3):
        assert work.do_next(at=world.later(hours=1))
    item = subject_request.items.get(kind=Kind.ASSEMBLE)
    why = "The portal could not write: the bucket of sealed files: the store refuses (InvalidAccessKeyId)"
    assert (item.state, item.note) == (ItemState.READY, why)
    assert not subject_request.packages.exists()
    assert subject_request.events.filter(tag="package:sealed").count() == 1
    before.fault = lambda _: False
    world.later(hours=1)
    world.work(State.PACKAGED, subject_request)
    assert package_of(subject_request, world).testzip() is None


def test_while_the_store_is_down_a_download_says_so_and_counts_nothing(
    world: World, shelf: Bucket, before: Gate
) -> None:
    subject_request = scenes.packaged(world)
    before.fault = lambda passing: passing.refuse(503, "SlowDown")
    with pytest.raises(Conflict, match="Try again in a few minutes"):
        taking.taken(subject_request, at=world.at)
    package = subject_request.packages.get()
    assert (package.taken, package.downloads.count()) == (0, 0)


def test_what_the_store_did_not_remove_the_tidying_does(world: World, shelf: Bucket, before: Gate) -> None:
    scenes.packaged(world)
    before.fault = lambda passing: passing.command == "DELETE" and passing.refuse(503, "SlowDown")
    assert delivery.expire_next(at=world.later(days=portal.DSR_PACKAGE_DAYS + 1))
    assert len(shelf.everything()) == 1
    shelf.begin("sealed/left-by-a-worker-that-died.age")
    before.fault = lambda _: False
    assert parts.tidy(at=datetime.now(UTC) + timedelta(hours=2)) == 2
    assert shelf.everything() == {}

"""Objects in buckets: moto's server, as people leave it."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime

import pytest

from dsr.connectors.contract import Chunk, Effect, File, Rejected
from dsr.connectors.contract_kit import ContractKit, Snapshot, World
from dsr.connectors.object_store import ObjectStore, connector, s3_erasure
from dsr.datamap.route import Hop, Identities, Key, Route, Seed
from dsr.datamap.schema import SystemMap, Way
from tests.buckets import ENVIRON, LOCKED_UNTIL, Bucket, Passing, gate
from tests.connectors.maps import collection, contents, rows, system

SAM: Identities = {"account": (("7",),), "media.works(file)": (("public/sam.txt",), ("public/gone.txt",))}
MALLORY: Identities = {"account": (("77",),)}
FACTS = "path,account_id,size,modified_at,etag,version_id,versions,uploads,content_type,meta_taken_with"


def bucket_map(bucket: Bucket, **more: str) -> SystemMap:
    return system(
        "object_store",
        bucket.settings(**more),
        uploads=collection(
            FACTS,
            key="path",
            files="path",
            settings={"path": "uploads/{account_id}/"},
            found_by={"account": ("account_id",)},
        ),
        thumbs=collection(
            "account_id,name,size_name",
            key="account_id,name,size_name",
            settings={"path": "thumbs/{account_id}/{name}.{size_name}.webp"},
            links=({"to": "uploads", "on": {"account_id": "account_id"}},),
        ),
        public=collection(
            "path,name",
            key="path",
            files="path",
            settings={"path": "public/{name}"},
            links=({"to": "media.works", "on": {"path": "file"}},),
        ),
    )


def routes(media: SystemMap) -> tuple[Route, ...]:
    found = media.collections
    uploads = Route("uploads", found["uploads"], (Seed("account", ("account_id",)),), ())
    return (
        Route("thumbs", found["thumbs"], (), (Hop(("account_id",), uploads, ("account_id",)),)),
        Route("public", found["public"], (Seed("media.works(file)", ("path",)),), ()),
        uploads,
    )


def fill(bucket: Bucket) -> None:
    for account in ("7", "77", "8"):
        for name in ("portrait.png", "我的 照片+1.png", "deep/er/cat?versionId=x.png", "a&b<c>.png"):
            bucket.put(f"uploads/{account}/{name}", f"{account} {name}".encode())
        bucket.put(f"thumbs/{account}/portrait.png.small.webp")
    bucket.put("public/sam.txt")
    bucket.put("public/sam.txt.bak")
    bucket.put("public/mallory.txt")


def begin(bucket: Bucket) -> None:
    bucket.begin("uploads/7/portrait.png")
    bucket.begin("uploads/7/never finished & 我.mov")
    bucket.begin("uploads/77/never finished.mov")
    bucket.begin("public/sam.txt.mov")


def snapshot(bucket: Bucket) -> Snapshot:
    found: dict[str, dict[Key, object]] = {"uploads": {}, "thumbs": {}, "public": {}}
    for path, stands in bucket.everything().items():
        name, _, rest = path.partition("/")
        account, _, file = rest.partition("/")
        key: Key = (account, file.removesuffix(".small.webp"), "small") if name == "thumbs" else (path,)
        found[name][key] = stands
    return found


def connect(bucket: Bucket, **more: str) -> ObjectStore:
    return ObjectStore.from_map(bucket_map(bucket, **more), ENVIRON)


def world_of(bucket: Bucket, *kept: str) -> World:
    return World(
        connect=lambda: connect(bucket),
        routes=routes(bucket_map(bucket)),
        subject=SAM,
        bystander=MALLORY,
        snapshot=lambda: snapshot(bucket),
        kept={"uploads": frozenset((key,) for key in kept)} if kept else {},
    )


@pytest.fixture
def plain(s3: str) -> Iterator[Bucket]:
    with closing(Bucket(s3, versioned=False)) as bucket:
        fill(bucket)
        yield bucket


@pytest.fixture
def versioned(s3: str) -> Iterator[Bucket]:
    with closing(Bucket(s3)) as bucket:
        fill(bucket)
        yield bucket


@pytest.fixture
def locked(s3: str) -> Iterator[Bucket]:
    with closing(Bucket(s3, locks=True)) as bucket:
        fill(bucket)
        yield bucket


class TestPlainBucket(ContractKit):
    """Without versions; uploads were begun and never finished."""

    @pytest.fixture
    def world(self, plain: Bucket) -> World:
        begin(plain)
        return world_of(plain)


class TestBucketWithVersions(ContractKit):
    """Older versions, deleted ones, and uploads that were never finished."""

    @pytest.fixture
    def world(self, versioned: Bucket) -> World:
        begin(versioned)
        for account in ("7", "8"):
            versioned.put(f"uploads/{account}/portrait.png", b"newer")
            versioned.hide(f"uploads/{account}/a&b<c>.png")
            versioned.hide(f"uploads/{account}/nothing but a mark")
        return world_of(versioned)


class TestBucketWithLocks(ContractKit):
    """One object under a legal hold, one retained, the others free."""

    @pytest.fixture
    def world(self, locked: Bucket) -> World:
        locked.lock("uploads/7/portrait.png", hold=True)
        locked.lock("uploads/7/a&b<c>.png")
        return world_of(locked, "uploads/7/portrait.png", "uploads/7/a&b<c>.png")


def chunk(*paths: str) -> Chunk:
    return Chunk("uploads", Way.DELETE, ("path",), tuple((path,) for path in paths))


def test_a_row_tells_what_the_store_knows(versioned: Bucket) -> None:
    versioned.put("uploads/9/a.png", b"old")
    version = versioned.put("uploads/9/a.png", b"newer", ContentType="image/png", Metadata={"Taken-With": "phone"})
    versioned.begin("uploads/9/a.png")
    with closing(connect(versioned)) as store:
        (row,) = rows(store, routes(bucket_map(versioned))[2], {"account": (("9",),)})
    modified, etag = row.pop("modified_at"), row.pop("etag")
    assert isinstance(modified, datetime)
    assert abs((datetime.now(UTC) - modified).total_seconds()) < 600
    assert etag
    assert row == {
        "path": "uploads/9/a.png",
        "account_id": "9",
        "size": 5,
        "version_id": version,
        "versions": 2,
        "uploads": 1,
        "content_type": "image/png",
        "meta_taken_with": "phone",
    }


def test_every_object_comes_whole_whatever_its_name(plain: Bucket) -> None:
    with closing(connect(plain)) as store:
        found = contents(store, routes(bucket_map(plain))[2], SAM)
    names = ("portrait.png", "我的 照片+1.png", "deep/er/cat?versionId=x.png", "a&b<c>.png")
    assert found == {(f"uploads/7/{name}",): f"7 {name}".encode() for name in names}


def test_what_was_deleted_and_still_lies_there_is_found(versioned: Bucket) -> None:
    versioned.hide("uploads/7/portrait.png")
    with closing(connect(versioned)) as store:
        found = contents(store, routes(bucket_map(versioned))[2], SAM)
    assert found[("uploads/7/portrait.png",)] == b"7 portrait.png"


def test_an_upload_that_was_never_finished_is_a_row_without_content(plain: Bucket) -> None:
    plain.begin("uploads/9/big.mov")
    uploads = routes(bucket_map(plain))[2]
    with closing(connect(plain)) as store:
        (row,) = rows(store, uploads, {"account": (("9",),)})
        files = [found for found in store.find(uploads, {"account": (("9",),)}) if isinstance(found, File)]
    assert (row["path"], row["versions"], row["uploads"], files) == ("uploads/9/big.mov", 0, 1, [])


def test_more_keys_of_another_system_than_are_looked_for_together_are_looked_for_in_batches(
    plain: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connector, "ROWS_AT_ONCE", 130)  # more than the store looks for at a time: 128
    there = {f"public/{number}" for number in range(0, 270, 10)}
    for path in there:
        plain.put(path)
    named: Identities = {"media.works(file)": tuple((f"public/{number}",) for number in range(270))}
    public = routes(bucket_map(plain))[1]
    with closing(connect(plain)) as store:
        assert sorted(str(row["path"]) for row in rows(store, public, named)) == sorted(there)


@pytest.mark.parametrize("value", ["", ".", "..", "7/..", "../7", "/", "7/", "7\0", "\ud800", None, b"7", True])
def test_a_value_that_is_no_name_lists_nothing(plain: Bucket, value: str | None) -> None:
    with closing(connect(plain)) as store:
        assert list(store.find(routes(bucket_map(plain))[2], {"account": ((value,),)})) == []


@pytest.mark.parametrize("path", ["", "/", "uploads/7/portrait.png", "public/../uploads/7/portrait.png", "public/"])
def test_a_key_from_elsewhere_reaches_its_own_collection_only(plain: Bucket, path: str) -> None:
    before = plain.everything()
    public = routes(bucket_map(plain))[1]
    with closing(connect(plain)) as store:
        assert list(store.find(public, {"media.works(file)": ((path,),)})) == []
        assert store.erase(Chunk("public", Way.DELETE, ("path",), ((path,),)), "one").effect is Effect.ABSENT
    assert plain.everything() == before


def test_a_key_that_leads_upwards_is_left_to_a_person(plain: Bucket) -> None:
    plain.put("uploads/9/../77/portrait.png")
    with closing(connect(plain)) as store, pytest.raises(Rejected, match="by hand"):
        list(store.find(routes(bucket_map(plain))[2], {"account": (("9",),)}))


def test_an_address_with_a_folder_keeps_to_that_folder(versioned: Bucket) -> None:
    for root in ("media/", "media2/"):
        versioned.put(f"{root}uploads/7/portrait.png", root.encode())
    with closing(connect(versioned, url=f"s3://{versioned.name}/media")) as store:
        found = contents(store, routes(bucket_map(versioned))[2], SAM)
        receipt = store.erase(chunk("uploads/7/portrait.png"), "one")
    assert found == {("uploads/7/portrait.png",): b"media/"}
    assert receipt.count == 1
    left = set(versioned.everything())
    assert "media/uploads/7/portrait.png" not in left
    assert {"media2/uploads/7/portrait.png", "uploads/7/portrait.png"} <= left


def test_what_is_locked_is_named_with_its_last_day(locked: Bucket) -> None:
    locked.lock("uploads/7/portrait.png", hold=True)
    locked.lock("uploads/7/a&b<c>.png")
    with closing(connect(locked)) as store:
        receipt = store.erase(chunk("uploads/7/portrait.png", "uploads/7/a&b<c>.png"), "one")
    kept = {one.key[0]: (one.until, one.reason) for one in receipt.kept}
    assert kept == {
        "uploads/7/portrait.png": (None, "a legal hold of the object store"),
        "uploads/7/a&b<c>.png": (LOCKED_UNTIL.date(), "object lock of the object store (compliance)"),
    }
    assert receipt.effect is Effect.KEPT
    assert receipt.until is None


def test_a_lock_on_an_older_version_never_brings_it_back_to_light(locked: Bucket) -> None:
    old = locked.put("uploads/9/a.png", b"old")
    locked.lock("uploads/9/a.png", version=old)
    locked.put("uploads/9/a.png", b"new")
    with closing(connect(locked)) as store:
        receipts = [store.erase(chunk("uploads/9/a.png"), "one") for _ in range(2)]
    assert [(one.effect, one.until) for one in receipts] == [(Effect.KEPT, date(2099, 1, 1))] * 2
    assert [kind for kind, _ in locked.everything()["uploads/9/a.png"]] == ["Versions", "DeleteMarkers"]


def test_a_mark_over_a_locked_version_stays(locked: Bucket) -> None:
    locked.lock("uploads/7/portrait.png")
    locked.hide("uploads/7/portrait.png")
    before = locked.everything()
    with closing(connect(locked)) as store:
        receipt = store.erase(chunk("uploads/7/portrait.png"), "one")
    assert receipt.effect is Effect.KEPT
    assert locked.everything() == before


MOST = 10  # of a small store; a thousand at S3


def small(passing: Passing) -> bool:
    """Lists no more than MOST at once, and refuses a deletion of more, as S3 does beyond a thousand."""
    if passing.asks == "list":
        passing.path += f"&max-keys={MOST}"
    return passing.body.count(b"<Object>") > MOST and passing.refuse(400, "MalformedXML")


def test_more_versions_than_fit_one_call_all_go(versioned: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    assert s3_erasure._MOST == 1_000  # noqa: SLF001  what S3 takes: API reference, DeleteObjects
    monkeypatch.setattr(s3_erasure, "_MOST", MOST)
    for _ in range(35):
        versioned.put("uploads/9/a.png", b"x")
    versioned.put("uploads/9/a.png.other")
    with gate(versioned.address) as before, closing(connect(versioned, endpoint=before.url)) as store:
        before.fault = small
        receipt = store.erase(chunk("uploads/9/a.png"), "one")
        left = store.read_back(chunk("uploads/9/a.png", "uploads/9/a.png.other"))
    assert (receipt.effect, receipt.count) == (Effect.DONE, 1)
    assert left == (("uploads/9/a.png.other",),)
    assert "uploads/9/a.png" not in versioned.everything()
    assert before.asked.count("delete") == 4
    assert before.asked.count("list") >= 4


def test_a_store_that_is_asked_to_delete_more_than_it_takes_at_once_is_never_said_to_have_erased(
    versioned: Bucket,
) -> None:
    for _ in range(MOST + 1):
        versioned.put("uploads/9/a.png", b"x")
    with gate(versioned.address) as before, closing(connect(versioned, endpoint=before.url)) as store:
        before.fault = small
        with pytest.raises(Rejected, match="MalformedXML"):
            store.erase(chunk("uploads/9/a.png"), "one")
    assert len(versioned.everything()["uploads/9/a.png"]) == MOST + 1


@pytest.mark.parametrize(("versions", "said"), [(True, "off"), (False, "on")])
def test_a_map_that_is_wrong_about_versions_is_found_out_before_anything_is_sought_or_erased(
    s3: str, versions: bool, said: str
) -> None:
    with closing(Bucket(s3, versioned=versions)) as bucket, closing(connect(bucket, versioning=said)) as store:
        bucket.put("uploads/7/portrait.png")
        before = bucket.everything()
        findings = [one.message for one in store.check()]
        for act in (
            lambda: store.erase(chunk("uploads/7/portrait.png"), "one"),
            lambda: list(store.find(routes(bucket_map(bucket))[2], SAM)),
        ):
            with pytest.raises(Rejected, match="versioning"):
                act()
        assert bucket.everything() == before
    assert len(findings) == 1
    assert f"the map says versioning '{said}'" in findings[0]


def test_a_bucket_that_is_not_there_is_found_out(plain: Bucket) -> None:
    with closing(connect(plain, url="s3://somebody-elses")) as store:
        assert [one.message for one in store.check()] == ["the bucket is not there"]
        with pytest.raises(Rejected):
            list(store.find(routes(bucket_map(plain))[2], SAM))


def test_what_no_pattern_covers_is_reported_and_checking_changes_nothing(versioned: Bucket) -> None:
    versioned.put("exports/all.zip")
    versioned.put("readme.txt")
    before = versioned.everything()
    with closing(connect(versioned)) as store:
        assert [one.message for one in store.check()] == ["2 entries of the root belong to no collection"]
    assert versioned.everything() == before


def test_what_stands_among_a_persons_objects_and_no_path_reads_is_refused_and_reported(plain: Bucket) -> None:
    plain.put("thumbs/7/2024/deep.jpg")
    media = bucket_map(plain)
    thumbs = routes(media)[0]
    with closing(connect(plain)) as store:
        with pytest.raises(Rejected, match="one that no collection's path reads"):
            list(store.find(thumbs, SAM))
        assert len(rows(store, thumbs, MALLORY)) == 1
        assert [one.message for one in store.check()] == [
            "1 of 4 objects below 'thumbs/' are read by no collection's path"
        ]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"url": "s3://"}, "such as"),
        ({"url": "s3://bucket/../other"}, "such as"),
        ({"endpoint": "s3.example.com"}, "'endpoint'"),
        ({"endpoint": "https://name:word@s3.example.com"}, "'endpoint'"),
        ({"secret": "${S3_NOBODY_SET_IT}"}, "S3_NOBODY_SET_IT is missing"),
        ({"addressing": "both"}, "'addressing'"),
        ({"versioning": "yes"}, "'versioning'"),
        ({"timeout": "0"}, "'timeout'"),
    ],
)
def test_wrong_settings_are_named(plain: Bucket, settings: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        connect(plain, **settings)


def test_credentials_show_themselves_nowhere(plain: Bucket) -> None:
    with closing(connect(plain)) as store:
        assert "opens-nothing" not in repr(vars(store)) + repr(vars(store._store))  # noqa: SLF001  where it would show


def test_what_a_console_makes_so_that_an_empty_folder_shows_is_nobodys_object(plain: Bucket) -> None:
    plain.put("thumbs/7/", b"")
    media = bucket_map(plain)
    with closing(connect(plain)) as store:
        assert len(rows(store, routes(media)[0], SAM)) == 1
        plain.put("thumbs/7/", b"something")
        with pytest.raises(Rejected, match="one that no collection's path reads"):
            list(store.find(routes(media)[0], SAM))

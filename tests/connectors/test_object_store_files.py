"""Objects below a folder: real files."""

import os
import random
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from dsr.connectors.contract import Ability, Batch, Change, Chunk, Effect, File, Rejected, Unreachable
from dsr.connectors.contract_kit import ContractKit, Snapshot, World
from dsr.connectors.object_store import ObjectStore
from dsr.datamap.route import Hop, Identities, Key, Route, Seed
from dsr.datamap.schema import CollectionMap, Stop, SystemMap, Way
from tests.connectors.maps import collection, contents, rows, system

SAM: Identities = {"account": (("7",),), "media.works(file)": (("public/sam.txt",),)}
MALLORY: Identities = {"account": (("8",),)}
NAMES = (
    "portrait.png",
    "我的照片.png",
    "..hidden..png",
    "a b*?[x].txt",
    "\u202egnp.fox",
    "=SUM(A1)",
    "$HOME",
    "-rf",
)


def media_map(root: str) -> SystemMap:
    return system(
        "object_store",
        {"url": root},
        uploads=collection(
            "path,account_id,name,size,modified_at",
            key="path",
            files="path",
            settings={"path": "uploads/{account_id}/{name}"},
            found_by={"account": ("account_id",)},
        ),
        thumbs=collection(
            "name,size_name",
            key="name,size_name",
            settings={"path": "thumbs/{name}.{size_name}.webp"},
            links=({"to": "uploads", "on": {"name": "name"}},),
        ),
        public=collection(
            "path,name",
            key="path",
            settings={"path": "public/{name}"},
            links=({"to": "media.works", "on": {"path": "file"}},),
        ),
    )


def media_routes(media: SystemMap) -> tuple[Route, ...]:
    found = media.collections
    uploads = Route("uploads", found["uploads"], (Seed("account", ("account_id",)),), ())
    return (
        Route("thumbs", found["thumbs"], (), (Hop(("name",), uploads, ("name",)),)),
        Route("public", found["public"], (Seed("media.works(file)", ("path",)),), ()),
        uploads,
    )


UPLOADS = media_routes(media_map("file:///x"))[-1]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made = tmp_path / "media"
    for account in ("7", "8", "77"):
        folder = made / "uploads" / account
        folder.mkdir(parents=True)
        for name in NAMES if account == "7" else (f"other-{account}.png",):
            (folder / name).write_bytes(f"{account} {name}".encode() * 10_000)
    (made / "thumbs").mkdir()
    (made / "thumbs" / "portrait.png.small.webp").write_text("thumb")
    (made / "thumbs" / "other-8.png.small.webp").write_text("thumb")
    (made / "public").mkdir()
    (made / "public" / "sam.txt").write_text("sam")
    (made / "public" / "mallory.txt").write_text("mallory")
    return made


@pytest.fixture
def folder(root: Path) -> ObjectStore:
    return ObjectStore.from_map(media_map("${MEDIA_URL}"), {"MEDIA_URL": root.as_uri()})


def files_under(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def snapshot(root: Path) -> Snapshot:
    def keys(name: str) -> dict[Key, object]:
        found: dict[Key, object] = {}
        for path in sorted((root / name).rglob("*")):
            if path.is_file():
                stem = path.name.removesuffix(".small.webp")
                key = (stem, "small") if name == "thumbs" else (str(path.relative_to(root)),)
                found[key] = (path.read_bytes(), path.stat().st_mtime_ns)
        return found

    return {name: keys(name) for name in ("uploads", "thumbs", "public")}


@pytest.fixture
def world(root: Path) -> World:
    media = media_map(root.as_uri())
    return World(
        connect=lambda: ObjectStore.from_map(media, {}),
        routes=media_routes(media),
        subject=SAM,
        bystander=MALLORY,
        snapshot=lambda: snapshot(root),
        kept={},
    )


class TestFiles(ContractKit):
    """The whole contract."""


def test_a_row_tells_path_size_and_time(folder: ObjectStore, root: Path) -> None:
    path = root / "uploads" / "8" / "other-8.png"
    os.utime(path, (1_000_000_000, 1_000_000_000))
    assert rows(folder, UPLOADS, MALLORY) == [
        {
            "path": "uploads/8/other-8.png",
            "account_id": "8",
            "name": "other-8.png",
            "size": path.stat().st_size,
            "modified_at": datetime(2001, 9, 9, 1, 46, 40, tzinfo=UTC),
        }
    ]


def test_every_file_comes_whole_after_its_row(folder: ObjectStore) -> None:
    found = contents(folder, UPLOADS, SAM)
    assert found == {(f"uploads/7/{name}",): f"7 {name}".encode() * 10_000 for name in NAMES}


def test_files_are_read_in_small_pieces_and_named_as_in_the_system(folder: ObjectStore) -> None:
    batch, file, *_ = folder.find(UPLOADS, MALLORY)
    assert isinstance(batch, Batch)
    assert isinstance(file, File)
    assert (file.key, file.name) == (("uploads/8/other-8.png",), "other-8.png")
    assert max(map(len, file.chunks)) == 64 * 1024


@pytest.mark.parametrize(
    "value",
    ["", ".", "..", "../8", "8/../7", "/", "\\", "*", "7/", "7\0", "\ud800", "x" * 5_000, None, b"7", 7.0],
)
def test_a_value_that_is_no_name_matches_nothing(folder: ObjectStore, value: str | None) -> None:
    assert list(folder.find(UPLOADS, {"account": ((value,),)})) == []


@pytest.mark.parametrize(
    "path", ["", "/etc/passwd", "../secret.txt", "uploads/8/other-8.png", "public/../uploads/8/other-8.png",
             "public//sam.txt", "./public/sam.txt", "public/sam.txt\0", "public"]
)  # fmt: skip
def test_a_path_from_elsewhere_reaches_its_own_collection_only(folder: ObjectStore, root: Path, path: str) -> None:
    (root.parent / "secret.txt").write_text("secret")
    public = media_routes(media_map("file:///x"))[1]
    before = files_under(root.parent)
    assert list(folder.find(public, {"media.works(file)": ((path,),)})) == []
    assert folder.erase(Chunk("public", Way.DELETE, ("path",), ((path,),)), "one").effect is Effect.ABSENT
    assert files_under(root.parent) == before


def test_random_hostile_values_reach_no_foreign_file(folder: ObjectStore) -> None:
    chance = random.Random(7)
    pieces = [
        "/",
        "..",
        "\\",
        "\0",
        "*",
        "?",
        "[",
        "8",
        "uploads",
        ".",
        "~",
        "%2e",
        "{name}",
        "|",
        "\n",
        "\ud800",
    ]
    hostile = tuple(("".join(chance.choices(pieces, k=chance.randint(2, 6))),) for _ in range(10_000))
    assert list(folder.find(UPLOADS, {"account": hostile})) == []


def test_erasing_the_last_file_removes_the_persons_folder_and_no_shared_one(folder: ObjectStore, root: Path) -> None:
    (root / "uploads" / "77" / "other-77.png").unlink()
    keys = (("uploads/8/other-8.png",), ("uploads/8/gone.png",))
    receipt = folder.erase(Chunk("uploads", Way.DELETE, ("path",), keys), "one")
    assert (receipt.effect, receipt.count) == (Effect.DONE, 1)
    assert not (root / "uploads" / "8").exists()
    assert (root / "uploads").is_dir()


def test_a_folder_with_something_else_in_it_stays(folder: ObjectStore, root: Path) -> None:
    (root / "uploads" / "8" / "deeper").mkdir()
    folder.erase(Chunk("uploads", Way.DELETE, ("path",), (("uploads/8/other-8.png",),)), "one")
    assert [path.name for path in (root / "uploads" / "8").iterdir()] == ["deeper"]


def test_a_missing_root_is_unreachable_and_not_nothing(tmp_path: Path) -> None:
    folder = ObjectStore.from_map(media_map((tmp_path / "unmounted").as_uri()), {})
    with pytest.raises(Unreachable) as failed:
        list(folder.find(UPLOADS, SAM))
    with pytest.raises(Unreachable):
        folder.check()
    assert "7" not in str(failed.value)


def test_a_file_that_goes_away_while_it_is_read_is_asked_for_again(folder: ObjectStore, root: Path) -> None:
    found = folder.find(UPLOADS, MALLORY)
    next(found)
    file = next(found)
    assert isinstance(file, File)
    (root / "uploads" / "8" / "other-8.png").unlink()
    with pytest.raises(Unreachable):
        list(file.chunks)


def test_what_no_pattern_covers_is_reported(folder: ObjectStore, root: Path) -> None:
    (root / "exports").mkdir()
    (root / ".cache").mkdir()
    assert [one.message for one in folder.check()] == ["2 entries of the root belong to no collection"]


def one_path(root: Path, path: str, **more: CollectionMap) -> tuple[ObjectStore, Route]:
    """A store with one collection, found by the account in its path."""
    fields = ",".join(("path", *re.findall("{([a-z]+)}", path)))
    files = collection(fields, key="path", settings={"path": path}, found_by={"account": ("account",)})
    store = ObjectStore.from_map(system("object_store", {"url": root.as_uri()}, None, files=files, **more), {})
    return store, Route("files", files, (Seed("account", ("account",)),), ())


def put(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)


STRAYS = [
    ("uploads/{account}/{name}", "uploads/7/2024/deep.jpg"),
    ("uploads/{account}/{album}/{name}", "uploads/7/cover.jpg"),
    ("uploads/{kind}/{account}/{name}", "uploads/img/7/2024/deep.jpg"),
    ("uploads/{account}/{name}.png", "uploads/7/a.jpg"),
    ("uploads/{account}-{name}.png", "uploads/7-a.jpg"),
    ("uploads/{account}-{name}.png", "uploads/7-a/deep.png"),
]


@pytest.mark.parametrize(("path", "stray"), STRAYS)
def test_what_stands_among_a_persons_files_and_no_path_reads_is_refused_and_reported(
    tmp_path: Path, path: str, stray: str
) -> None:
    store, route = one_path(tmp_path, path)
    put(tmp_path, stray, stray.replace("7", "8"), path.format(account="9", name="a", kind="img", album="b"))
    with pytest.raises(Rejected, match="one that no collection's path reads") as refusal:
        list(store.find(route, {"account": (("7",),)}))
    assert stray not in str(refusal.value)
    assert len(rows(store, route, {"account": (("9",),)})) == 1
    assert "2 of 3 objects below 'uploads/' are read by no collection's path" in [one.message for one in store.check()]


def test_a_file_that_another_collection_reads_is_no_stray_one(tmp_path: Path) -> None:
    deep = collection(
        "path,account,year,name",
        key="path",
        settings={"path": "uploads/{account}/{year}/{name}"},
        found_by={"account": ("account",)},
    )
    store, route = one_path(tmp_path, "uploads/{account}/{name}", deep=deep)
    put(tmp_path, "uploads/7/a.jpg", "uploads/7/2024/deep.jpg")
    assert [row["path"] for row in rows(store, route, {"account": (("7",),)})] == ["uploads/7/a.jpg"]
    assert [one.message for one in store.check()] == []


def test_files_cannot_be_overwritten(folder: ObjectStore) -> None:
    with pytest.raises(Rejected):
        folder.erase(Chunk("uploads", Way.REDACT, ("path",), (("uploads/8/other-8.png",),), {"name": ""}), "one")


def test_a_key_that_names_many_files_erases_none(folder: ObjectStore, root: Path) -> None:
    before = files_under(root)
    with pytest.raises(Rejected, match="one object"):
        folder.erase(Chunk("uploads", Way.DELETE, ("account_id",), (("8",),)), "one")
    assert files_under(root) == before


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/uploads/{name}", "relative"),
        ("uploads/../{name}", "relative"),
        ("uploads/{name}/{name}", "twice"),
        ("uploads/{Name}", "small letters"),
        ("uploads/all", "names a file"),
        ("uploads/{account}", "neither in the path"),
    ],
)
def test_wrong_patterns_are_named(path: str, message: str) -> None:
    wrong = collection("path,name", key="path", settings={"path": path})
    with pytest.raises(ValueError, match=message):
        ObjectStore.from_map(system("object_store", {"url": "file:///srv"}, files=wrong), {})


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"url": "file://media"}, "absolute"),
        ({"url": "/srv/media"}, "such as file:///srv/media"),
        ({"url": "ftp://host/media"}, "such as file:///srv/media"),
        ({"url": "${MEDIA_URL}"}, "MEDIA_URL is missing"),
        ({"url": "file:///x", "mode": "7"}, "'mode'"),
    ],
)
def test_wrong_settings_are_named(settings: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ObjectStore.from_map(system("object_store", settings), {})


@pytest.mark.parametrize(
    "wrong",
    [
        {"rectifiable": "name"},
        {"stops": {"account": Stop(collection="works", set={"name": "gone"}, undo={"name": "back"})}},
    ],
)
def test_files_are_neither_corrected_nor_stopped(tmp_path: Path, wrong: dict[str, Any]) -> None:
    works = collection(
        "path,name",
        key="path",
        rectifiable=wrong.get("rectifiable", ""),
        settings={"path": "works/{name}"},
        found_by={"account": ("name",)},
    )
    with pytest.raises(ValueError, match="nothing is rectifiable"):
        ObjectStore.from_map(system("object_store", {"url": tmp_path.as_uri()}, wrong.get("stops"), works=works), {})


def test_a_folder_that_is_asked_all_the_same_refuses(tmp_path: Path) -> None:
    folder = ObjectStore.from_map(media_map(tmp_path.as_uri()), {})
    uploads = media_routes(media_map(tmp_path.as_uri()))[-1]
    stop = Stop(collection="uploads", set={"name": "gone"})
    change = Change("uploads", ("path",), ("a",), "name", "a", "b")
    for act in (
        lambda: folder.correct((change,), "one"),
        lambda: folder.read_values((change,)),
        lambda: folder.stop(stop, uploads, SAM, "one"),
        lambda: folder.resume(stop, uploads, SAM, "one"),
        lambda: folder.still_running(stop, uploads, SAM),
    ):
        with pytest.raises(Rejected):
            act()
    assert not {Ability.CORRECT, Ability.STOP} & folder.abilities

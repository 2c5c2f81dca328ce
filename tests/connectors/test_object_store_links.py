"""Symbolic links in a folder: never followed, and never overlooked where a person's objects are."""

from pathlib import Path

import pytest

from dsr.connectors.contract import Chunk, Effect, Rejected
from dsr.connectors.object_store import ObjectStore
from dsr.datamap.route import Route, Seed
from dsr.datamap.schema import Way
from tests.connectors.maps import collection, rows, system

SAM, MALLORY = {"account": (("7",),)}, {"account": (("8",),)}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Sam is 7, Mallory 8, and somewhere else are a folder and a file of which nobody knows whose they are."""
    for kind in ("files", "more"):
        for account in ("7", "8"):
            (tmp_path / "media" / kind / account).mkdir(parents=True)
            (tmp_path / "media" / kind / account / "a.txt").write_text("a")
    (tmp_path / "elsewhere" / "album").mkdir(parents=True)
    (tmp_path / "elsewhere" / "album" / "secret.txt").write_text("secret")
    return tmp_path / "media"


def store(root: Path, path: str) -> tuple[ObjectStore, Route]:
    """A store with one collection, found by the account in its path."""
    files = collection("account,path", key="path", settings={"path": path}, found_by={"account": ("account",)})
    told = system("object_store", {"url": root.as_uri()}, files=files)
    return ObjectStore.from_map(told, {}), Route("files", files, (Seed("account", ("account",)),), ())


PATHS = ["files/{account}/", "files/{account}/{name}", "{kind}/{account}/", "{kind}/{account}/{name}"]
LINKS = [
    ("files/7/Sam Smith passport.txt", "elsewhere/album/secret.txt"),
    ("files/7/album", "elsewhere/album"),
    ("files/7/gone", "nowhere"),
    ("files/7", "elsewhere/album"),
    ("files", "elsewhere"),
]


def linked(root: Path, link: str, to: str) -> Path:
    """Put a link there, in the place of what there is."""
    path = root / link
    if path.exists():
        path.rename(root.parent / "former")
    path.symlink_to(root.parent / to)
    return path


@pytest.mark.parametrize(("link", "to"), LINKS, ids=[link for link, _ in LINKS])
@pytest.mark.parametrize("path", PATHS)
def test_a_link_where_sams_objects_may_be_is_refused_and_not_overlooked(
    root: Path, path: str, link: str, to: str
) -> None:
    connector, route = store(root, path)
    there = linked(root, link, to)
    with pytest.raises(Rejected, match="a symbolic link stands where") as refused:
        rows(connector, route, SAM)
    assert "passport" not in str(refused.value)
    assert there.is_symlink()
    assert (root.parent / "elsewhere/album/secret.txt").read_text() == "secret"


@pytest.mark.parametrize("path", PATHS)
def test_a_link_of_mallorys_keeps_nothing_from_sam(root: Path, path: str) -> None:
    connector, route = store(root, path)
    linked(root, "files/8/album", "elsewhere/album")
    found = {str(row["path"]) for row in rows(connector, route, SAM)}
    assert found == {"files/7/a.txt", *(["more/7/a.txt"] if "kind" in path else [])}
    chunk = Chunk("files", Way.DELETE, ("path",), tuple((one,) for one in found))
    assert connector.erase(chunk, "one").effect is Effect.DONE
    assert connector.read_back(chunk) == ()


@pytest.mark.parametrize("key", ["files/7/linked.txt", "files/7/album/secret.txt"])
def test_a_key_that_names_a_link_or_leads_through_one_is_never_called_erased(root: Path, key: str) -> None:
    connector, _ = store(root, "files/{account}/")
    linked(root, "files/7/linked.txt", "elsewhere/album/secret.txt")
    linked(root, "files/7/album", "elsewhere/album")
    chunk = Chunk("files", Way.DELETE, ("path",), (("files/7/a.txt",), (key,)))
    for ask in (lambda: connector.erase(chunk, "one"), lambda: connector.read_back(chunk)):
        with pytest.raises(Rejected, match="a symbolic link stands where"):
            ask()
    assert (root / "files/7/a.txt").exists()
    assert (root.parent / "elsewhere/album/secret.txt").exists()


@pytest.mark.parametrize(
    ("link", "to", "says"),
    [
        ("files/8/album", "elsewhere/album", "1 of 3 entries below 'files/' are symbolic links"),
        ("files", "elsewhere", "1 of 1 entries below 'files/' are symbolic links"),
    ],
)
def test_links_among_peoples_objects_are_reported_before_anybody_asks(
    root: Path, link: str, to: str, says: str
) -> None:
    connector, _ = store(root, "files/{account}/")
    linked(root, link, to)
    messages = [finding.message for finding in connector.check()]
    assert f"{says}, which are never followed" in messages

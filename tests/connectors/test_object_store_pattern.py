"""How keys are read: in one way only, and never for somebody else."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsr.connectors.object_store import ObjectStore
from dsr.connectors.object_store.pattern import Pattern, keeps_inside, usable
from dsr.datamap.route import Identities, Route, Seed
from tests.connectors.maps import collection, contents, system

NAMES = st.text(st.sampled_from("1a-._é/ \\*{}"), min_size=1, max_size=6)
WHOLE = Pattern.parse("uploads/{account}-{name}.{kind}")


@given(NAMES, NAMES, NAMES, NAMES)
def test_a_key_belongs_to_one_account_at_most(account: str, name: str, kind: str, other: str) -> None:
    key = f"uploads/{account}-{name}.{kind}"
    readers = [one for one in {account, other} if usable(one) and WHOLE.read(key, {"account": one}) is not None]
    assert len(readers) <= 1


@given(NAMES, NAMES)
def test_a_prefix_says_where_the_value_ends(account: str, other: str) -> None:
    below = Pattern.parse("users/{account}/")
    if usable(account) and usable(other) and account != other:
        assert not below.prefix({"account": other}).startswith(below.prefix({"account": account}))
        assert below.read(f"users/{other}/a.png", {"account": account}) is None


@given(st.lists(st.sampled_from(["..", ".", "", "/", "1", "a", "\0", "\\"]), max_size=5).map("".join))
def test_what_is_usable_never_leads_elsewhere(value: str) -> None:
    if usable(value):
        assert keeps_inside(f"users/{value}/x")
        assert "/" not in value


def test_what_another_account_stores_is_not_mistaken_for_ones_own() -> None:
    assert WHOLE.read("uploads/1-2-cat.png", {"account": "1"}) is None
    assert WHOLE.read("uploads/1-2-cat.png", {"account": "1-2"}) == {"account": "1-2", "name": "cat", "kind": "png"}


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("users/{account}{name}", "between two fields"),
        ("users/{account}//", "relative"),
        ("users/{account}/fixed", "end in '/'"),
        ("users/{size}/", "'size'"),
        ("users/{meta_a}/", "'meta_a'"),
    ],
)
def test_paths_that_could_be_misread_are_refused(path: str, message: str) -> None:
    wrong = collection("path", key="path", settings={"path": path})
    with pytest.raises(ValueError, match=message):
        ObjectStore.from_map(system("object_store", {"url": "file:///srv"}, files=wrong), {})


def test_everything_below_a_prefix_is_found_however_deep(tmp_path: Path) -> None:
    files = collection(
        "path", key="path", files="path", settings={"path": "users/{account}/"}, found_by={"account": ("account",)}
    )
    for name in ("users/1/a.txt", "users/1/b/c/d.txt", "users/10/e.txt", "secret/f.txt"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    store = ObjectStore.from_map(system("object_store", {"url": tmp_path.as_uri()}, files=files), {})
    one: Identities = {"account": (("1",),)}
    found = contents(store, Route("files", files, (Seed("account", ("account",)),), ()), one)
    assert found == {("users/1/a.txt",): b"users/1/a.txt", ("users/1/b/c/d.txt",): b"users/1/b/c/d.txt"}

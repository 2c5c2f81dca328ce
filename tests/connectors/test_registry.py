"""Kinds of connector that other packages bring: found by their entry point, never in the place of our own."""

import importlib
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dsr.connectors import registry
from dsr.connectors.contract_kit import ContractKit, World
from dsr.datamap.route import Route, Seed
from dsr.datamap.schema import SystemMap
from tests.connectors.maps import collection, system
from tests.tree import ROOT

Install = Callable[..., None]
SAM, DANA = "sam@example.com", "dana@example.com"
MODULE = "rightful_lines"


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Put a package into a folder of installed packages: its one module, and its entry points."""
    site = tmp_path / "site"
    monkeypatch.syspath_prepend(str(site))

    def put(package: str, entry: str, content: str = "") -> None:
        described = site / f"{package.replace('-', '_')}-1.0.dist-info"
        described.mkdir(parents=True)
        (described / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        (described / "entry_points.txt").write_text(f"[{registry.GROUP}]\n{entry}\n")
        (site / f"{MODULE}.py").write_text(content, "utf-8")
        importlib.invalidate_caches()
        registry.brought.cache_clear()

    registry.brought.cache_clear()
    yield put
    sys.modules.pop(MODULE, None)
    registry.brought.cache_clear()


def from_the_docs() -> tuple[str, str]:
    """The connector that docs/connectors.md shows whole, and its entry point."""
    page = (ROOT / "docs/connectors.md").read_text("utf-8")
    section = page.split("## Write one in a package of your own")[1]
    (python, *_), (entry, *_) = (
        re.findall(rf"^```{kind}\n(.*?)^```", section, re.MULTILINE | re.DOTALL) for kind in ("python", "toml")
    )
    name, _, value = entry.splitlines()[1].partition(" = ")
    return python, f"{name} = {value.strip(chr(34))}"


def lines(path: Path) -> SystemMap:
    addresses = collection("address", key="address", found_by={"email": ("address",)})
    return system("lines", {"path": str(path)}, addresses=addresses)


class TestTheConnectorOfTheDocs(ContractKit):
    """What an author reads there works as it stands."""

    @pytest.fixture
    def world(self, install: Install, tmp_path: Path) -> World:
        content, entry = from_the_docs()
        install("rightful-lines", entry, content)
        path = tmp_path / "list.txt"
        path.write_text(f"{SAM}\n{DANA}\nmallory@example.com\n", "utf-8")
        described = lines(path)
        route = Route("addresses", described.collections["addresses"], (Seed("email", ("address",)),), ())
        return World(
            connect=lambda: registry.build(described, {}),
            routes=(route,),
            subject={"email": ((SAM,),)},
            bystander={"email": ((DANA,),)},
            snapshot=lambda: {"addresses": {(line,): line for line in path.read_text("utf-8").splitlines()}},
            kept={},
        )


def test_a_kind_that_a_package_brings_is_named_among_the_known(install: Install, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="unknown connector kind 'lines'; known are email, http, manual"):
        registry.build(lines(tmp_path), {})
    content, entry = from_the_docs()
    install("rightful-lines", entry, content)
    assert "lines" in registry.kinds()


def test_a_package_never_takes_the_place_of_a_kind_of_ours(install: Install) -> None:
    install("rightful-evil", f"sql = {MODULE}:Lines", "raise AssertionError('it ran')")
    with pytest.raises(ValueError, match="the package 'rightful-evil' brings a connector 'sql', which is one of ours"):
        registry.build(system("sql", {"url": "sqlite:////nowhere"}), {})


def test_two_packages_with_one_kind_are_refused_by_their_names(install: Install, tmp_path: Path) -> None:
    content, entry = from_the_docs()
    install("rightful-lines", entry, content)
    install("other-lines", entry, content)
    with pytest.raises(ValueError, match="'other-lines', 'rightful-lines' bring more than one connector 'lines'"):
        registry.build(lines(tmp_path), {})


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("import nothing_of_this_name", "cannot be loaded: ModuleNotFoundError"),
        ("", "cannot be loaded: AttributeError"),
        ("Lines = 7", "is no connector"),
    ],
)
def test_a_broken_package_is_named(content: str, says: str, install: Install, tmp_path: Path) -> None:
    install("rightful-lines", f"lines = {MODULE}:Lines", content)
    with pytest.raises(ValueError, match=f"connector 'lines' of 'rightful-lines' {says}"):
        registry.build(lines(tmp_path), {})

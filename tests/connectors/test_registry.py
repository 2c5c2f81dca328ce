"""Kinds of connector that other packages bring: found by their entry point, never in the place of our own."""

import importlib
import os
import re
import sys
import traceback
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from pathlib import Path
from typing import cast

import pytest

from dsr.connectors import brought, contract, registry
from dsr.connectors.contract import CallingBack, Chunk, Connector, Effect, File, Found, Rejected, Unreachable
from dsr.connectors.contract_kit import ContractKit, World
from dsr.datamap.route import Route, Seed
from dsr.datamap.schema import SystemMap, Way
from dsr.management import checking
from tests.connectors.maps import collection, system
from tests.datamap.whole import whole
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


def test_the_connector_of_the_docs_opens_the_list_to_nobody_else(install: Install, tmp_path: Path) -> None:
    content, entry = from_the_docs()
    install("rightful-lines", entry, content)
    path = tmp_path / "list.txt"
    path.write_text(f"{SAM}\n{DANA}\n", "utf-8")
    path.chmod(0o600)
    before = os.umask(0o022)
    try:
        registry.build(lines(path), {}).erase(Chunk("addresses", Way.DELETE, ("address",), ((SAM,),)), "one")
    finally:
        os.umask(before)
    assert path.read_text("utf-8") == f"{DANA}\n"
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_connector_of_the_docs_erases_in_the_file_that_a_link_leads_to(install: Install, tmp_path: Path) -> None:
    content, entry = from_the_docs()
    install("rightful-lines", entry, content)
    path = tmp_path / "list.txt"
    (tmp_path / "true.txt").write_text(f"{SAM}\n{DANA}\n", "utf-8")
    path.symlink_to(tmp_path / "true.txt")
    chunk = Chunk("addresses", Way.DELETE, ("address",), ((SAM,),))
    assert registry.build(lines(path), {}).erase(chunk, "one").effect is Effect.DONE
    assert (tmp_path / "true.txt").read_text("utf-8") == f"{DANA}\n"
    assert path.is_symlink()


def test_the_connector_of_the_docs_has_30_lines_at_most() -> None:
    content, _ = from_the_docs()
    assert 20 < sum(bool(line.strip()) for line in content.splitlines()) <= 30


def test_the_connector_of_the_docs_names_a_setting_that_is_missing_and_one_that_nobody_knows(
    install: Install, tmp_path: Path
) -> None:
    content, entry = from_the_docs()
    install("rightful-lines", entry, content)
    addresses = collection("address", key="address", found_by={"email": ("address",)})
    for settings, said in (({}, "'path' is missing"), ({"path": str(tmp_path), "pat": "x"}, "unknown setting 'pat'")):
        with pytest.raises(ValueError, match=said):
            registry.build(system("lines", settings, addresses=addresses), {})


def test_the_connector_of_the_docs_has_started_nothing_that_could_be_asked_for(
    install: Install, tmp_path: Path
) -> None:
    content, entry = from_the_docs()
    install("rightful-lines", entry, content)
    with closing(registry.build(lines(tmp_path), {})) as connector, pytest.raises(Rejected, match="under way"):
        connector.poll("one")


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
        ("1 / 0", "cannot be loaded: ZeroDivisionError"),
        ("def (", "cannot be loaded: SyntaxError"),
        ("Lines = 7", "is no connector"),
    ],
)
def test_a_broken_package_is_named(content: str, says: str, install: Install, tmp_path: Path) -> None:
    install("rightful-lines", f"lines = {MODULE}:Lines", content)
    with pytest.raises(ValueError, match=f"connector 'lines' of 'rightful-lines' {says}"):
        registry.build(lines(tmp_path), {})


def test_what_the_contract_names_reaches_a_connector_that_a_package_brings() -> None:
    protocols = [one for one in vars(contract).values() if getattr(one, "_is_protocol", False)]
    named = {name for one in protocols if one.__module__ == contract.__name__ for name in vars(one)}
    public = {name for name in named if not name.startswith("_")} - {"from_map", "Protocol"}
    assert len(public) > 15
    assert public <= set(brought._GIVES) | set(vars(brought._Kept))  # noqa: SLF001  that list is what is promised


KEY = "sk_live_1"
FAULTY = """
from collections.abc import Iterator

from dsr.connectors.at_once import AtOnce
from dsr.connectors.contract import Batch, Effect, File, Receipt, Schema

def broken():
    yield b"x"
    raise RuntimeError("sk_live_1 of sam@example.com")

class Lines(AtOnce):
    needed = ("key",)

    def describe(self): return Schema({"addresses": {}})
    def check(self): FAULT
    def erase(self, chunk, key): FAULT
    def read_back(self, chunk): FAULT
    def find(self, route, identities):
        yield Batch("addresses", ("address",), (("sam@example.com",),))
        yield File("addresses", ("sam@example.com",), "x", broken())
        FAULT
"""


def faulty(install: Install, fault: str) -> Connector:
    install("rightful-lines", f"lines = {MODULE}:Lines", FAULTY.replace("FAULT", fault))
    addresses = collection("address", key="address", found_by={"email": ("address",)})
    return registry.build(system("lines", {"key": "${KEY}"}, addresses=addresses), {"KEY": KEY})


ADDRESSES = collection("address", key="address", found_by={"email": ("address",)})
ROUTE = Route("addresses", ADDRESSES, (Seed("email", ("address",)),), ())
ONE = Chunk("addresses", Way.DELETE, ("address",), ((SAM,),))


@pytest.mark.parametrize(
    ("fault", "becomes", "name"),
    [
        ("raise RuntimeError(self.settings['key'])", Rejected, "failed \\(RuntimeError\\)"),
        ("raise OSError(28, self.settings['key'])", Rejected, "failed \\(OSError\\)"),
        (
            "raise ConnectionResetError(self.settings['key'])",
            Unreachable,
            "reach its system \\(ConnectionResetError\\)",
        ),
        ("raise SystemExit(self.settings['key'])", Rejected, "failed \\(SystemExit\\)"),
        ("raise TimeoutError(self.settings['key'])", Unreachable, "reach its system \\(TimeoutError\\)"),
    ],
)
def test_what_goes_wrong_in_a_package_is_a_refusal_of_its_system_that_quotes_nothing(
    fault: str, becomes: type[Exception], name: str, install: Install
) -> None:
    connector = faulty(install, fault)
    said = f"^shop: connector 'lines' of 'rightful-lines' .*{name}$"
    for ask in (
        connector.check,
        lambda: connector.erase(ONE, "k"),
        lambda: connector.read_back(ONE),
        lambda: list(connector.find(ROUTE, {})),
        lambda: connector.count(ROUTE, {}),
    ):
        with pytest.raises(becomes, match=said) as refusal:
            ask()
        assert KEY not in "".join(traceback.format_exception(refusal.value))


def test_a_file_that_breaks_off_in_a_package_is_a_refusal_that_quotes_nothing(install: Install) -> None:
    _, file, *_ = faulty(install, "return").find(ROUTE, {})
    assert isinstance(file, File)
    with pytest.raises(Rejected, match=r"failed \(RuntimeError\)$"):
        list(file.chunks)


def test_a_stream_of_a_package_that_fails_while_it_is_closed_tells_nothing(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", told.append)  # else it is written to stderr
    theirs = "pass\n    def find(self, route, identities):\n        try: yield Batch('addresses', (), ())\n"
    stream = faulty(install, theirs + "        finally: raise RuntimeError(self.settings['key'])\n").find(ROUTE, {})
    next(stream)
    cast("Generator[Found]", stream).close()
    assert told == []


def test_a_connector_of_a_package_learns_where_to_call_back(install: Install) -> None:
    told = "pass\n    def call_back_at(self, address): self.settings['to'] = address\n"
    connector = faulty(install, told + "    def poll(self, _): return Receipt(Effect.DONE, note=self.settings['to'])\n")
    cast("CallingBack", connector).call_back_at("https://portal.example/")
    assert connector.poll("x").note == "https://portal.example/"


@pytest.mark.parametrize("fault", ["return", "yield 7", "return 'x'"])
def test_what_a_package_gives_back_is_what_the_contract_promises(fault: str, install: Install) -> None:
    connector = faulty(install, fault)
    for ask in (connector.check, lambda: connector.erase(ONE, "k"), lambda: connector.read_back(ONE)):
        with pytest.raises(Rejected, match=r"gives back \w+ where '\w+' promises something else"):
            ask()


def test_a_check_of_a_package_brings_findings_and_nothing_else(install: Install) -> None:
    with pytest.raises(Rejected, match="gives back int where 'check' promises something else"):
        faulty(install, "return [7]").check()


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("raise KeyError(environ['KEY'])", "failed \\(KeyError\\)"),
        ("raise ConnectionError(environ['KEY'])", "failed \\(ConnectionError\\)"),
        ("int(environ['KEY'])", "invalid literal for int\\(\\) with base 10: '…'"),
        ("raise ValueError(environ['KEY'][:8] + '...')", "a part of a value that is not told"),
    ],
)
def test_a_connector_of_a_package_that_cannot_be_built_is_a_wrong_setting(
    fault: str, says: str, install: Install
) -> None:
    broken = f"    @classmethod\n    def from_map(cls, system, environ): {fault}\n"
    with pytest.raises(ValueError, match=says) as refusal:
        faulty(install, "pass\n" + broken)
    assert KEY not in "".join(traceback.format_exception(refusal.value))


def test_a_faulty_package_hides_no_other_system(install: Install, tmp_path: Path) -> None:
    faulty(install, "1 / 0").close()
    files = collection("path,name", key="path", settings={"path": "{name}"}, found_by={"account": ("name",)})
    (tmp_path / "media").mkdir()
    media = system("object_store", {"url": (tmp_path / "media").as_uri()}, files=files)
    wrong = system("lines", {"key": "secret"}, addresses=ADDRESSES).model_copy(update={"slug": "lines"})
    first, second = checking.checked(whole(wrong, media))
    assert (first.standing, first.note) == (
        checking.Standing.REFUSED,
        "lines: connector 'lines' of 'rightful-lines' failed (ZeroDivisionError)",
    )
    assert second.standing is not checking.Standing.REFUSED


def told(found: SystemMap) -> list[tuple[tuple[str | int, ...], str]]:
    return [(flaw.where, flaw.message) for flaw in registry.flaws(found)]


def test_a_kind_that_nobody_knows_is_named_when_the_map_is_read_with_those_that_there_are() -> None:
    ((where, message),) = told(system("sqll", {}))
    assert where == ("connector", "kind")
    assert "found connector 'sqll'; allowed are email, http, manual, object_store, portal, sql" in message
    assert "Did you mean 'sql'?" in message


def test_a_kind_that_a_package_brings_is_none_that_nobody_knows(install: Install, tmp_path: Path) -> None:
    content, entry = from_the_docs()
    install("rightful-lines", entry, content)
    assert told(lines(tmp_path)) == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("password", "hush"),
        ("password", "${PW}hush"),
        ("api_key", "hush"),
        ("mailer.token", "hush"),
        ("access-key-id", "hush${X}"),
        ("address", "https://me:hush@h/x"),
        ("address", "https://h/x?access_token=hush"),
    ],
)
def test_no_secret_stands_in_a_map_of_a_kind_that_a_package_brings(
    install: Install, tmp_path: Path, name: str, text: str
) -> None:
    content, entry = from_the_docs()
    install("rightful-lines", entry, content)
    settings = {"path": str(tmp_path), name: text}
    ((where, message),) = told(system("lines", settings, addresses=ADDRESSES))
    assert where == ("connector", "settings", name)
    assert "must not stand in a map" in message
    assert "hush" not in message


def test_references_and_what_only_sounds_like_a_secret_may_stand_in_a_map(install: Install, tmp_path: Path) -> None:
    content, entry = from_the_docs()
    install("rightful-lines", entry, content)
    settings = {
        "path": str(tmp_path),
        "password": " ${PW} ",
        "secret": "${A}${file:/run/secrets/b}",
        "token_url": "https://h/token",
        "sort_key": "created_at",
        "how": "see https://h: ask team@h about it",
    }
    assert told(system("lines", settings, addresses=ADDRESSES)) == []


SETTINGS_FLAWS = [
    ("sql", {"url": "${U}", "pool": "9"}, "pool", "'pool'; allowed are url, without_people, write_url"),
    ("sql", {"url": "${U}", "without_peple": "x"}, "without_peple", "Did you mean 'without_people'?"),
    ("sql", {}, None, "setting 'url' is missing"),
    ("sql", {"url": " "}, "url", "setting 'url' is empty"),
    ("object_store", {"url": "${U}", "acces": "x"}, "acces", "allowed are addressing, endpoint, key_id"),
    ("manual", {"day": "3"}, "day", "allowed are days, how"),
    ("email", {"to": "x"}, "to", "allowed are none"),
    ("sql", {"url": "postgresql://me:hush@h/shop"}, "url", "must not stand in a map"),
    ("sql", {"url": "mariadb://${ME}:hu/s?h${X}@h/shop"}, "url", "must not stand in a map"),
    ("sql", {"url": "${U}", "write_url": "postgresql://h/shop?user=me&password=hush"}, "write_url", "must not stand"),
    ("object_store", {"url": "s3://x", "key_id": "hush"}, "key_id", "must not stand in a map"),
    ("object_store", {"url": "s3://x", "secret": "hush"}, "secret", "must not stand in a map"),
    ("object_store", {"url": "s3://x", "secret": "hush${X}"}, "secret", "must not stand in a map"),
    ("object_store", {"url": "s3://x", "key_id": "${X}hush"}, "key_id", "must not stand in a map"),
    ("sql", {"url": "postgresql://me@h/shop?sslpassword=hush"}, "url", "must not stand in a map"),
    ("sql", {"url": "mariadb://me@h/shop?ssl_key_password=hush&x=${X}"}, "url", "must not stand in a map"),
]


@pytest.mark.parametrize(("kind", "settings", "name", "message"), SETTINGS_FLAWS)
def test_a_wrong_setting_of_a_system_is_said_when_the_map_is_read_and_no_value_is(
    kind: str, settings: dict[str, str], name: str | None, message: str
) -> None:
    ((where, said),) = told(system(kind, settings))
    assert where == ("connector", "settings", *([name] if name else []))
    assert message in said
    assert "hu" not in said


@pytest.mark.parametrize(
    "url",
    [
        "${U}",
        "postgresql://me:${PW}@h:5432/shop",
        "postgresql://h:5432/shop",
        "sqlite:////x/y.sqlite3",
        "postgresql://${A}@h/x",
        "postgresql://me@h/x?sslpassword=${PW}&sslmode=verify-full",
    ],
)
def test_an_address_without_a_secret_may_stand_in_a_map(url: str) -> None:
    assert told(system("sql", {"url": url})) == []


@pytest.mark.parametrize(
    ("kind", "given", "message"),
    [
        ("sql", {"tabel": "x"}, "unknown setting 'tabel'; allowed are schema, table. Did you mean 'table'?"),
        ("object_store", {}, "setting 'path' is missing"),
        ("manual", {"table": "x"}, "unknown setting 'table'; allowed are none"),
    ],
)
def test_a_wrong_setting_of_a_collection_is_said_when_the_map_is_read(
    kind: str, given: dict[str, str], message: str
) -> None:
    settings = {} if kind == "manual" else {"url": "${U}"}
    ((where, said),) = told(system(kind, settings, people=collection("id", key="id", settings=given)))
    assert where[:3] == ("collections", "people", "settings")
    assert said == message

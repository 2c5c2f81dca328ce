"""What the pages say exists: commands, targets, files and places in them."""

import re
from collections.abc import Iterator
from pathlib import Path

from django.core.management import get_commands

from dsr.datamap.load import load
from dsr.datamap.plan import compile_plan
from dsr.datamap.schema import CollectionMap, Erase, FieldMap, Keep, Link, SystemMap
from dsr.sealing import keyring
from tests.tree import ROOT, at

PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("benchmarks/**/*.md")])
LARGEST_PICTURE = 60_000  # bytes
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)|<img[^>]+src=\"([^\"]+)\"")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def links(page: Path) -> Iterator[tuple[Path, str]]:
    """File and anchor of each link that stays in the project."""
    for plain, image in LINK.findall(FENCE.sub("", page.read_text("utf-8"))):
        target = plain or image
        if not target.startswith(("https://", "http://", "mailto:")):
            file, _, anchor = target.partition("#")
            yield (page.parent / file).resolve() if file else page, anchor


def anchors(page: Path) -> set[str]:
    """The places of a page, as its reader's browser names them."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text("utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_link_leads_to_a_file() -> None:
    dead = [f"{at(page)} {file}" for page in PAGES for file, _ in links(page) if not file.exists()]
    assert dead == []


def test_every_anchor_leads_to_a_heading() -> None:
    dead = [
        f"{at(page)} {file.name}#{anchor}"
        for page in PAGES
        for file, anchor in links(page)
        if anchor and file.suffix == ".md" and file.exists() and anchor not in anchors(file)
    ]
    assert dead == []


def test_every_target_that_a_page_names_is_in_the_makefile() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = {
        f"{at(page)} make {target}"
        for page in PAGES
        for target in re.findall(r"(?:`|^|\n)make ([a-z][a-z-]*)", page.read_text("utf-8"))
        if target not in targets
    }
    assert named == set()


def test_every_command_that_a_page_names_exists() -> None:
    known = set(get_commands())
    named = {
        f"{at(page)} manage.py {command}"
        for page in PAGES
        for command in re.findall(r"manage\.py ([a-z][a-z_]*)", page.read_text("utf-8"))
        if command not in known
    }
    assert named == set()


def test_every_target_is_explained() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    public = set(re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE))
    inner = {"venv", "venv-dev", "native"}
    assert set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE)) == public | inner


def test_every_setting_is_explained() -> None:
    read = set(re.findall(r"\"(DSR_[A-Z_]+)\"", (ROOT / "dsr/settings.py").read_text("utf-8")))
    rows = set(re.findall(r"^\| `(DSR_[A-Z_]+)` \|", (ROOT / "docs/settings.md").read_text("utf-8"), re.MULTILINE))
    assert rows == read


def test_every_setting_that_a_page_names_exists() -> None:
    read = set(re.findall(r"\"(DSR_[A-Z_]+)\"", (ROOT / "dsr/settings.py").read_text("utf-8")))
    read |= {keyring.variable(role) for role in keyring.Role}
    named = {
        f"{at(page)} {setting}"
        for page in PAGES
        for setting in re.findall(r"\bDSR_[A-Z_]+\b", page.read_text("utf-8"))
        if setting not in read
    }
    assert named == set()


def test_every_setting_of_a_connector_is_explained() -> None:
    page = (ROOT / "docs/connectors.md").read_text("utf-8")
    asked = {
        setting
        for path in (ROOT / "dsr/connectors").rglob("*.py")
        for names in re.findall(r"(?:needed|optional)=\(([^)]*)\)", path.read_text("utf-8"))
        for setting in re.findall(r"\"([a-z_]+)\"", names)
    }
    assert {setting for setting in asked if f"`{setting}`" not in page} == set()


def test_every_key_of_a_map_is_explained() -> None:
    page = (ROOT / "docs/datamap.md").read_text("utf-8")
    keys = {name for shape in (SystemMap, CollectionMap, FieldMap, Keep, Erase, Link) for name in shape.model_fields}
    assert {key for key in keys if not re.search(rf"`{key}\b|[{{ ]{key}:", page)} == set()


def test_the_example_of_a_map_is_sound(tmp_path: Path) -> None:
    page = (ROOT / "docs/datamap.md").read_text("utf-8")
    for name, text in re.findall(r"```yaml\n# (controllers/\S+)\n(.*?)```", page, re.DOTALL):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    found = load(tmp_path / "controllers" / "acme")
    assert [route.name for route in compile_plan(found, ["email"]).systems[0].routes] == ["orders", "customers"]


def test_every_test_that_a_page_names_exists() -> None:
    places = [*(ROOT / "tests").rglob("*.py"), ROOT / "dsr/connectors/contract_kit.py"]
    known = {name for path in places for name in re.findall(r"def (test_\w+)", path.read_text("utf-8"))}
    known |= {path.stem for path in places}
    named = {
        f"{at(page)} {name}"
        for page in PAGES
        for name in re.findall(r"\b(test_[a-z0-9_]+)", page.read_text("utf-8"))
        if name not in known
    }
    assert named == set()


def test_the_pictures_are_small() -> None:
    large = [at(path) for path in (ROOT / "docs/images").iterdir() if path.stat().st_size > LARGEST_PICTURE]
    assert large == []

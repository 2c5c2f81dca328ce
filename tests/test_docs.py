"""What the pages say exists: commands, targets, files and places in them."""

import re
from collections.abc import Iterator
from pathlib import Path

from django.core.management import get_commands

from tests.tree import ROOT, at

PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("benchmarks/**/*.md")])
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

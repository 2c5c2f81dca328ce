"""A package is built without a plain byte on the disk, and again when its PDF could not be made."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.conf import settings

from dsr.law.actors import Actor
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import ItemState, Kind
from dsr.package import report
from dsr.steps import work
from tests.conftest import World
from tests.steps import scenes
from tests.test_walk import package_of

RENDER = report.render  # the fixture `untypeset` puts a few bytes in its place
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
ENDS = {
    "killed": "os.kill(os.getpid(), 9)",
    "out of memory": "sys.exit('MemoryError')",
    "half": "print('%PDF-'); 1 / 0",
}

written: list[str] | None = None  # an audit hook stays for the life of a process; it writes down what this asks for


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    if written is None or not event.startswith(("open", "tempfile.", "os.rename", "os.link")):
        return
    path, mode, *flags = (*arguments, None, None)[:3]
    if event != "open":
        written.append(f"{event} {path}")
    elif isinstance(path, str | bytes | Path) and (
        set(str(mode or "")) & set("wax+") or int(str(flags[0] or 0)) & WRITING
    ):
        written.append(os.fsdecode(path))


sys.addaudithook(_watch)


@contextmanager
def watched() -> Iterator[list[str]]:
    """What this process opens for writing, moves or makes for a while meanwhile."""
    global written  # noqa: PLW0603  see there
    written = []
    try:
        yield written
    finally:
        written = None


def test_while_a_package_is_built_nothing_is_written_but_its_sealed_file(
    world: World, dana: Actor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject_request = scenes.accepted(world, dana, Right.ACCESS)
    scenes.work_on(world, subject_request, Kind.FIND)
    child = tmp_path / "child.py"  # the real one takes seconds, and may open no file; see tests/package
    child.write_text("import sys; sys.stdin.buffer.read(); print('%PDF-')")
    monkeypatch.setattr(report, "render", RENDER)
    monkeypatch.setattr(report, "_CHILD", child)
    with watched() as places:
        assert work.do_next(at=world.at)
    sealed = Path(settings.DSR_VAR) / "files"
    package = str(subject_request.packages.get().pk)
    assert len(places) == 2
    assert all(
        place.removeprefix("os.rename ").startswith(f"{sealed}/{package[:2]}/{package}.age.") for place in places
    )


@pytest.mark.parametrize("how", ENDS)
def test_a_pdf_that_was_not_made_is_tried_again_and_no_half_package_is_left(
    world: World, dana: Actor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    subject_request = scenes.accepted(world, dana, Right.ACCESS)
    scenes.work_on(world, subject_request, Kind.FIND)
    before = {*(Path(settings.DSR_VAR) / "files").rglob("*")}
    child = tmp_path / "child.py"
    child.write_text(f"import os, sys; sys.stdin.buffer.read(); {ENDS[how]}")
    with monkeypatch.context() as patch:
        patch.setattr(report, "render", RENDER)
        patch.setattr(report, "_CHILD", child)
        assert work.do_next(at=world.at)
    item = subject_request.items.get(kind=Kind.ASSEMBLE)
    assert item.state == ItemState.READY
    assert item.note.startswith("The PDF was not made: the report's process ended ")
    assert not subject_request.packages.exists()
    left = {*(Path(settings.DSR_VAR) / "files").rglob("*")} - before
    assert not [path for path in left if path.is_file()]
    world.later(hours=1)
    world.work(State.PACKAGED, subject_request)
    assert package_of(subject_request, world).testzip() is None

"""Reads a controller's folder into a checked ControllerMap, or says everything that is wrong with it."""

import hashlib
from collections.abc import Callable, Container, Iterable, Iterator
from pathlib import Path
from types import NoneType, UnionType
from typing import TypeVar, get_args

from pydantic import BaseModel, RootModel, ValidationError
from pydantic_core import ErrorDetails

from dsr.datamap.checks import flaws
from dsr.datamap.flaw import Flaw
from dsr.datamap.marked import Marked, Problem
from dsr.datamap.mistaken import said
from dsr.datamap.schema import Controller, ControllerMap, SystemMap

_UNREAD = (
    "this file is not read; allowed are controller.yaml, systems/<slug>.yaml and texts/<language>.yaml "
    "in a controller's folder: rename it, or take it away"
)
_FOLDERS = ("systems", "texts")
_Shape = TypeVar("_Shape", bound=BaseModel)
Look = Callable[[SystemMap], Iterable[Flaw]]  # what a layer above knows of the settings of its kinds


def _nothing(_: SystemMap) -> Iterable[Flaw]:
    return ()


class Texts(RootModel[dict[str, str]]):
    """texts/<language>.yaml: each English text of the other files, and the same in this language."""


class MapError(ValueError):
    """A folder that is no valid map; the message lists every problem, one a line."""

    def __init__(self, problems: list[Problem]) -> None:
        """Keep the problems, in the order of files and lines."""
        self.problems = tuple(sorted(problems, key=lambda problem: (problem.file, problem.line)))
        super().__init__("\n".join(str(problem) for problem in self.problems))


def load(folder: Path, look: Look = _nothing) -> ControllerMap:
    """Read controller.yaml, systems/*.yaml and texts/*.yaml; `look` finds flaws in a system. Raises MapError."""
    paths = [folder / "controller.yaml", *sorted((folder / "systems").glob("*.yaml"))]
    if not paths[0].is_file():
        raise MapError([Problem(f"{folder.name}/controller.yaml", 1, "there is no such file")])
    files = {path.stem: Marked.read(path, f"{folder.name}/{path.relative_to(folder)}") for path in paths[1:]}
    first = Marked.read(paths[0], f"{folder.name}/controller.yaml")
    texts_at = sorted((folder / "texts").glob("*.yaml"))
    problems = list(_unread(folder, {*paths, *texts_at}))
    controller = _shaped(Controller, first, problems)
    shaped = {stem: _shaped(SystemMap, file, problems) for stem, file in files.items()}
    systems = {stem: system for stem, system in shaped.items() if system}
    if controller:
        broken = frozenset(shaped) - frozenset(systems)
        looked = (flaw for system in systems.values() for flaw in look(system))
        for flaw in (*_misnamed(folder, controller, systems), *flaws(controller, systems, broken), *looked):
            file = first if flaw.system is None else files[flaw.system]
            problems.append(file.problem(flaw.where, flaw.message))
    texts = {path.stem: _texts(folder, path, problems) for path in texts_at}
    if problems or not controller:
        raise MapError(problems)
    # Texts are no part of the version: a plan made by a map stays right when a word of it is translated.
    return ControllerMap(controller=controller, systems=systems, version=_version(folder, paths), texts=texts)


def _texts(folder: Path, path: Path, problems: list[Problem]) -> dict[str, str]:
    shaped = _shaped(Texts, Marked.read(path, f"{folder.name}/{path.relative_to(folder)}"), problems)
    return shaped.root if shaped else {}


def load_all(root: Path, look: Look = _nothing) -> dict[str, ControllerMap]:
    """Every folder of `root` with files of a map in it, by slug. Raises MapError for all of them at once."""
    maps: dict[str, ControllerMap] = {}
    problems = [Problem(path.name, 1, _UNREAD) for path in sorted(root.glob("[!.]*")) if _is_yaml(path)]
    for folder in sorted(path for path in root.glob("*/") if _is_map(path)):
        try:
            maps[folder.name] = load(folder, look)
        except MapError as error:
            problems.extend(error.problems)
    if problems:
        raise MapError(problems)
    return maps


def _is_map(folder: Path) -> bool:
    """Whether a map is meant, though its first file may be missing or named in another way."""
    named = (path for pattern in ("*", "systems/*") for path in folder.glob(pattern))
    return not folder.name.startswith(".") and any(map(_is_yaml, named))


def _is_yaml(path: Path) -> bool:
    return path.suffix.lower() in (".yaml", ".yml")


def _unread(folder: Path, read: Container[Path]) -> Iterator[Problem]:
    """Files that were meant to be read, by their place or their name: none is passed over in silence."""
    for path in sorted(folder.rglob("*")):
        place = path.relative_to(folder)
        meant = place.parts[0] in _FOLDERS or _is_yaml(path)
        if meant and path not in read and path.is_file() and not any(part.startswith(".") for part in place.parts):
            yield Problem(f"{folder.name}/{place.as_posix()}", 1, _UNREAD)


def _version(folder: Path, paths: list[Path]) -> str:
    """First 12 hex digits over names and bytes of the files, so that any edit is a new version."""
    digest = hashlib.sha256()
    for path in sorted(paths):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(folder).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()[:12]


def _misnamed(folder: Path, controller: Controller, systems: dict[str, SystemMap]) -> Iterator[Flaw]:
    """Slugs are addresses and keys: each equals the name of its folder or file."""
    if controller.slug != folder.name:
        message = f"found '{controller.slug}'; allowed is the folder's name, '{folder.name}'"
        yield Flaw(None, ("slug",), message)
    for stem, system in systems.items():
        if system.slug != stem:
            yield Flaw(stem, ("slug",), f"found '{system.slug}'; allowed is the file's name, '{stem}'")


def _shaped(shape: type[_Shape], file: Marked, problems: list[Problem]) -> _Shape | None:
    """The file's value as `shape`, or None and its problems."""
    problems.extend(file.broken)
    if file.node is None:
        if not file.broken:
            problems.append(Problem(file.name, 1, "the file is empty"))
        return None
    try:
        return shape.model_validate(file.value)
    except ValidationError as error:
        problems.extend(_told(shape, file, detail) for detail in error.errors(include_url=False))
        return None


def _told(shape: type[BaseModel], file: Marked, detail: ErrorDetails) -> Problem:
    """One error of pydantic, in our words: what was found, what is allowed."""
    steps = tuple(step for step in detail["loc"] if step != "[key]")
    # Where a value may be of several kinds, pydantic also names the kind; that is no place in the file.
    where = steps if detail["type"] == "missing" else file.place(steps)
    return file.problem(where, said(detail, _keys(shape, where[:-1])))


def _keys(shape: object, where: tuple[str | int, ...]) -> tuple[str, ...]:
    """The keys allowed at `where`, found by walking the annotations."""
    inner = [kind for kind in get_args(shape) if kind not in (NoneType, Ellipsis)]
    if isinstance(shape, UnionType):
        return _keys(inner[0], where)
    if isinstance(shape, type) and issubclass(shape, BaseModel):
        fields = shape.model_fields
        return _keys(fields[str(where[0])].annotation, where[1:]) if where else tuple(fields)
    return _keys(inner[-1], where[1:]) if inner and where else ()

"""The files of the project, for the tests that read the code itself."""

import ast
import os
import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CODE = ("accounts", "dsr", "controllers", "benchmarks", "tools")
# What the machine makes: not ours to judge.
MADE = {".git", ".hypothesis", ".venv", "var", "node_modules", "__pycache__", "staticfiles"}


def sources(*tops: str) -> Iterator[Path]:
    """Python files under these folders, without migrations."""
    for top in tops:
        for path in sorted((ROOT / top).rglob("*.py")):
            if not MADE & set(path.parts) and "migrations" not in path.parts:
                yield path


def texts() -> Iterator[tuple[Path, str]]:
    """Every text file of the project with its content."""
    for path in sorted(_ours()):
        if path.is_file():
            try:
                yield path, path.read_text("utf-8")
            except UnicodeDecodeError:
                continue


def _ours() -> Iterator[Path]:
    """Every path that no machine made; what one made, tens of thousands of files, is not even entered."""
    for folder, folders, files in os.walk(ROOT):
        folders[:] = filter(_judged, folders)
        yield from (Path(folder, name) for name in files if _judged(name))


def _judged(name: str) -> bool:
    return name not in MADE and not name.endswith(("_cache", ".egg-info"))


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """Every node of the module: parsed and walked once, however many rules look at it."""
    return tuple(ast.walk(ast.parse(path.read_text("utf-8"), str(path))))


def naming(words: Iterable[str], *tops: str) -> Iterator[Path]:
    """Those of the Python files in which a name of these can stand at all, so that the others need no parsing.

    A name cannot be broken, and Python reads it as NFKC; whether it is one there says the tree alone.
    """
    stands = re.compile(rf"(?<!\w)({'|'.join(words)})(?!\w)")
    for path in sources(*tops):
        if stands.search(unicodedata.normalize("NFKC", path.read_text("utf-8"))):
            yield path


def at(path: Path, node: ast.AST | None = None) -> str:
    """Where something is, as an editor opens it."""
    line = getattr(node, "lineno", 0)
    return f"{path.relative_to(ROOT)}:{line}" if line else str(path.relative_to(ROOT))


def dotted(node: ast.AST) -> str:
    """'timezone.now' for such a name or attribute; '' for what has no name; '.now' after a call."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return ""


def imported(path: Path) -> Iterator[tuple[ast.stmt, str]]:
    """Every module that a file imports, by full name; for `from a import b` both a and a.b."""
    for node in nodes(path):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node, node.module
            yield from ((node, f"{node.module}.{alias.name}") for alias in node.names)

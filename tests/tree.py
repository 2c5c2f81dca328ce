"""The files of the project, for the tests that read the code itself."""

import ast
from collections.abc import Iterator
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
    for path in sorted(ROOT.rglob("*")):
        inside = path.relative_to(ROOT).parts
        made = MADE & set(inside) or any(part.endswith(("_cache", ".egg-info")) for part in inside)
        if not made and path.is_file():
            try:
                yield path, path.read_text("utf-8")
            except UnicodeDecodeError:
                continue


@cache
def tree(path: Path) -> ast.Module:
    """The parsed module."""
    return ast.parse(path.read_text("utf-8"), str(path))


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
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node, node.module
            yield from ((node, f"{node.module}.{alias.name}") for alias in node.names)

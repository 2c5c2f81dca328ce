"""Take guards out, one at a time, in a copy of the tree: each time the named test must fail. `-k WORD` chooses."""

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.sabotages import SABOTAGES, Sabotage  # noqa: E402  the tree is no package that is installed

LEFT = shutil.ignore_patterns(".git", ".venv", "var", "*_cache", "__pycache__", ".hypothesis", "node_modules")
FAILED = 1  # pytest's word for it; anything else means that nothing was proven


def noticed(one: Sabotage, tree: Path) -> bool:
    """Whether the test fails without the guard."""
    file = tree / one.file
    code = file.read_text("utf-8")
    file.write_text(code.replace(one.guard, one.instead), "utf-8")
    command = [str(ROOT / ".venv/bin/python"), "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", one.test]
    try:
        done = subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False)
    finally:
        file.write_text(code, "utf-8")
    return done.returncode == FAILED and " failed" in done.stdout


def main() -> int:
    """Try them. 1 when one went unnoticed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-k", default="", help="only those whose rows, file or test hold this word")
    word = parser.parse_args().k
    chosen = [one for one in SABOTAGES if word in " ".join(one)]
    unnoticed = 0
    with tempfile.TemporaryDirectory(prefix="rightful-sabotage-") as folder:
        tree = Path(folder) / "tree"
        shutil.copytree(ROOT, tree, ignore=LEFT)
        for one in chosen:
            well = noticed(one, tree)
            unnoticed += not well
            print(
                f"{'noticed  ' if well else 'UNNOTICED'}  {one.rows}: {one.file}: {one.test.partition('::')[2]}",
                flush=True,
            )
    print(f"{len(chosen)} guards taken out, {unnoticed} unnoticed.")
    return bool(unnoticed) or not chosen


if __name__ == "__main__":
    sys.exit(main())

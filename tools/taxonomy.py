"""Writes dsr/datamap/taxonomy.py anew: the data categories of a named version of the fideslang package.

Usage: tools/taxonomy.py [VERSION]

The package is fetched and read here alone, for its limits on pydantic are narrower than ours (docs/decisions).
"""

import subprocess
import sys
import tempfile
import zipfile
from importlib import import_module
from pathlib import Path

TARGET = Path(__file__).resolve().parent.parent / "dsr" / "datamap" / "taxonomy.py"
HEAD = '''"""The data categories of Fideslang: each key and its name there. Written by tools/taxonomy.py, not by hand.

Fideslang is Ethyca's, under CC BY 4.0: https://ethyca.github.io/fideslang
"""

VERSION = "{version}"
KEYS: dict[str, str] = {{
'''


def main(version: str) -> None:
    """Fetch the wheel, read its categories, write ours."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        asked = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", name, f"fideslang=={version}"]
        subprocess.run(asked, check=True)
        with zipfile.ZipFile(next(folder.glob("fideslang-*.whl"))) as wheel:
            wheel.extractall(folder / "wheel")
        sys.path.insert(0, str(folder / "wheel"))
        known = import_module("fideslang.default_taxonomy.data_categories").DEFAULT_DATA_CATEGORIES
    lines = [
        f'    "{one.fides_key}": "{one.name}",\n'
        for one in sorted(known, key=lambda category: str(category.fides_key))
        if one.version_deprecated is None
    ]
    TARGET.write_text(HEAD.format(version=version) + "".join(lines) + "}\n", encoding="utf-8")
    print(f"{TARGET.name}: {len(lines)} categories of fideslang {version}")


if __name__ == "__main__":
    from_the_last = TARGET.read_text("utf-8").partition('VERSION = "')[2].partition('"')[0] if TARGET.exists() else ""
    main(sys.argv[1] if len(sys.argv) > 1 else from_the_last)

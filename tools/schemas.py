"""Writes anew what docs/ publishes: JSON Schemas of maps and of packages, and the list of data categories.

Usage: tools/schemas.py
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"


def main() -> None:
    """Write each file."""
    sys.path.insert(0, str(ROOT))
    from dsr.datamap import published
    from dsr.package import shapes

    for name, text in (*published.pages(), *shapes.pages()):
        (DOCS / name).parent.mkdir(exist_ok=True)
        (DOCS / name).write_text(text, encoding="utf-8")
        print(f"docs/{name}")


if __name__ == "__main__":
    main()

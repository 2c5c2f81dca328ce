"""What the PDF needs from the operating system: prints the Debian packages that are missing.

`native.py libraries`: without them there is no PDF. `native.py fonts`: without them some text shows as boxes.
"""

import ctypes
import sys
from collections.abc import Iterator
from pathlib import Path

LIBRARIES = {
    "libpango-1.0.so.0": "libpango-1.0-0",
    "libpangoft2-1.0.so.0": "libpangoft2-1.0-0",
    "libharfbuzz-subset.so.0": "libharfbuzz-subset0",
}
FONTS = {
    "DejaVuSans.ttf": "fonts-dejavu-core",
    "NotoSansArabic-Regular.ttf": "fonts-noto-core",
    "NotoSansCJK-Regular.ttc": "fonts-noto-cjk",
    "NotoColorEmoji.ttf": "fonts-noto-color-emoji",
}
# Not those of an account: the process that makes the PDF is told nothing of who runs it.
FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts")


def missing_libraries() -> Iterator[str]:
    """Packages whose library the loader does not find."""
    for library, package in LIBRARIES.items():
        try:
            ctypes.CDLL(library)
        except OSError:
            yield package


def missing_fonts() -> Iterator[str]:
    """Packages none of whose fonts lie where fontconfig looks."""
    present = {file.name for folder in FONT_FOLDERS for file in Path(folder).rglob("*.tt[fc]")}
    yield from (package for font, package in FONTS.items() if font not in present)


if __name__ == "__main__":
    print(*(missing_fonts() if sys.argv[1:] == ["fonts"] else missing_libraries()))

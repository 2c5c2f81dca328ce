"""index.html: read off-line, without scripts, and without telling anybody that it was opened."""

import base64
import hashlib
from functools import cache

from dsr.datamap.shape import Brand
from dsr.package.pages import FOLDER, rendered
from dsr.package.reading import FIRST_FILES, Reading
from dsr.package.usage import usage

FIRST_ROWS = 25


def page(reading: Reading) -> str:
    """The page. Its policy allows one style sheet, one script that searches the page, pictures, and nothing else."""
    js = _text("index.js") if reading.shown else ""
    css, policy = style(reading.controller.brand, js)
    return rendered(
        "index.html",
        reading=reading,
        usage=usage(reading),
        css=css,
        js=js,
        policy=policy,
        first_rows=f":{FIRST_ROWS}",
        first_rows_count=FIRST_ROWS,
        first_files=f":{FIRST_FILES}",
        first_files_count=FIRST_FILES,
    )


def style(brand: Brand, js: str = "") -> tuple[str, str]:
    """The style sheet in the controller's colour, and the policy of a page that has it and this script inside."""
    css = _text("index.css").replace("#123456", brand.colour)
    scripts = f"script-src 'sha256-{_digest(js)}'; " if js else ""
    return css, (
        f"default-src 'none'; img-src 'self' file:; style-src 'sha256-{_digest(css)}'; {scripts}"
        "base-uri 'none'; form-action 'none'"
    )


@cache
def _text(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()

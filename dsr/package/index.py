"""index.html: read off-line, without scripts, and without telling anybody that it was opened."""

import base64
import hashlib

from dsr.datamap.shape import Brand
from dsr.package.pages import FOLDER, rendered
from dsr.package.reading import FIRST_FILES, Reading

FIRST_ROWS = 25


def page(reading: Reading) -> str:
    """The page. Its policy allows this one style sheet, pictures beside it, and nothing else."""
    css, policy = style(reading.controller.brand)
    return rendered(
        "index.html",
        reading=reading,
        css=css,
        policy=policy,
        first_rows=f":{FIRST_ROWS}",
        first_rows_count=FIRST_ROWS,
        first_files=f":{FIRST_FILES}",
        first_files_count=FIRST_FILES,
    )


def style(brand: Brand) -> tuple[str, str]:
    """The style sheet in the controller's colour, and the policy of a page that has it inside."""
    css = (FOLDER / "index.css").read_text(encoding="utf-8").replace("#123456", brand.colour)
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; img-src 'self' file:; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    return css, policy

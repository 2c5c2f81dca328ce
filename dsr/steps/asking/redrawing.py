"""Pictures that somebody sends are drawn anew: what was hidden in them or told of its maker does not come along.

ASVS V5.2.2 and V5.2.6: judged by content, bounded in pixels before anything is unpacked. A PDF is kept as it is, for a
signature in it would break; it is refused where it is another kind of file as well.
"""

import io
import re
import warnings

from django.utils.translation import gettext as _
from PIL import Image, ImageOps, UnidentifiedImageError

PDF, PNG, JPEG = "application/pdf", "image/png", "image/jpeg"
MOST_PIXELS = {PNG: 24_000_000, JPEG: 108_000_000}  # a PNG is unpacked whole, a JPEG only as large as it is needed
SIDE = 4096  # pixels; twice what is needed to read a page
_FORMATS = {PNG: "PNG", JPEG: "JPEG"}
_ZIP_END, _TAIL = b"PK\x05\x06", 66_000  # bytes in which a reader of ZIPs looks for its end
_PAGE = re.compile(rb"<\s*(?:!doctype|html|script|svg|body|iframe)", re.IGNORECASE)
_HEAD = 4096  # bytes by which a browser guesses


class Unreadable(ValueError):
    """Why it cannot be kept; the message is for the person."""


def redrawn(content: bytes, content_type: str) -> bytes:
    """The picture alone, upright and without metadata; a PDF as it is. Raises Unreadable."""
    if content_type == PDF:
        if _ZIP_END in content[-_TAIL:] or _PAGE.search(content[:_HEAD]):
            message = _("This PDF is another kind of file as well. Print it into a new PDF, and send that.")
            raise Unreadable(message)
        return content
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # bounded here, and more tightly
            return _drawn(content, content_type)
    except (OSError, SyntaxError, ValueError, UnidentifiedImageError, Image.DecompressionBombError) as error:
        message = _("This picture cannot be read. Save it anew, or send a PDF.")
        raise Unreadable(message) from error


def _drawn(content: bytes, content_type: str) -> bytes:
    out = io.BytesIO()
    with Image.open(io.BytesIO(content), formats=[_FORMATS[content_type]]) as picture:
        if picture.width * picture.height > MOST_PIXELS[content_type]:
            raise ValueError(picture.size)
        picture.draft("RGB", (SIDE, SIDE))
        upright = ImageOps.exif_transpose(picture)
        upright.thumbnail((SIDE, SIDE))
        plain = upright.convert("RGB" if content_type == JPEG or "A" not in upright.getbands() else "RGBA")
        plain.info.clear()
        plain.save(out, format=_FORMATS[content_type], quality=90)
    return out.getvalue()

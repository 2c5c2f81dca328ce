"""What is sent as a proof is what it says, and nothing else beside (I32): a corpus of files of two kinds."""

import io
import struct
import zipfile
import zlib

import pytest
from PIL import Image, PngImagePlugin

from dsr.law.actors import PORTAL
from dsr.law.work import Asker
from dsr.models import sealed
from dsr.sealing import files
from dsr.sealing.keyring import Role
from dsr.steps.asking import evidence, redrawing
from dsr.steps.asking.evidence import NotTaken
from tests.conftest import World
from tests.steps.representing import PDF, asked_by

SCRIPT = b"<script>alert('canary-of-the-proof')</script>"
CANARY = b"canary-of-the-proof"


def png(**more: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 20), "white").save(out, "PNG", **more)
    return out.getvalue()


def jpeg(**more: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 20), "white").save(out, "JPEG", **more)
    return out.getvalue()


def zipped() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("index.html", SCRIPT)
    return out.getvalue()


def told() -> PngImagePlugin.PngInfo:
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", SCRIPT.decode())
    return info


def located() -> Image.Exif:
    exif = Image.Exif()
    exif[0x010E] = CANARY.decode()  # ImageDescription
    return exif


HIDING = {
    "script behind a PNG": png() + SCRIPT,
    "archive behind a PNG": png() + zipped(),
    "script in the text of a PNG": png(pnginfo=told()),
    "archive behind a JPEG": jpeg() + zipped(),
    "script in the comment of a JPEG": jpeg(comment=SCRIPT),
    "what a camera tells": jpeg(exif=located()),
}


@pytest.mark.parametrize("name", HIDING)
def test_a_picture_is_drawn_anew_and_nothing_beside_it_is_kept(name: str) -> None:
    drawn = redrawing.redrawn(HIDING[name], evidence.content_type_of(HIDING[name]))
    assert CANARY not in drawn
    assert not zipfile.is_zipfile(io.BytesIO(drawn))
    with Image.open(io.BytesIO(drawn)) as picture:
        assert picture.size == (40, 20)
        assert not picture.getexif()


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def bomb() -> bytes:
    """A small file that unpacks to 30,000 by 30,000 pixels."""
    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 10_000)) + png()[-12:]


REFUSED = {
    "a bomb": (bomb(), "cannot be read"),
    "only the first bytes of a PNG": (b"\x89PNG\r\n\x1a\n" + SCRIPT, "cannot be read"),
    "only the first bytes of a JPEG": (b"\xff\xd8\xff\xe0" + SCRIPT, "cannot be read"),
    "half a picture": (jpeg()[:200], "cannot be read"),
    "a PDF that is a page": (b"%PDF-1.7\n" + SCRIPT + b"\n%%EOF", "another kind of file"),
    "a PDF that is an archive": (PDF + zipped(), "another kind of file"),
    "a page": (b"<!doctype html>" + SCRIPT, "no PDF, PNG or JPEG"),
    "a drawing that acts": (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "no PDF, PNG or JPEG"),
    "a GIF that is a script": (b"GIF89a/*" + SCRIPT + b"*/=1;", "no PDF, PNG or JPEG"),
    "an archive": (zipped(), "no PDF, PNG or JPEG"),
    "a page before a PDF": (SCRIPT + PDF, "no PDF, PNG or JPEG"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_two_kinds_of_file_or_none_is_not_kept(world: World, name: str) -> None:
    content, says = REFUSED[name]
    subject_request = asked_by(world, Asker.AGENT)
    kept = subject_request.evidence.count()
    with pytest.raises(NotTaken, match=says):
        evidence.keep(subject_request, "permission", content, by=PORTAL, at=world.at)
    assert subject_request.evidence.count() == kept


def test_what_is_sealed_is_the_picture_that_was_drawn_anew(world: World) -> None:
    subject_request = asked_by(world, Asker.AGENT)
    kept = evidence.keep(subject_request, "permission", png() + SCRIPT, by=PORTAL, at=world.at)
    ring = sealed.ring(Role.FILES)
    with files.reading(sealed.file_spot(kept.pk), sealed.file_place(kept.pk), ring, kept.wrapped_key) as stream:
        assert CANARY not in stream.read()


def test_a_large_photograph_is_drawn_as_large_as_it_is_needed() -> None:
    out = io.BytesIO()
    Image.new("L", (6000, 4500), 200).save(out, "JPEG")
    with Image.open(io.BytesIO(redrawing.redrawn(out.getvalue(), redrawing.JPEG))) as picture:
        assert max(picture.size) <= redrawing.SIDE

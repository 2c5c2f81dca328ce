"""Answers to Sam, from systems that hold kind, foreign and hostile strings."""

import zlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from struct import pack
from typing import Any

from dsr.connectors.contract import Batch, Cell, File, Found
from dsr.datamap.facts import facts
from dsr.law.rights import Right
from dsr.package.contents import (
    Answer,
    Backup,
    CollectionOutcome,
    ConsentEnded,
    FieldCorrected,
    KeptRows,
    OpenPart,
    RecipientTold,
    SystemOutcome,
)
from tests.package.maps import JOYPIX

HOSTILE = (
    "=cmd|'/c calc'!A0",
    "<script>document.title='owned'</script>",
    "<img src=http://127.0.0.1:9/x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "{{ reading.controller }}{% debug %}",
    "</td></table></style><h1>owned</h1>",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "\uff1d1+1",
    "\t=1+1",
    "evil\u202egnp.exe",
    "javascript:alert(1)",
    "lone \ud83d half",
    "nul\x00 bell\x07 escape\x1b[31m",
    "line one\r\nline two",
    "\ufeff=1+1",
)
PROMPTS = (
    "A lighthouse at dawn, oil on canvas, soft fog over the harbour",
    "一只穿着宇航服的猫在月球上喝茶，水彩画风格",
    "منظر طبيعي للصحراء عند غروب الشمس مع قافلة من الجمال",
    "बारिश में पुराना शहर, गर्म रोशनी",
    "🌸🦊 фокс в саду, 桜 and हाइकु",
    "บ้านริมน้ำยามเย็น",
    "סירה קטנה על הים",
)


def _png(red: int, green: int, blue: int) -> bytes:
    def chunk(kind: bytes, content: bytes) -> bytes:
        return pack(">I", len(content)) + kind + content + pack(">I", zlib.crc32(kind + content))

    rows = b"".join(
        b"\0" + b"".join(bytes((red * x // 64, green, blue * y // 48)) for x in range(64)) for y in range(48)
    )
    header = chunk(b"IHDR", pack(">IIBBBBB", 64, 48, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


AT = datetime(2026, 3, 12, 9, 30, tzinfo=UTC)
USER = ("id", "email", "name", "plan", "balance", "born", "created_at", "bio", "avatar", "password_hash")
SECRET = "pbkdf2$canary-1f0c"
EVENT = ("id", "at", "page", "device", "note", "score")


def user_row() -> tuple[Cell, ...]:
    """Sam's account."""
    bio = "Painter, 画家, رسام 🎨"
    return (
        7,
        "sam@example.org",
        "Sam <b>Ä.</b>",
        3,
        Decimal("-12.50"),
        date(1990, 2, 28),
        AT,
        bio,
        b"+\xfe\xff",
        SECRET,
    )


def app_part() -> Iterator[Found]:
    """Account, prompts in many scripts, hostile events."""
    yield Batch("users", USER, (user_row(),))
    rows = tuple((place, AT, text, 2 if place % 3 else 4) for place, text in enumerate(PROMPTS * 8))
    yield Batch("prompts", ("id", "made_at", "prompt", "status"), rows)
    for start in (0, len(HOSTILE)):
        cells = enumerate(HOSTILE, start)
        yield Batch("events", EVENT, tuple((at, AT, text, None, "", 0.5 * at) for at, text in cells))


NAMES = (
    "../../etc/cron.d/x",
    "CON",
    "a" * 300,
    "evil\u202egnp.exe",
    "C:\\boot.ini",
    "nul\x00.png",
    "猫.png",
    "<b>.svg",
)


def media_part() -> Iterator[Found]:
    """Pictures with names that somebody else chose."""
    yield Batch("saved", ("path", "bytes"), tuple((name, 3) for name in NAMES))
    for place, name in enumerate(NAMES):
        picture = _png(30 * place, 120, 255 - 30 * place)
        yield File("saved", (name,), name, iter((picture[:5], picture[5:])))
    for content in (
        b"<html><script>alert(1)</script>",
        b"MZ\x90\x00",
        b"%PDF-1.7\n",
        b"",
        "héllo\n".encode(),
    ):
        yield File("saved", (NAMES[0],), "x.html", iter((content,)))


def events_part(count: int) -> OpenPart:
    """One person with many events, in batches of 1,000."""

    def part() -> Iterator[Found]:
        for start in range(0, count, 1000):
            rows = ((at, AT, "/create", "Pixel 9", f"step {at}", at * 0.25) for at in range(start, start + 1000))
            yield Batch("events", EVENT, tuple(rows))

    return part


def pictures_part(count: int) -> OpenPart:
    """One person with many small pictures."""

    def part() -> Iterator[Found]:
        for start in range(0, count, 1000):
            yield Batch("saved", ("path", "bytes"), tuple((f"{at}.png", 2008) for at in range(start, start + 1000)))
        for at in range(count):
            yield File("saved", (f"{at}.png",), f"{at}.png", iter((b"\x89PNG\r\n\x1a\n" + bytes(2000),)))

    return part


def access(**more: Any) -> Answer:
    """Sam's access answer."""
    answer = Answer(
        reference="R3K-2WN-P5M",
        right=Right.ACCESS,
        version=1,
        controller=JOYPIX,
        facts=facts(JOYPIX),
        identities=(("email", "sam@example.org"), ("account", "7")),
        received_at=datetime(2026, 3, 2, 15, 0, tzinfo=UTC),
        due_on=date(2026, 3, 23),
        answered_at=AT,
        policy_version="2.0",
        systems=(
            SystemOutcome("app", "found"),
            SystemOutcome("media", "found"),
            SystemOutcome("payments", "failed", "We will send this part later."),
            SystemOutcome("support", "nothing"),
        ),
        parts={"app": app_part, "media": media_part},
    )
    return replace(answer, **more)


def erasure() -> Answer:
    """Sam's erasure answer: an order stays."""
    kept = KeptRows(1, "Paid orders are kept for tax law.", "section 5; tax code", date(2028, 11, 30))
    return access(
        right=Right.ERASURE,
        systems=(
            SystemOutcome(
                "app", "erased", "", (CollectionOutcome("users", 1, 1), CollectionOutcome("events", 480, 480))
            ),
            SystemOutcome("media", "erased", "", (CollectionOutcome("saved", 13, 13),)),
            SystemOutcome("payments", "kept", "", (CollectionOutcome("orders", 3, 2, (kept,)),)),
            SystemOutcome("support", "nothing"),
        ),
        parts={},
        backups=(Backup("app", "App", date(2026, 4, 16)), Backup("payments", "Payments", None)),
    )


def rectification() -> Answer:
    """Sam's corrections: one done, one declined."""
    return access(
        right=Right.RECTIFICATION,
        systems=(SystemOutcome("app", "corrected", "", (CollectionOutcome("users", 1),)),),
        parts={},
        corrected=(
            FieldCorrected("app", "users", "name", "Name <b>", "corrected", 2),
            FieldCorrected("app", "users", "plan", "Plan", "declined", 1, "=It is what you pay for"),
        ),
        statement=True,
        told=(RecipientTold("Bank", "It is done", "5 May 2026"),),
    )


def withdrawal() -> Answer:
    """Sam's withdrawn consents: one stopped, one that nobody could look for."""
    return access(
        right=Right.CONSENT_WITHDRAWAL,
        systems=(SystemOutcome("app", "stopped"),),
        parts={},
        ended=(
            ConsentEnded("letters", "Letters", AT, ("app",), ("media",), "No letters come.", "", looked=True),
            ConsentEnded("maps", "Maps", None, (), (), "", "Delete the cookies.", looked=False),
        ),
    )

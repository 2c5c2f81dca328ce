"""What must never leave is in no format; what one law forbids to show is said to be held, and is not shown."""

import json
from collections.abc import Iterator

import pytest

from dsr.connectors.contract import Batch, Cell, File, Found, fields_brought
from dsr.datamap.categories import CATEGORIES
from dsr.datamap.narrow import rectifiable_fields
from dsr.datamap.schema import CollectionMap, FieldMap, Source
from dsr.datamap.secrets import LISTED, NEVER
from dsr.law.regimes import regimes
from dsr.law.rights import Right
from dsr.package.contents import Answer, OpenPart
from tests.package import answers, test_portability
from tests.package.conftest import opened
from tests.package.maps import JOYPIX

SHOWN = ("user.contact.email", "user.name", "user.financial", "user.health_and_medical")
TYPES = tuple(sorted(key for key in CATEGORIES if key.startswith((*NEVER, *LISTED["ccpa"]))))
EVERY = (*TYPES, *SHOWN)
CALIFORNIA, GERMANY = ("ccpa",), ("gdpr",)


def name(category: str) -> str:
    return category.removeprefix("user.").replace(".", "_")


def canary(category: str) -> str:
    return f"canary of {category}"


def fields() -> dict[str, FieldMap]:
    """A field of each type; and what the map opens, with its reason."""
    own = {name(key): FieldMap(category=key, label=f"Field {key}") for key in EVERY}
    opened = FieldMap(
        category="user.financial.credit_card", label="Last four", never_export=False, why_shown="No card number."
    )
    return {"id": FieldMap(category="user.unique_id"), **own, "last4": opened}


def collection(**more: object) -> CollectionMap:
    made: dict[str, object] = {
        "title": "Everything",
        "key": ("id",),
        "purposes": ("generate",),
        "source": Source.PROVIDED,
        "retention": "account",
        "fields": fields(),
    }
    return CollectionMap.model_validate(made | more)


def part(described: CollectionMap) -> OpenPart:
    """One row, as a connector brings it that heeds no map."""

    def found() -> Iterator[Found]:
        cells: dict[str, Cell] = {"id": 7, "last4": "last four: 4242", **{name(key): canary(key) for key in EVERY}}
        yield Batch("users", tuple(described.fields), (tuple(cells[each] for each in described.fields),))
        if described.files:
            yield File("users", (7,), "scan.png", iter((b"\x89PNG\r\n\x1a\ncanary of a file",)))

    return found


def answer(right: Right, laws: tuple[str, ...], **more: object) -> Answer:
    described = collection(**more)
    system = JOYPIX.systems["app"].model_copy(update={"collections": {"users": described}})
    about = JOYPIX.model_copy(update={"systems": {**JOYPIX.systems, "app": system}})
    return answers.access(right=right, controller=about, laws=laws, parts={"app": part(described)})


def left(right: Right, laws: tuple[str, ...]) -> str:
    """Everything that leaves, as text: JSON, CSV, pages and lists, and what the PDF is set from."""
    if right is Right.PORTABILITY:
        return b"\n".join(test_portability.taken(answer(right, laws)).files.values()).decode(errors="replace")
    package = opened(answer(right, laws))
    return b"\n".join(package.files.values()).decode(errors="replace") + package.report_html


def withheld(category: str, laws: tuple[str, ...]) -> bool:
    own = (*NEVER, *(LISTED["ccpa"] if "ccpa" in laws else ()))
    return any(category == key or category.startswith(f"{key}.") for key in own)


@pytest.mark.parametrize("right", [Right.ACCESS, Right.PORTABILITY])
@pytest.mark.parametrize("laws", [CALIFORNIA, GERMANY, ()])
def test_no_format_holds_what_must_not_leave_and_each_holds_the_rest(right: Right, laws: tuple[str, ...]) -> None:
    text = left(right, laws)
    held = {key: canary(key) in text for key in EVERY}
    assert held == {key: not withheld(key, laws) for key in EVERY}
    assert "last four: 4242" in text


def test_the_list_reaches_every_type_that_the_regulation_names() -> None:
    assert len(TYPES) > 15
    named = ("government_id", "drivers_license", "bank_account", "insurance", "record_id", "password", "biometric")
    assert [word for word in named if not any(word in key for key in TYPES)] == []
    assert set(LISTED) <= set(regimes())
    assert {*NEVER, *LISTED["ccpa"]} <= set(CATEGORIES)


def test_a_californian_is_told_which_type_is_held_and_a_german_is_shown_it() -> None:
    said = "We hold this type of information about you: National identification number."
    californian, german = opened(answer(Right.ACCESS, CALIFORNIA)), opened(answer(Right.ACCESS, GERMANY))
    for page in (californian.text("index.html"), californian.report_html):
        assert said in page
        assert "11 CCR § 7024(d)" in page
    assert said not in german.text("index.html")
    told = {each["field"]: each["why"] for each in californian.json("manifest.json")["collections"][0]["withheld"]}
    assert told["government_id_national_identification_number"].startswith(said)
    portable = json.loads(test_portability.taken(answer(Right.PORTABILITY, CALIFORNIA)).files["portability.json"])
    fields_out = {each["field"]: each["why"] for each in portable["collections"][0]["left_out"]}
    assert fields_out["government_id_national_identification_number"].startswith(said)


def test_a_file_that_is_of_such_a_type_stays_and_its_name_and_key_as_well() -> None:
    scan = {"files": name("user.government_id.passport_number")}
    californian = opened(answer(Right.ACCESS, CALIFORNIA, **scan))
    german = opened(answer(Right.ACCESS, GERMANY, **scan))
    assert [name for name in californian.files if "/files/" in name] == []
    assert b"canary of a file" not in b"".join(californian.files.values())
    assert len([name for name in german.files if "/files/" in name]) == 1


def test_what_must_never_leave_is_not_even_read_and_not_offered_for_correction() -> None:
    described = collection()
    open_to_all = {field: one.model_copy(update={"rectifiable": True}) for field, one in described.fields.items()}
    brought = fields_brought(described)
    offered = rectifiable_fields(described.model_copy(update={"fields": open_to_all}), CALIFORNIA)
    assert [key for key in EVERY if withheld(key, ()) and name(key) in brought] == []
    assert {key for key in EVERY if name(key) in offered} == {key for key in EVERY if not withheld(key, CALIFORNIA)}

"""The law files: what they say, and that a wrong one is refused with its place (M2)."""

from pathlib import Path

import pytest

from dsr.law.calendars import SATURDAYS_COUNT_IN
from dsr.law.files import REGIMES, LawError, law_version, version_of
from dsr.law.regimes import HOUSE, IdentityRule, Key, Status, load, regimes
from dsr.law.rights import Right

ACTIVE = ["house", "ccpa", "gdpr", "uk-gdpr"]
WAITING = ["colorado", "coppa", "india-dpdp", "korea-pipa", "lgpd", "pipl", "quebec", "saudi-pdpl", "virginia"]


def test_four_are_active_and_the_others_wait_until_their_text_is_read() -> None:
    found = regimes().values()
    assert [regime.slug for regime in found if regime.active] == ACTIVE
    assert [regime.slug for regime in found if not regime.active] == WAITING


def test_every_row_says_where_it_stands_and_what_it_means() -> None:
    rows = [row for regime in regimes().values() for row in regime.rows]
    assert all(row.value and row.plain.endswith(".") and row.citation for row in rows)


@pytest.mark.parametrize("slug", WAITING)
def test_what_was_never_read_says_so(slug: str) -> None:
    statuses = {row.status for row in regimes()[slug].rows}
    assert statuses <= {Status.READ, Status.VERIFY}


@pytest.mark.parametrize(
    ("slug", "right", "answer", "extended", "confirm"),
    [
        ("gdpr", Right.ACCESS, "1 month", "3 months", None),
        ("gdpr", Right.CONSENT_WITHDRAWAL, "1 month", None, None),
        ("gdpr", Right.COMPLAINT, None, None, None),
        ("uk-gdpr", Right.ERASURE, "1 month", "3 months", None),
        ("uk-gdpr", Right.COMPLAINT, None, None, "29 days"),  # 30 days beginning on the day of receipt
        ("ccpa", Right.ACCESS, "45 days", "90 days", "10 business-days-with-saturdays"),
        ("ccpa", Right.PORTABILITY, "45 days", "90 days", "10 business-days-with-saturdays"),
        ("ccpa", Right.RECTIFICATION, "45 days", "90 days", "10 business-days-with-saturdays"),
        ("ccpa", Right.ERASURE, "45 days", "90 days", "10 business-days-with-saturdays"),
        ("ccpa", Right.CONSENT_WITHDRAWAL, "15 business-days-with-saturdays", None, None),
        ("virginia", Right.ACCESS, "45 days", "90 days", None),
        ("quebec", Right.ACCESS, "30 days", None, None),
        ("lgpd", Right.ACCESS, "15 days", None, None),
        ("pipl", Right.ERASURE, "15 business-days", None, None),
        ("pipl", Right.PORTABILITY, None, None, None),
        ("india-dpdp", Right.ACCESS, "90 days", None, None),
        ("korea-pipa", Right.ACCESS, "10 days", None, None),
        ("saudi-pdpl", Right.ACCESS, "30 days", "60 days", None),
        ("coppa", Right.CHILD, None, None, None),
    ],
)
def test_a_law_answers_for_a_right(
    slug: str, right: Right, answer: str | None, extended: str | None, confirm: str | None
) -> None:
    law = regimes()[slug]
    said = [term and str(term) for term in (law.answer(right), law.extension(right), law.confirm(right))]
    assert said == [answer, extended, confirm]


def test_what_a_question_for_proof_does_is_each_laws_own() -> None:
    rules = {slug: regimes()[slug].identity for slug in ("gdpr", "uk-gdpr", "ccpa")}
    assert rules == {"gdpr": IdentityRule.PAUSES, "uk-gdpr": IdentityRule.STARTS, "ccpa": IdentityRule.RUNS}


def test_a_clarification_pauses_access_alone_in_the_united_kingdom() -> None:
    assert [right for right in Right if regimes()["uk-gdpr"].clarification(right)] == [Right.ACCESS]


def test_a_clarification_pauses_nothing_in_california_and_no_withdrawal_anywhere() -> None:
    paused = {slug for slug in ("gdpr", "uk-gdpr", "ccpa") if regimes()[slug].clarification(Right.CONSENT_WITHDRAWAL)}
    assert paused == set()
    assert [right for right in Right if regimes()["ccpa"].clarification(right)] == []


def test_a_question_must_be_asked_early_under_the_gdpr() -> None:
    assert {slug: regimes()[slug].ask_within for slug in ACTIVE} == {
        "house": None,
        "ccpa": None,
        "gdpr": 2,
        "uk-gdpr": None,
    }


def test_a_british_refusal_has_a_fourth_block() -> None:
    assert regimes()["gdpr"].refusal_names == ("reasons", "authority", "court")
    assert regimes()["uk-gdpr"].refusal_names == ("reasons", "controller-complaint", "authority", "court")
    assert regimes()["ccpa"].refusal_names == ("reasons",)


def test_silence_is_a_refusal_in_quebec() -> None:
    assert (regimes()["quebec"].silence, regimes()["gdpr"].silence) == ("refusal", "")


def test_only_complexity_and_number_lengthen_a_term() -> None:
    assert {slug: regimes()[slug].extension_reasons for slug in ACTIVE} == dict.fromkeys(
        ACTIVE, ("complexity", "number")
    )


def test_the_law_file_names_the_place_whose_saturdays_count() -> None:
    assert regimes()["ccpa"].value(Key.BUSINESS_DAY) == f"{'-'.join(SATURDAYS_COUNT_IN)}, with Saturdays"


def test_the_version_changes_with_every_character(tmp_path: Path) -> None:
    copy = tmp_path / "gdpr.toml"
    copy.write_bytes((REGIMES / "gdpr.toml").read_bytes())
    before = version_of([copy])
    copy.write_bytes(copy.read_bytes() + b"#")
    assert (before != version_of([copy]), len(law_version())) == (True, 12)


GOOD = """
slug = "gdpr"
title = "GDPR"
place = "European Union"
active = true
reviewed_on = 2026-03-17

[[row]]
key = "answer"
value = "1 month"
rights = ["access"]
plain = "One month."
citation = "Art. 12(3)"
status = "read"
"""


def test_a_lawyers_review_is_a_date_in_the_file(tmp_path: Path) -> None:
    (tmp_path / "gdpr.toml").write_text(GOOD, "utf-8")
    assert str(load(tmp_path)["gdpr"].reviewed_on) == "2026-03-17"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('slug = "gdpr"', 'slug = "ccpa"', "gdpr.toml: slug: found 'ccpa'; allowed are gdpr"),
        ('title = "GDPR"\n', "", "gdpr.toml: title: write a text"),
        ("active = true", 'active = "yes"', "gdpr.toml: active: write true or false"),
        ("2026-03-17", '"2026-03-17"', "gdpr.toml: reviewed_on: write a date"),
        ("active = true", "active = true\nin_force = true", "gdpr.toml: in_force: no such key"),
        ('key = "answer"', 'key = "answr"', r"gdpr.toml: row 1 \(answr\): key: found 'answr'; allowed are answer"),
        ('"1 month"', '"1 months"', r"row 1 \(answer\): value: '1 months' is no term"),
        ('rights = ["access"]\n', "", r"row 1 \(answer\): rights: name the rights"),
        ('["access"]', '["acess"]', r"row 1 \(answer\): rights: found 'acess'; allowed is a list of access"),
        ('"One month."', '" "', r"row 1 \(answer\): plain: write a text"),
        ('citation = "Art. 12(3)"\n', "", r"row 1 \(answer\): citation: write a text"),
        ('"read"', '"sure"', r"row 1 \(answer\): status: found 'sure'; allowed are read, verify, computed, house"),
        ('"read"', '"read"\nnote = "x"', r"row 1 \(answer\): note: no such key"),
        ("[[row]]", "[row]", r"gdpr.toml: row: write at least one \[\[row\]\]"),
        ('"gdpr"\n', '"gdpr\n', "gdpr.toml: .*line 2"),
        ('"answer"', '"identity"', r"row 1 \(identity\): value: found '1 month'; allowed are runs, pauses, starts"),
        ('"answer"', '"refusal"', r"row 1 \(refusal\): value: found '1 month'; allowed are reasons"),
        ('"answer"', '"ask-within"', r"row 1 \(ask-within\): value: found '1 month'; write business-days"),
        ('"answer"', '"fee"', "gdpr.toml: row: a row with the key 'answer' is missing"),
    ],
)
def test_a_wrong_law_file_is_refused_with_its_place(tmp_path: Path, old: str, new: str, said: str) -> None:
    (tmp_path / "gdpr.toml").write_text(GOOD.replace(old, new, 1), "utf-8")
    with pytest.raises(LawError, match=said):
        load(tmp_path)


def test_a_term_is_said_once_for_a_right(tmp_path: Path) -> None:
    row = GOOD[GOOD.index("[[row]]") :]
    (tmp_path / "gdpr.toml").write_text(GOOD + row, "utf-8")
    with pytest.raises(LawError, match=r"row 2 \(answer\): rights: another row says the answer for access"):
        load(tmp_path)


def test_the_house_must_say_how_its_promise_counts(tmp_path: Path) -> None:
    (tmp_path / "house.toml").write_text(GOOD.replace("gdpr", HOUSE), "utf-8")
    with pytest.raises(LawError, match=r"house.toml: row: a row with the key 'unit' is missing"):
        load(tmp_path)

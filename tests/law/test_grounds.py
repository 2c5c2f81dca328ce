"""Grounds of refusal: which right, whole or part, and what they ask for (GDPR Art. 12, 17(3))."""

from pathlib import Path

import pytest

from dsr.law import files
from dsr.law.files import LawError
from dsr.law.grounds import GROUNDS, Ground, grounds_for, load
from dsr.law.rights import Right

EXEMPTIONS = {
    Ground.EXPRESSION,
    Ground.LEGAL_DUTY_OR_PUBLIC_TASK,
    Ground.PUBLIC_HEALTH,
    Ground.ARCHIVE_RESEARCH,
    Ground.LEGAL_CLAIMS,
}


def test_every_ground_is_cited_and_said_in_plain_words() -> None:
    assert [ground for ground, facts in GROUNDS.items() if not (facts.citation and facts.plain.endswith("."))] == []


def test_every_code_fits_its_column() -> None:
    assert [ground for ground in Ground if len(ground) > 32] == []


def test_what_keeps_data_from_erasure_never_refuses_a_whole_request() -> None:
    assert [ground for ground in EXEMPTIONS if GROUNDS[ground].whole] == []
    assert set(grounds_for(Right.ERASURE, part=True)) == EXEMPTIONS | {Ground.NOT_IDENTIFIABLE}


def test_no_other_right_knows_the_exemptions_from_erasure() -> None:
    others = [right for right in Right if right is not Right.ERASURE]
    assert [right for right in others if EXEMPTIONS & {*grounds_for(right, part=True)}] == []


def test_the_two_hard_grounds_need_evidence_and_a_second_person() -> None:
    hard = [ground for ground, facts in GROUNDS.items() if facts.second_person]
    assert hard == [Ground.MANIFESTLY_UNFOUNDED, Ground.EXCESSIVE]
    assert all(GROUNDS[ground].evidence for ground in hard)


def test_a_withdrawal_is_refused_for_fraud_or_where_it_is_not_offered() -> None:
    assert grounds_for(Right.CONSENT_WITHDRAWAL, part=False) == (
        Ground.SUSPECTED_FRAUD,
        Ground.OUTSIDE_JURISDICTION,
    )


def test_data_of_others_can_be_left_out_of_a_copy() -> None:
    assert grounds_for(Right.ACCESS, part=True) == (Ground.NOT_IDENTIFIABLE, Ground.RIGHTS_OF_OTHERS)


@pytest.mark.parametrize("right", list(Right))
def test_every_right_has_a_ground(right: Right) -> None:
    assert grounds_for(right, part=False)


GOOD = files.GROUNDS.read_text("utf-8")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"excessive"', '"too_much"', r"grounds.toml: ground 2 \(too_much\): code: found 'too_much'"),
        ('"excessive"', '"legal_claims"', r"ground 14 \(legal_claims\): code: this ground stands here twice"),
        ("whole = true\n", "", r"ground 1 \(manifestly_unfounded\): whole: a ground is for the whole"),
        ("evidence = true", 'evidence = "yes"', r"ground 1 \(manifestly_unfounded\): evidence: write true or false"),
        ('protocol = "other"', 'protocol = "x"', r"ground 1 \(manifestly_unfounded\): protocol: found 'x'"),
        ("whole = true", "whole = true\nwhy = 1", r"ground 1 \(manifestly_unfounded\): why: no such key"),
    ],
)
def test_a_wrong_file_of_grounds_is_refused_with_its_place(tmp_path: Path, old: str, new: str, said: str) -> None:
    path = tmp_path / "grounds.toml"
    path.write_text(GOOD.replace(old, new, 1), "utf-8")
    with pytest.raises(LawError, match=said):
        load(path)


def test_a_ground_without_facts_is_missed(tmp_path: Path) -> None:
    path = tmp_path / "grounds.toml"
    path.write_text(GOOD[: GOOD.rindex("[[ground]]")], "utf-8")
    with pytest.raises(LawError, match="legal_claims is missing"):
        load(path)

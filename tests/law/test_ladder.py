"""Rungs of the proof ladder: few, in order, and none that asks for a face or for what somebody knows."""

from dsr.law.ladder import NEEDED, Rung, reaches
from dsr.law.references import ALPHABET, CODE, new_code


def test_a_rung_reaches_itself_and_those_below_and_none_above() -> None:
    rungs = list(Rung)
    found = {(one, other) for one in rungs for other in rungs if reaches(one, other)}
    assert found == {(one, other) for place, one in enumerate(rungs) for other in rungs[: place + 1]}


def test_no_rung_is_a_face_a_selfie_or_a_question_about_the_person_and_nobody_can_need_a_document() -> None:
    assert {rung.value for rung in Rung} == {"mailbox", "second-channel", "app", "staff"}
    assert Rung.STAFF not in NEEDED


def test_a_million_guesses_at_a_code_succeed_once_in_ten_thousand_at_most() -> None:
    guesses = 1_000_000
    assert guesses * 10_000 <= len(ALPHABET) ** CODE
    code = new_code()
    assert (len(code), set(code) <= set(ALPHABET)) == (CODE, True)

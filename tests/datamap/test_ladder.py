"""How surely somebody must be known stands in the controller's file, and its mistakes are named."""

from typing import Any

import pytest

from dsr.datamap import ladder
from dsr.datamap.schema import Controller
from dsr.law.ladder import Rung
from dsr.law.rights import SEARCHED, Right
from tests.package.maps import CONTROLLER

KEY = "app+00000000+AQ=="
EEA = {"title": "Union"}


def made(needed: dict[str, str], there: dict[str, str] | None = None, **proof: Any) -> Controller:
    """The controller of tests with this ladder, and one region."""
    given = CONTROLLER.model_dump() | {"proof": {"needed": needed, **proof}}
    return Controller.model_validate(given | {"regions": {"eea": EEA | {"proof": there or {}}}})


def test_a_region_may_need_more_and_whoever_lives_elsewhere_what_is_needed_everywhere() -> None:
    facts = made({"erasure": "second-channel"}, {"erasure": "app"}, app_keys=[KEY])
    asked = {region: ladder.needed(facts, Right.ERASURE, region) for region in ("eea", "", "atlantis")}
    assert asked == {"eea": Rung.APP, "": Rung.SECOND, "atlantis": Rung.SECOND}
    assert ladder.needed(facts, Right.ACCESS, "eea") is Rung.MAILBOX
    assert list(ladder.flaws(facts)) == []


@pytest.mark.parametrize(
    ("needed", "there", "where"),
    [
        ({"erasure": "app"}, {}, ("proof", "needed", "erasure")),  # no key
        ({"access": "second-channel"}, {"access": "mailbox"}, ("regions", "eea", "proof", "access")),  # less
        ({"complaint": "second-channel"}, {}, ("proof", "needed", "complaint")),
        ({}, {"consent-withdrawal": "second-channel"}, ("regions", "eea", "proof", "consent-withdrawal")),
    ],
)
def test_what_cannot_be_asked_is_a_mistake_in_the_file(
    needed: dict[str, str], there: dict[str, str], where: tuple[str, ...]
) -> None:
    assert [flaw.where for flaw in ladder.flaws(made(needed, there))] == [where]


@pytest.mark.parametrize("rung", ["staff", "document", "selfie", "questions"])
def test_no_file_can_need_a_document_a_face_or_an_answer(rung: str) -> None:
    with pytest.raises(ValueError, match="access"):
        made({"access": rung})


def test_to_stop_to_report_and_to_complain_need_the_mailbox_alone() -> None:
    facts = made({right.value: "second-channel" for right in Right})
    needed = {right for right in Right if ladder.needed(facts, right, "eea") is not Rung.MAILBOX}
    assert needed == SEARCHED

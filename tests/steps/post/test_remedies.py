"""Every closing letter names whom one can turn to, and every refusal what the law of that place demands (J12)."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dsr.checks import refusals_name_what_the_law_demands
from dsr.law import regimes
from dsr.law.grounds import GROUNDS, Ground
from dsr.law.rights import Right
from dsr.law.work import Letter
from dsr.models import Notice, SubjectRequest
from dsr.steps import maps
from dsr.steps.post import letters, notices, remedies

AT = datetime(2026, 11, 3, 9, tzinfo=UTC)
CLOSING = sorted(notices.ENDING - {Letter.CANCELLED, Letter.LAPSED})
PLACES = [
    (slug, region) for slug in ("joypix", "pixplus") for region in (*maps.controller(slug).controller.regions, "")
]


def texts(letter: Letter, controller: str, region: str) -> tuple[str, str]:
    """The letter to somebody of this region, in both its forms."""
    subject_request = SubjectRequest(
        reference="R3K-2WN-P5M", controller=controller, region=region, right=Right.ERASURE, received_at=AT, due_on=AT
    )
    if letter is Letter.REFUSED:
        subject_request.ground = Ground.NOT_IDENTIFIABLE
        subject_request.refusal_sealed = subject_request.sealed_refusal("Five people use this device.")
    notice = Notice(subject_request=subject_request, letter=letter, language="en")
    written = letters.written(notice, letters.facts(subject_request, "en", {"original": "R3K-2WN-P5N"}))
    return written.text, written.html.replace("&#x27;", "'").replace("&amp;", "&")


@pytest.mark.parametrize("letter", CLOSING)
@pytest.mark.parametrize(("controller", "region"), PLACES)
def test_every_closing_letter_names_the_authority_the_court_and_the_complaint(
    db: None, letter: Letter, controller: str, region: str
) -> None:
    facts = maps.controller(controller).controller
    place = facts.regions.get(region)
    for text in texts(letter, controller, region):
        assert f"Complain to the supervisory authority: {remedies.authority(facts, place)}" in text
        assert "You can also go to court" in text
        assert f"A person looks at it again: {(place and place.complaint_to) or facts.email}" in text


@pytest.mark.parametrize(("controller", "region"), PLACES)
def test_a_refusal_names_all_that_the_laws_of_the_region_demand(db: None, controller: str, region: str) -> None:
    facts = maps.controller(controller).controller
    place = facts.regions.get(region)
    ground = GROUNDS[Ground.NOT_IDENTIFIABLE]
    named = {
        "reasons": (ground.plain, ground.citation, "Five people use this device."),
        "authority": (remedies.authority(facts, place),),
        "court": ("You can also go to court", place.court if place else ""),
        "controller-complaint": ("Complain to us", (place and place.complaint_to) or facts.email),
    }
    demanded = remedies.demanded(place)
    assert demanded >= {"reasons", "authority", "court"}
    assert named.keys() == remedies.NAMED
    for text in texts(Letter.REFUSED, controller, region):
        for block in demanded:
            assert all(words in text for words in named[block]), block


def test_in_the_united_kingdom_a_refusal_names_the_complaint_to_us_with_its_law(db: None) -> None:
    assert "controller-complaint" in remedies.demanded(maps.controller("joypix").controller.regions["uk"])
    for text in texts(Letter.REFUSED, "joypix", "uk"):
        assert "Data Protection Act 2018 ss. 164A, 165" in text
        assert "Information Commissioner's Office, Wycliffe House" in text


def test_the_portal_does_not_start_where_a_law_wants_named_what_no_letter_names(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert refusals_name_what_the_law_demands() == []
    shutil.copytree(Path(regimes.__file__).parent, tmp_path, dirs_exist_ok=True)
    ccpa = tmp_path / "ccpa.toml"
    ccpa.write_text(ccpa.read_text("utf-8").replace('value = ["reasons"]', 'value = ["reasons", "appeal"]'), "utf-8")
    monkeypatch.setattr(regimes, "_REGIMES", regimes.load(tmp_path))
    said = [str(error.msg) for error in refusals_name_what_the_law_demands()]
    assert len(said) == 2
    assert all("wants a refusal to name 'appeal'" in text for text in said)

"""Letters to who has no mailbox: none of them leads to a page that only the owner of a mailbox can open."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from dsr.datamap.schema import IdentityKind
from dsr.law.rights import Right
from dsr.law.work import Channel, Letter
from dsr.models import SubjectRequest
from dsr.steps.asking import intake
from dsr.steps.post import letters, outbox
from tests.life.scene import POSTAL, SAMS_ACCOUNT
from tests.steps.on_paper import Acme, begun

# Never to a person without a mailbox; a new letter is one to them until it is said here that it is not.
NOT_THEIRS = frozenset(
    {
        *(Letter.RECEIVED, Letter.CODE, Letter.UNPROVEN, Letter.LAPSED, Letter.PROOF),  # where a code goes
        *(Letter.HOLD_REVIEW, Letter.REPORT, Letter.REPLIED, Letter.UNANSWERED, Letter.REMINDER, Letter.ESCALATION),
        *(Letter.MISSED, Letter.TASK, Letter.TO_HAND_OVER, Letter.TAKEN_AGAIN, Letter.RETURNED),
        *(Letter.TELL, Letter.TELL_AGAIN, Letter.AGENT_TOLD, Letter.GUARDIAN_ASKS, Letter.ON_FILE),
        *(Letter.OPENING, Letter.PARTLY, Letter.TASK_LINK, Letter.TASK_CODE),
    }
)
NO_PAGE = (
    "/requests/",
    "with a code",
    "page of your request",
    "on our portal",
    "this mail",
    "this address",
    "the link",
)
DAY = date(2026, 11, 20)
NAMED = [{"where": "Account", "field": "Name", "words": "Two letters differ.", "count": 1}]
FIELDS = {"corrected": NAMED, "changed_meanwhile": NAMED, "failed": NAMED, "declined": NAMED}
BECAME = {"asked": True, "proposed": True, "fields": FIELDS, "identifying": True, "statement": True, "unsearched": []}
ROW = {
    "title": "Account",
    "count": 2,
    "ground": "A duty",
    "citation": "Art. 6",
    "until": DAY,
    "ours": True,
    "note": "–",
}
STOPPED = {"title": "News", "where": ["Database"], "failed": ["Shop"], "looked": True, "means": "None come", "how": "–"}
# What steps tell, all of it at once: each letter takes its own.
SAID: dict[str, Any] = {
    "became": BECAME,
    "fields": [{"where": "Account", "fields": ["Name"]}],
    "last_day": DAY,
    "review_on": DAY,
    "size": 2_000,
    "sha256": "ab",
    "expires_on": DAY,
    "erase_after": DAY,
    "given_on": DAY,
    "ends_on": DAY,
    "erased": [ROW],
    "kept": [ROW],
    "failed": [ROW],
    "told": [],
    "elsewhere": [ROW],
    "stopped": [STOPPED],
    "missed": [{"promise": True, "date": DAY, "law": ""}],
    "extended_to": DAY,
    "laws": [],
    "words": "Many.",
    "original": "RF-2222",
    "question": "Which May?",
    "answer": "We did.",
    "until": DAY,
}
OTHERWISE: list[dict[str, Any]] = [
    {},
    {"resumed": True, "disabled": True, "frozen": True, "way": "in-person", "reason": "complexity", "over": True},
    {"given_up": True, "taken_back": True, "erased": [], "kept": [], "failed": []},
    {"became": {**BECAME, "proposed": False, "fields": {}}, "erased": []},
    {"became": {**BECAME, "asked": False, "proposed": False, "fields": {}}},
]

Case = tuple[SubjectRequest, dict[str, Any]]


@pytest.fixture
def by_letter(db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Case]:
    """Sam's letters, and what may be told of them."""
    acme = begun(tmp_path, monkeypatch)
    correction = filed(acme, Right.RECTIFICATION)
    others = [(filed(acme, right), OTHERWISE[0]) for right in (Right.ACCESS, Right.ERASURE)]
    return [*others, *((correction, more) for more in OTHERWISE)]


def filed(acme: Acme, right: Right) -> SubjectRequest:
    given = intake.Intake(
        "acme",
        right,
        ((IdentityKind.ACCOUNT, SAMS_ACCOUNT),),
        channel=Channel.LETTER,
        postal=POSTAL,
        region="eea",
    )
    return intake.receive(given, by=acme.dana, at=acme.at)


def misleading(own: SubjectRequest, letter: Letter, more: dict[str, Any]) -> list[str]:
    """What the printed letter says of a page."""
    notice = outbox.queue(own, letter, at=own.entered_at or own.received_at, **{**SAID, **more})
    assert notice is not None
    written = letters.written(notice, json.loads(notice.context()))
    return [said for said in NO_PAGE for text in (written.subject, written.text, written.html) if said in text]


def test_no_letter_on_paper_leads_to_a_page_of_a_mailbox(by_letter: list[Case]) -> None:
    found = {
        (letter.value, own.right): wrong
        for letter in sorted(set(Letter) - NOT_THEIRS)
        for own, more in by_letter
        if (wrong := misleading(own, letter, more))
    }
    assert found == {}

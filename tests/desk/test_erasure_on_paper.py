"""An erasure without a mailbox on the desk: entered, told, approved by other hands, and cancelled on a word."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import time_machine
from django.test import Client

from dsr.law.states import State
from dsr.law.work import Letter
from dsr.models import Event, Notice, SubjectRequest
from tests.life.scene import START
from tests.steps.on_paper import Acme, begun

SignIn = Callable[[str], Client]
LETTER = {
    "channel": "letter",
    "received_on": "2026-11-03",
    "received_time": "08:30",
    "right": "erasure",
    "region": "eea",
    "scope": "everything",
    "language": "en",
    "postal": "Sam Ortiz, 1 Main St",
    "account": "1",
    "why": "A letter to the office",
}
WORD = {"channel": "telephone", "on": "2026-11-03", "reason": "Named the reference"}


@pytest.fixture
def acme(db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Acme]:
    """Pages read the clock themselves."""
    with time_machine.travel(START, tick=False):
        yield begun(tmp_path, monkeypatch)


def at(subject_request: SubjectRequest, under: str = "") -> str:
    return f"/desk/requests/{subject_request.reference}/{under}"


def page(client: Client, subject_request: SubjectRequest, under: str = "") -> str:
    return client.get(at(subject_request, under)).content.decode()


def test_a_letter_is_entered_told_on_file_approved_and_cancelled_on_a_word(acme: Acme, sign_in: SignIn) -> None:
    dana, devi, eli = sign_in("dana"), sign_in("devi"), sign_in("eli")
    assert dana.post("/desk/intake/acme/", LETTER).status_code == 302
    subject_request = SubjectRequest.objects.get()
    devi.post(at(subject_request, "vouch/"), {"note": "Called back under the number on file"})
    dana.post(at(subject_request, "accept/"))
    acme.work()
    assert "still on its way" in page(eli, subject_request)
    acme.letters()
    shown = page(eli, subject_request, "approve/")
    assert "can object until the end of 5 Nov 2026" in shown
    assert "it would begin on Tue 17 Nov 2026" in shown
    eli.post(at(subject_request, "approve/"), {"digest": subject_request.manifest.digest})
    shown = page(dana, subject_request)
    assert "Print it and post it today" in shown
    assert "Cancel on the person&#x27;s word" in shown
    assert dana.post(at(subject_request, "cancel-on-word/"), WORD).status_code == 302
    subject_request.refresh_from_db()
    assert subject_request.state == State.CANCELLED
    assert "which came by telephone on 2026-11-03" in (shown := page(dana, subject_request))
    assert "Nothing to do but post the letters below." in shown
    assert Notice.objects.filter(letter=Letter.CANCELLED, to="").count() == 1


def test_a_word_needs_its_way_its_day_and_a_reason_and_who_reviews(acme: Acme, sign_in: SignIn) -> None:
    subject_request = acme.asked()
    dana, eli = sign_in("dana"), sign_in("eli")
    for missed in WORD:
        answer = dana.post(at(subject_request, "cancel-on-word/"), {**WORD, missed: ""})
        assert answer.status_code == 200
        assert "There is a problem" in answer.content.decode()
    late = dana.post(at(subject_request, "cancel-on-word/"), {**WORD, "on": "2026-11-04"})
    assert "cannot lie in the future" in late.content.decode()
    assert eli.post(at(subject_request, "cancel-on-word/"), WORD).status_code == 403
    assert "cancel-on-word" not in page(eli, subject_request)
    assert not Event.objects.filter(tag="request:cancelled").exists()


def test_the_desk_says_that_the_laws_date_made_the_grace_shorter(acme: Acme, sign_in: SignIn) -> None:
    subject_request = acme.searched()
    acme.letters()
    with time_machine.travel(acme.later(days=15), tick=False):
        eli = sign_in("eli")
        assert "due by 3 Dec 2026" in page(eli, subject_request, "approve/")
        eli.post(at(subject_request, "approve/"), {"digest": subject_request.manifest.digest})
        assert "Shorter than the 14 days" in page(eli, subject_request)

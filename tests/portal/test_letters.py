from collections.abc import Callable
from html import unescape
from pathlib import Path

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from dsr.law.rights import Right
from dsr.law.work import Letter
from dsr.models import SubjectRequest
from tests.conftest import SAM, World

KEPT = {
    "title": "Orders",
    "count": 2,
    "ground": "Tax law wants it.",
    "citation": "Policy 6",
    "until": "1 May 2029",
}
CONTEXT: dict[str, object] = {
    "erase_after": "Tuesday 24 November 2026, 16:45 (America/Los_Angeles, UTC-08:00)",
    "controller": {
        "name": "Joy & Pix",
        "operator": "JoyPix LLC",
        "email": "support@joypix.example",
        "authority": "The Authority, 1 Example Street",
    },
    "reference": "R3K-2WN-P5M",
    "right": "erasure",
    "right_title": "erasure of your data",
    "due_on": "Friday 11 December 2026",
    "code": "1234 5678",
    "code_minutes": 10,
    "desk_link": "https://portal.example/desk/requests/R3K-2WN-P5M/",
    "answer_link": "https://portal.example/joypix/recipients/f00d/",
    "about": "erasure",
    "link": "https://portal.example/joypix/requests/R3K-2WN-P5M/",
    "guardian": "Greta Garda",
    "objection": "https://portal.example/joypix/ask/complaint/",
    "ground_plain": "It's excessive.",
    "ground_citation": "GDPR Art. 12(5)",
    "size": 2_500_000,
    "ends_on": "Sunday 8 November 2026",
    "expires_on": "Sunday 10 January 2027",
    "missed": [
        {"promise": True, "law": "The promise", "date": "Wednesday 25 November 2026"},
        {"promise": False, "law": "GDPR", "date": "Thursday 3 December 2026"},
    ],
    "authority": "The Authority, 1 Example Street",
    "complaint_to": "privacy@joypix.example",
    "court": "The courts of your country.",
    "kept": [KEPT],
    "erased": [{"title": "Devices", "count": 3}],
}
SAID = {
    Letter.RECEIVED: ("1234 5678", "Friday 11 December 2026", "/prove/"),
    Letter.CODE: ("1234 5678", "10 minutes"),
    Letter.ACCEPTED: ("Friday 11 December 2026", "you can still cancel"),
    Letter.APPROVED: ("Tuesday 24 November 2026, 16:45 (America/Los_Angeles, UTC-08:00)", "you can cancel"),
    Letter.REFUSED: ("It's excessive.", "GDPR Art. 12(5)", "court"),
    Letter.READY: ("2.4", "Sunday 10 January 2027", "We never send it by mail"),
    Letter.ERASED: ("Devices: 3", "Orders: 2", "Tax law wants it.", "1 May 2029"),
    Letter.ANSWER: ("We answered you", "https://portal.example/"),
    Letter.CANCELLED: ("your data stays as it is",),
    Letter.UNPROVEN: ("Sunday 8 November 2026", "/requests/R3K-2WN-P5M/", "Do nothing"),
    Letter.LAPSED: ("within 7 days",),
    Letter.LATE: (
        *(
            "We had promised our answer by Wednesday 25 November 2026",
            "The law (GDPR) gave us until Thursday 3 December",
        ),
        *("you need not ask again", "privacy@joypix.example", "Go to court: The courts of your country."),
    ),
    Letter.GUARDIAN_ASKS: ("Greta Garda asks us", "https://portal.example/joypix/ask/complaint/", "Is it not right?"),
    Letter.TELL: ("names nobody", "https://portal.example/joypix/recipients/", "GDPR Art. 19"),
    Letter.TELL_AGAIN: ("have no answer yet", "https://portal.example/joypix/recipients/"),
}
TEMPLATES = Path(__file__).parents[2] / "templates" / "notices"
TO_STAFF = [one for one in Letter if "notices/desk.txt" in (TEMPLATES / f"{one}.txt").read_text("utf-8")]
TO_HELPERS = [Letter.TASK_LINK, Letter.TASK_CODE]  # colleagues without an account: the desk is not for them
TO_RECIPIENTS = [Letter.TELL, Letter.TELL_AGAIN]
COMPLAINT = "The Authority, 1 Example Street"
TO_OTHERS = [one for one in Letter if one not in TO_STAFF]


@pytest.mark.parametrize("letter", TO_OTHERS)
def test_every_letter_says_what_it_must_in_both_of_its_forms(letter: Letter) -> None:
    for form in ("txt", "html"):
        text = render_to_string(f"notices/{letter}.{form}", CONTEXT)
        plain = unescape(text) if form == "html" else text
        always = ["R3K-2WN-P5M", "Joy & Pix"]
        always += [] if letter in TO_RECIPIENTS else [COMPLAINT]
        # An agent's letter has no link, and says so.
        always += [] if letter is Letter.AGENT_TOLD else ["Is this mail really from us?"]
        assert [said for said in (*SAID.get(letter, ()), *always) if said not in plain] == []


@pytest.mark.parametrize("letter", TO_RECIPIENTS)
def test_a_recipient_is_not_told_where_the_person_can_complain(letter: Letter) -> None:
    for form in ("txt", "html"):
        assert COMPLAINT not in render_to_string(f"notices/{letter}.{form}", CONTEXT)


@pytest.mark.parametrize("letter", sorted(set(TO_STAFF) - set(TO_HELPERS)))
def test_a_letter_to_staff_names_the_request_and_the_desk_alone(letter: Letter) -> None:
    for form in ("txt", "html"):
        text = render_to_string(f"notices/{letter}.{form}", CONTEXT)
        assert [said for said in ("R3K-2WN-P5M", "https://portal.example/desk/") if said not in text] == []


@pytest.mark.parametrize("letter", TO_HELPERS)
def test_a_letter_to_a_helper_names_the_request_and_no_page_of_the_desk_but_the_task(letter: Letter) -> None:
    task = "https://portal.example/desk/lent/secret/"
    for form in ("txt", "html"):
        text = render_to_string(f"notices/{letter}.{form}", CONTEXT | {"task_url": task})
        assert "R3K-2WN-P5M" in text
        assert "https://portal.example/desk/" not in text.replace(task, "")
        assert (task in text) is (letter is Letter.TASK_LINK)


@pytest.mark.parametrize("letter", Letter)
def test_a_plain_letter_holds_no_markup_and_its_subject_is_one_line(letter: Letter) -> None:
    text = render_to_string(f"notices/{letter}.txt", CONTEXT)
    subject = render_to_string(f"notices/{letter}.subject.txt", CONTEXT).strip()
    assert "&" not in text.replace("Joy & Pix", "")
    assert "<" not in text
    assert "R3K-2WN-P5M" in subject
    assert "\n" not in subject


def test_what_goes_into_the_post_names_nobody_and_has_no_attachment(
    world: World, answered: Callable[..., SubjectRequest]
) -> None:
    answered(Right.ERASURE)
    world.letters()
    assert len(mail.outbox) >= 3
    for message in mail.outbox:
        assert message.to in ([SAM], ["privacy@compute.example"])  # the person, or a recipient of the data
        assert SAM not in message.subject + str(message.body)
        assert message.attachments == []
        assert isinstance(message, EmailMultiAlternatives)
        assert [kind for _, kind in message.alternatives] == ["text/html"]

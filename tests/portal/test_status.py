"""The page of a request says nothing that is over, and nothing else than the letters."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import time_machine
from django.core import mail
from django.test import Client

from dsr.datamap.load import load_all
from dsr.law.actors import SUBJECT, Actor
from dsr.law.clocks import ExtensionReason, Pause
from dsr.law.grounds import Ground
from dsr.law.rights import Right
from dsr.law.work import Letter, NoticeState
from dsr.models import Deadline, Manifest, Notice, SubjectRequest
from dsr.steps.asking import cancellation
from dsr.steps.counting import extension, pauses
from dsr.steps.deciding import review
from dsr.steps.fulfilling import manifest
from dsr.steps.post import resending
from tests.conftest import World
from tests.portal.conftest import page_of
from tests.portal.test_own import sign_in
from tests.steps import scenes, timing
from tests.steps.answering import test_on_file_of_guardians as guardians
from tests.steps.on_paper import begun

Answered = Callable[..., SubjectRequest]
Prove = Callable[[SubjectRequest], None]
WHY = "You ask for eleven years of data."


@pytest.fixture
def own(world: World, sam: Client, prove: Prove) -> SubjectRequest:
    """Sam lives in the European Union and has proven the address in this browser."""
    subject_request = timing.filed(world, "eea")
    prove(subject_request)
    return subject_request


def read(client: Client, subject_request: SubjectRequest, under: str = "") -> str:
    return client.get(page_of(subject_request, under)).content.decode()


def ask(subject_request: SubjectRequest, world: World, by: Actor) -> None:
    words = "Which <b>account</b> do you mean?"
    pauses.ask(subject_request, reason=Pause.INFORMATION_REQUIRED, question=words, by=by, at=world.at)


def extend(subject_request: SubjectRequest, world: World, by: Actor) -> None:
    extension.extend(subject_request, reason=ExtensionReason.COMPLEXITY, words=WHY, by=by, at=world.at)


def searched(sam: Client, world: World, dana: Actor) -> SubjectRequest:
    """An erasure whose account is disabled, open in Sam's browser."""
    subject_request = scenes.searched(world, dana)
    sign_in(sam, world, subject_request)
    return subject_request


def test_a_promise_that_was_lengthened_is_not_called_fifteen_days(
    own: SubjectRequest, sam: Client, world: World, dana: Actor
) -> None:
    extend(own, world, dana)
    shown = read(sam, own)
    assert "We took more time: now by Thursday 17 December 2026." in shown
    assert "We promised it by" not in shown
    assert "business days after" not in shown


def test_the_letter_about_more_time_names_the_date_of_the_page_and_the_laws_as_such(
    own: SubjectRequest, sam: Client, world: World, dana: Actor
) -> None:
    extend(own, world, dana)
    letter = world.letters()[-1]
    assert "We answer by <strong>Thursday 17 December 2026</strong>" in read(sam, own)
    assert "You have our answer by Thursday 17 December 2026 at the latest" in letter
    assert "The law (GDPR) gives us until Wednesday 3 February 2027." in letter


def test_a_letter_about_more_time_that_is_sent_again_says_the_same(
    own: SubjectRequest, world: World, dana: Actor
) -> None:
    extend(own, world, dana)
    first = world.letters()[-1]
    resending.send_again(Notice.objects.get(letter=Letter.EXTENDED), by=dana, at=world.at)
    assert world.letters()[-1] == first


def test_a_date_that_is_over_is_no_promise_any_more(
    own: SubjectRequest, sam: Client, world: World, clock: time_machine.Traveller
) -> None:
    clock.move_to(world.later(days=23))
    sign_in(sam, world, own)
    shown = read(sam, own)
    assert "We answer by" not in shown
    assert "We promised it by" not in shown
    assert "We are late, and still at work on your answer." in shown
    assert "gives us until Thursday 3 December 2026" in shown


def test_a_request_without_dates_is_late_too(
    own: SubjectRequest, sam: Client, world: World, clock: time_machine.Traveller
) -> None:
    Deadline.objects.all().delete()
    clock.move_to(world.later(days=23))
    sign_in(sam, world, own)
    assert "We are late, and still at work on your answer." in read(sam, own)


def test_an_account_is_called_disabled_until_nothing_can_be_cancelled_any_more(
    sam: Client, answered: Answered, world: World, dana: Actor, clock: time_machine.Traveller
) -> None:
    waits = searched(sam, world, dana)
    assert "Your account is disabled now" in read(sam, waits)
    world.later(minutes=5)
    done = answered(Right.ERASURE)
    clock.move_to(world.at)
    sign_in(sam, world, done)
    assert "Your account is disabled now" not in read(sam, done)


@pytest.mark.parametrize("end", ["cancelled", "refused"])
def test_what_is_not_erased_at_all_says_nothing_of_scope_or_of_what_is_kept(
    sam: Client, world: World, dana: Actor, end: str
) -> None:
    subject_request = searched(sam, world, dana)
    SubjectRequest.objects.filter(pk=subject_request.pk).update(scope="everything")
    before = read(sam, subject_request)
    if end == "cancelled":
        cancellation.cancel(subject_request, by=SUBJECT, at=world.at)
    else:
        review.refuse(subject_request, ground=Ground.NOT_IDENTIFIABLE, by=dana, at=world.at)
    after = read(sam, subject_request)
    for said in ("How much we erase", "What we keep, why and until when", "What you made public"):
        assert said in before
        assert said not in after


def test_who_cancels_after_the_account_was_disabled_reads_what_comes_back_and_what_does_not(
    sam: Client, world: World, dana: Actor
) -> None:
    subject_request = searched(sam, world, dana)
    asked = read(sam, subject_request, "cancel/")
    assert "We enable your account again; what you had agreed to stays withdrawn." in asked
    assert "your data stays as it is" not in asked
    sam.post(page_of(subject_request, "cancel/"))
    letter = world.letters()[-1]
    assert "We enable it again." in letter
    assert "your data stays as it is" not in letter
    resending.send_again(Notice.objects.get(letter=Letter.CANCELLED), by=dana, at=world.at)
    assert world.letters()[-1] == letter


def test_page_letter_and_repeated_letter_name_the_same_last_day(
    sam: Client, answered: Answered, world: World, dana: Actor, clock: time_machine.Traveller
) -> None:
    subject_request = answered(Right.ACCESS)
    letter = world.letters()[-1]
    clock.move_to(world.at)
    sign_in(sam, world, subject_request)
    said = read(sam, subject_request).split("You can download it until ")[1].split(".")[0]
    assert f"You can download it until {said}." in letter
    notice = Notice.objects.get(letter=Letter.READY, state=NoticeState.SENT)
    resending.send_again(notice, by=dana, at=world.at)
    assert f"You can download it until {said}." in world.letters()[-1]


def test_the_day_of_receipt_is_the_controllers_own_not_that_of_greenwich(sam: Client, file: Answered) -> None:
    with time_machine.travel(datetime(2026, 11, 4, 3, 0, tzinfo=UTC), tick=False):  # still the third in California
        shown = read(sam, file(), "prove/")
    assert "business days after 3 November 2026" in shown


def test_the_day_of_a_recipients_answer_is_the_controllers_own(answered: Answered, world: World) -> None:
    subject_request = answered(Right.ERASURE)
    world.letters()
    texts = [str(each.body) for each in mail.outbox if each.to == ["privacy@compute.example"]]
    link = next(word for word in texts[-1].split() if "/recipients/" in word)
    subject_request.tellings.update(answered_at=datetime(2026, 11, 20, 3, 0, tzinfo=UTC), answer="done")
    shown = Client().get("/" + link.split("/", 3)[3]).content.decode()
    assert "We received it on 19 November 2026" in shown


def test_while_our_question_waits_nobody_is_told_to_do_nothing(
    own: SubjectRequest, sam: Client, world: World, dana: Actor
) -> None:
    ask(own, world, dana)
    shown = read(sam, own)
    assert "Please answer our question above." in shown
    assert "You need not do anything" not in shown


def test_an_answered_question_stays_on_the_page_with_its_answer(
    own: SubjectRequest, sam: Client, world: World, dana: Actor
) -> None:
    ask(own, world, dana)
    sam.post(page_of(own, "answer/"), {"answer": "The one of <2019>."})
    shown = read(sam, own)
    assert "You answered our question on 3 November 2026." in shown
    assert "Which &lt;b&gt;account&lt;/b&gt; do you mean?" in shown
    assert "The one of &lt;2019&gt;." in shown
    assert "Please answer our question above." not in shown


def test_what_is_kept_without_a_day_says_the_rule_instead(
    sam: Client, answered: Answered, world: World, clock: time_machine.Traveller
) -> None:
    subject_request = answered(Right.ERASURE)
    clock.move_to(world.at)
    kept = Manifest.objects.get(subject_request=subject_request)
    for row in kept.summary:
        row["until"] = row["until"] and manifest.NO_DAY.isoformat()
    Manifest.objects.filter(pk=kept.pk).update(summary=kept.summary)
    retention = load_all(Path(__file__).parents[2] / "controllers")["joypix"].controller.retention
    says = [retention[row["rule"]].says for row in kept.summary if row["until"] and row["rule"] in retention]
    sign_in(sam, world, subject_request)
    shown = read(sam, subject_request)
    assert says
    assert [words for words in says if words not in shown] == []
    assert "when that day has come" not in shown


def test_an_erasure_promises_a_report_and_no_data_in_files(
    sam: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: time_machine.Traveller
) -> None:
    acme = begun(tmp_path, monkeypatch)
    subject_request = guardians.accepted(acme, Right.ERASURE)
    acme.letters()
    acme.approve(subject_request)
    clock.move_to(acme.later(days=14))
    acme.work()
    shown = guardians.page(subject_request, sam)
    assert "with a page to read and a PDF: what we erased, and what we keep and why." in shown
    assert "the data itself in files" not in shown


def test_the_title_says_once_that_something_is_wrong(
    own: SubjectRequest, sam: Client, world: World, dana: Actor
) -> None:
    ask(own, world, dana)
    shown = sam.post(page_of(own, "answer/"), {"answer": ""}).content.decode()
    title = shown.split("<title>")[1].split("</title>")[0]
    assert title.count("Error:") == 1


def test_instructions_for_the_browser_claim_no_consent_in_our_records() -> None:
    for one in load_all(Path(__file__).parents[2] / "controllers").values():
        assert [purpose.how for purpose in one.controller.purposes.values() if "our records" in purpose.how] == []

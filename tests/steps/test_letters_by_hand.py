"""Letters that need a person: refused for good, on paper, or sent once more."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core import mail
from pytest_django import Settings

from dsr.law.actors import SUBJECT, Actor
from dsr.law.rights import Right
from dsr.law.work import Asker, Channel, Letter, NoticeState, Post
from dsr.models import Event, Identity, Notice, SubjectRequest
from dsr.steps.asking import cancellation, verification
from dsr.steps.asking.verification import Confirmation
from dsr.steps.move import Conflict
from dsr.steps.permissions import Forbidden
from dsr.steps.post import letters, notices, resending
from tests.conftest import World
from tests.steps import scenes
from tests.steps.mailserver import refusing
from tests.steps.representing import ALMA, asked_by


@pytest.mark.parametrize(
    ("answer", "state"),
    [("550 no such user", NoticeState.FAILED), ("450 try later", NoticeState.QUEUED)],
)
def test_a_refusal_for_good_is_not_tried_again_and_one_for_now_is(
    world: World, settings: Settings, answer: str, state: NoticeState
) -> None:
    world.file(Right.ACCESS)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    with refusing(answer) as port:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
        notices.send_next(at=world.at)
    notice = Notice.objects.get()
    assert notice.state == state
    assert answer[:3] in notice.note
    assert "user" not in notice.note
    assert Event.objects.filter(tag="notice:failed").exists() == (state == NoticeState.FAILED)


@pytest.fixture
def by_letter(world: World, dana: Actor) -> SubjectRequest:
    """Somebody without e-mail asked by letter; Dana accepted it."""
    subject_request = scenes.accepted(world, dana, Right.COMPLAINT)
    Notice.objects.all().delete()
    SubjectRequest.objects.filter(pk=subject_request.pk).update(channel=Channel.LETTER)
    subject_request.refresh_from_db()
    identity = Identity.objects.get(subject_request=subject_request)
    identity.proofs.all().delete()
    identity.delete()
    return subject_request


def test_who_has_no_e_mail_gets_paper_which_staff_print_and_post(
    by_letter: SubjectRequest, world: World, dana: Actor
) -> None:
    notice = notices.queue(by_letter, Letter.ANSWER, at=world.at)
    assert notice is not None
    assert (notice.post, notice.state) == (Post.PAPER, NoticeState.TO_POST)
    assert not notices.send_next(at=world.at)
    assert by_letter.reference in notices.on_paper(notice).text
    assert "mail really from us" not in notices.on_paper(notice).text
    notices.posted(notice, by=dana, at=world.at)
    notice.refresh_from_db()
    assert (notice.state, notice.sent_at, notice.context_sealed) == (NoticeState.SENT, world.at, "")
    assert Event.objects.get(tag="notice:posted").details["letter"] == Letter.ANSWER


def test_a_letter_is_posted_once_and_by_whom_reviews(
    by_letter: SubjectRequest, world: World, dana: Actor, ada: Actor
) -> None:
    notice = notices.queue(by_letter, Letter.ANSWER, at=world.at)
    assert notice is not None
    with pytest.raises(Forbidden):
        notices.posted(notice, by=ada, at=world.at)
    notices.posted(notice, by=dana, at=world.at)
    with pytest.raises(Conflict):
        notices.posted(notice, by=dana, at=world.at)


def test_a_letter_sent_again_is_a_row_of_its_own_written_from_what_holds_now(
    world: World, dana: Actor, ada: Actor
) -> None:
    subject_request = scenes.accepted(world, dana, Right.COMPLAINT)
    world.letters()
    first = Notice.objects.get(subject_request=subject_request, letter=Letter.ACCEPTED)
    with pytest.raises(Forbidden):
        resending.send_again(first, by=ada, at=world.at)
    resending.send_again(first, by=dana, at=world.later(hours=1))
    again = Notice.objects.get(again_of=first)
    world.letters()
    texts = [str(each.body) for each in mail.outbox if "accepted" in each.subject]
    ids = [each.message()["Message-ID"] for each in mail.outbox if "accepted" in each.subject]
    assert texts[0] == texts[1]
    assert len(set(ids)) == 2
    assert str(again.pk) in ids[1]
    assert Event.objects.filter(tag="notice:again").count() == 1


def test_a_code_is_never_sent_again_but_made_anew(world: World, dana: Actor) -> None:
    subject_request = world.file(Right.ACCESS)
    old = world.code()
    resending.send_again(Notice.objects.get(), by=dana, at=world.later(minutes=1))
    new = world.code()
    assert new != old
    assert verification.confirm(subject_request, old, at=world.at) is Confirmation.WRONG
    assert verification.confirm(subject_request, new, at=world.at) is Confirmation.CONFIRMED


def test_what_does_not_hold_any_more_is_not_said_again(
    answered: Callable[..., SubjectRequest], world: World, dana: Actor
) -> None:
    subject_request = answered(Right.ACCESS)
    world.letters()
    ready = Notice.objects.get(subject_request=subject_request, letter=Letter.READY)
    resending.send_again(ready, by=dana, at=world.at)
    with pytest.raises(Conflict):
        resending.send_again(ready, by=dana, at=world.later(days=60))


def test_a_letter_on_its_way_cannot_be_sent_again(world: World, dana: Actor) -> None:
    world.file(Right.ACCESS)
    with pytest.raises(Conflict):
        resending.send_again(Notice.objects.get(), by=dana, at=world.at)


def test_a_letter_is_in_the_language_of_its_request(world: World) -> None:
    subject_request = world.file(Right.ACCESS)
    SubjectRequest.objects.update(language="zh-hans")
    subject_request.refresh_from_db()
    notice = notices.queue(subject_request, Letter.CANCELLED, at=world.at)
    assert notice is not None
    written = letters.written(notice, json.loads(notice.context()))
    assert written.subject == f"您的请求已取消 ({subject_request.reference})"
    assert "您的数据副本" in written.text
    assert '<html lang="zh-hans">' in written.html


def test_a_controller_writes_a_letter_in_its_own_words(world: World, settings: Settings, tmp_path: Path) -> None:
    subject_request = world.file(Right.ACCESS)
    notice = notices.queue(subject_request, Letter.CANCELLED, at=world.at)
    assert notice is not None
    own = tmp_path / "joypix" / "notices"
    own.mkdir(parents=True)
    (own / "cancelled.txt").write_text("JoyPix stopped {{ reference }}.")
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [*settings.TEMPLATES[0]["DIRS"], tmp_path]}]
    written = letters.written(notice, json.loads(notice.context()))
    assert written.text == f"JoyPix stopped {subject_request.reference}."
    assert written.subject == f"Your request is cancelled ({subject_request.reference})"


def test_a_letter_in_doubt_goes_out_again_as_the_same_mail(world: World, dana: Actor) -> None:
    subject_request = scenes.accepted(world, dana, Right.COMPLAINT)
    notice = Notice.objects.get(subject_request=subject_request, letter=Letter.ACCEPTED)
    Notice.objects.filter(pk=notice.pk).update(state=NoticeState.IN_DOUBT, fence=1)
    notice.refresh_from_db()
    resending.send_again(notice, by=dana, at=world.at)
    with pytest.raises(Conflict):
        resending.send_again(notice, by=dana, at=world.at)
    world.letters()
    ids = [each.message()["Message-ID"] for each in mail.outbox if "accepted" in each.subject]
    assert ids == [f"<{notice.pk}@{notices.domain()}>"]
    assert not Notice.objects.filter(again_of=notice).exists()
    assert Event.objects.filter(tag="notice:queued-again").count() == 1


def test_a_letter_in_doubt_whose_words_do_not_hold_any_more_is_not_sent_again(
    answered: Callable[..., SubjectRequest], world: World, dana: Actor
) -> None:
    ready = Notice.objects.get(subject_request=answered(Right.ACCESS), letter=Letter.READY)
    Notice.objects.filter(pk=ready.pk).update(state=NoticeState.IN_DOUBT)
    ready.refresh_from_db()
    with pytest.raises(Conflict):
        resending.send_again(ready, by=dana, at=world.later(days=60))
    ready.refresh_from_db()
    assert ready.state == NoticeState.IN_DOUBT


def test_what_an_agent_was_told_is_sent_to_the_agent_again(world: World, dana: Actor) -> None:
    subject_request = asked_by(world, Asker.AGENT)
    world.prove(subject_request)
    cancellation.cancel(subject_request, by=SUBJECT, at=world.at)
    world.letters()
    told = Notice.objects.get(letter=Letter.AGENT_TOLD)
    resending.send_again(told, by=dana, at=world.at)
    world.letters()
    again = Notice.objects.get(again_of=told)
    assert (again.to, again.addressee(), again.state) == ("agent", ALMA, NoticeState.SENT)

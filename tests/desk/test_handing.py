"""The package of a person without a mailbox, from the letter that came in to the day on which it left."""

import io
import zipfile
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from accounts import staff
from accounts.models import Role
from dsr.datamap.schema import IdentityKind
from dsr.law.actors import Actor
from dsr.law.clocks import Pause
from dsr.law.states import State
from dsr.law.work import Letter, NoticeState
from dsr.models import Event, Notice, SubjectRequest
from dsr.steps.deciding import holds
from dsr.steps.post import notices
from tests import staging
from tests.conftest import NOW, World, dana_in, devi_in
from tests.steps.by_letter import accepted, packaged

Browser = Callable[..., Client]
SignIn = Callable[[str], Client]
LETTER = {
    "channel": "letter",
    "received_on": "2026-11-02",
    "received_time": "10:30",
    "right": "access",
    "region": "california",
    "language": "en",
    "postal": "Sam Ortiz, 1 Main St",
    "account": "jp000001",
    "why": "A letter to the office",
}


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    """Pages read the clock themselves."""
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@staging.scene("clock")
def ready(world: World) -> SubjectRequest:
    """Sam wrote a letter; Dana entered and accepted it, Devi checked it; the package is made."""
    return packaged(world, dana_in(), devi_in())


def at(subject_request: SubjectRequest, under: str = "") -> str:
    return f"/desk/requests/{subject_request.reference}/{under}"


def marked(day: str = "2026-11-03") -> dict[str, str]:
    return {"given_on": day, "way": "registered", "reason": "RR 12 345"}


def typed(username: str = "eli", **more: str) -> dict[str, str]:
    return {"token": staff.demo_code(username), **more}


def taken(client: Client, subject_request: SubjectRequest, **more: str) -> bytes:
    answer = client.post(at(subject_request, "package/"), typed(**more))
    assert answer.status_code == 200
    return bytes(answer.getvalue())


def test_a_letter_that_asks_for_access_walks_to_its_end_without_a_mailbox(
    world: World, dana: Actor, devi: Actor, eli: Actor, sign_in: SignIn, clock: time_machine.Traveller
) -> None:
    entered = sign_in("dana").post("/desk/intake/joypix/", LETTER)
    subject_request = SubjectRequest.objects.get()
    assert entered.status_code == 302
    checker = sign_in("devi")
    checker.post(at(subject_request, "vouch/"), {"note": "Called back under the number on file"})
    assert checker.post(at(subject_request, "accept/")).status_code == 403
    sign_in("dana").post(at(subject_request, "accept/"))
    world.work(State.PACKAGED, subject_request)
    world.letters()
    clock.move_to(world.later(days=3))
    approver = sign_in("eli")
    assert "Hand over on paper or on a medium" in approver.get(at(subject_request)).content.decode()
    package = zipfile.ZipFile(io.BytesIO(taken(approver, subject_request)))
    answer = approver.post(at(subject_request, "hand-over/"), marked("2026-11-06"))
    subject_request.refresh_from_db()
    assert answer.status_code == 302
    assert package.testzip() is None
    assert subject_request.state == State.DELIVERED
    assert Notice.objects.get(letter=Letter.HANDED_OVER).state == NoticeState.TO_POST


def test_the_queue_says_that_it_is_to_be_posted(ready: SubjectRequest, browser: Browser) -> None:
    page = browser(Role.AGENT).get("/desk/?view=post").content.decode()
    assert ready.reference in page
    assert "To be posted" in page


def test_the_page_says_what_to_do_by_whom_and_what_happens_then(
    ready: SubjectRequest, eli: Actor, sign_in: SignIn
) -> None:
    client = sign_in("eli")
    overview = client.get(at(ready)).content.decode()
    page = client.get(at(ready, "hand-over/")).content.decode()
    said = ("Print the covering letter", "Download the package", "Sam Ortiz", "Say here that it left")
    assert "An approver or privacy officer, who did not enter, check or accept this request" in overview
    assert [each for each in said if each not in page] == []


def test_the_covering_letter_says_how_to_open_it_and_how_to_complain(
    ready: SubjectRequest, eli: Actor, sign_in: SignIn
) -> None:
    letter = Notice.objects.get(subject_request=ready, letter=Letter.READY)
    page = sign_in("eli").get(at(ready, f"letters/{letter.pk}/")).content.decode()
    said = ("Our answer comes with this letter", "index.html", "SHA-256", "Complain to us", "Sam Ortiz", "court")
    assert [each for each in said if each not in page] == []
    assert "with a code that we send you" not in page
    assert "put it with the package" in page


def test_the_covering_letter_is_marked_with_the_package_and_never_alone(
    ready: SubjectRequest, dana: Actor, sign_in: SignIn
) -> None:
    letter = Notice.objects.get(subject_request=ready, letter=Letter.READY)
    client, place = sign_in("dana"), at(ready, f"letters/{letter.pk}/posted/")
    assert place not in client.get(at(ready)).content.decode()
    said = client.post(place, follow=True).content.decode()
    letter.refresh_from_db()
    assert "marked when you say that the package left" in said
    assert letter.state == NoticeState.TO_POST


@pytest.mark.parametrize("role", [Role.AGENT, Role.AUDITOR, Role.ENGINEER])
def test_whoever_does_not_approve_neither_takes_nor_marks_it(
    ready: SubjectRequest, browser: Browser, role: Role
) -> None:
    client = browser(role)
    assert client.post(at(ready, "package/")).status_code == 403
    assert client.get(at(ready, "hand-over/")).status_code == 403
    assert client.post(at(ready, "hand-over/"), marked()).status_code == 403
    assert not Event.objects.filter(tag__in=["package:taken", "package:handed-over"]).exists()


def test_who_checked_who_asks_is_told_that_another_hands_it_over(
    world: World, dana: Actor, officer: Actor, sign_in: SignIn
) -> None:
    ready = packaged(world, dana, officer)
    client = sign_in("olga")
    refused = client.post(at(ready, "package/"))
    assert refused.status_code == 403
    assert "you entered, checked or accepted this request" in refused.content.decode()
    assert "A second person has to hand it over" in client.get(at(ready)).content.decode()


def test_for_staff_of_another_controller_the_package_does_not_exist(ready: SubjectRequest, browser: Browser) -> None:
    assert browser(Role.APPROVER, "pixplus").post(at(ready, "package/")).status_code == 404


def test_a_package_that_is_taken_is_kept_by_no_cache_and_run_by_no_browser(
    ready: SubjectRequest, eli: Actor, sign_in: SignIn
) -> None:
    answer = sign_in("eli").post(at(ready, "package/"), typed())
    assert answer.headers["Content-Disposition"] == f'attachment; filename="joypix-{ready.reference}.zip"'
    assert "no-store" in answer.headers["Cache-Control"]
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert sign_in("eli").get(at(ready, "package/")).headers["Location"] == at(ready)


def test_a_frozen_account_is_explained_on_the_desk(
    ready: SubjectRequest, world: World, dana: Actor, eli: Actor, sign_in: SignIn
) -> None:
    order = holds.Order("Its owner called", (world.at + timedelta(days=30)).date(), "freeze")
    holds.set_hold(ready, order, by=dana, at=world.at)
    client = sign_in("eli")
    assert "the account is frozen: nothing is handed over" in client.get(at(ready)).content.decode()
    assert client.post(at(ready, "hand-over/"), marked()).status_code == 403
    assert client.post(at(ready, "package/"), typed()).status_code == 302


@pytest.mark.parametrize("day", ["2026-11-04", "2026-11-01"])
def test_a_day_that_cannot_be_is_explained_and_nothing_typed_is_lost(
    ready: SubjectRequest, eli: Actor, sign_in: SignIn, day: str
) -> None:
    client = sign_in("eli")
    taken(client, ready)
    answer = client.post(at(ready, "hand-over/"), marked(day))
    assert answer.status_code == 409
    assert "RR 12 345" in answer.content.decode()


def test_what_was_lost_in_the_post_is_taken_again(ready: SubjectRequest, eli: Actor, sign_in: SignIn) -> None:
    client = sign_in("eli")
    first = taken(client, ready)
    client.post(at(ready, "hand-over/"), marked())
    page = client.get(at(ready)).content.decode()
    assert "Download the package again" in page
    assert "Handed the package over by registered post, on 2026-11-03" in page
    assert "Reason: RR 12 345" in page
    assert taken(client, ready, reason="The letter came back") == first


@pytest.mark.parametrize("identities", [(), ((IdentityKind.ACCOUNT, "jp000001"),)])
def test_data_that_nothing_leads_to_is_not_promised_on_paper(
    world: World, dana: Actor, sign_in: SignIn, identities: tuple[tuple[IdentityKind, str], ...]
) -> None:
    account = dict(identities).get(IdentityKind.ACCOUNT, "")
    answer = sign_in("dana").post("/desk/intake/joypix/", LETTER | {"account": account})
    assert SubjectRequest.objects.exists() is bool(account)
    assert ("we look by something else" in answer.content.decode()) is not bool(account)


@pytest.mark.parametrize("right", ["rectification", "erasure"])
def test_what_changes_data_can_be_asked_without_a_mailbox_as_well(
    world: World, dana: Actor, sign_in: SignIn, right: str
) -> None:
    letter = LETTER | {"right": right, "scope": "everything"}
    assert sign_in("dana").post("/desk/intake/joypix/", letter).status_code == 302
    assert SubjectRequest.objects.get().right == right


def test_who_wrote_an_e_mail_has_an_address(world: World, dana: Actor, sign_in: SignIn) -> None:
    answer = sign_in("dana").post("/desk/intake/joypix/", LETTER | {"channel": "email"})
    assert "one e-mail address" in answer.content.decode()


def test_the_page_shows_how_who_asks_was_checked_and_whether_the_address_on_file_was_told(
    ready: SubjectRequest, eli: Actor, sign_in: SignIn
) -> None:
    page = sign_in("eli").get(at(ready, "hand-over/")).content.decode()
    said = ("Devi checked who asks", "Called back under the number on file", "No e-mail address is on file")
    assert [each for each in said if each not in page] == []


def test_the_page_says_until_when_the_address_on_file_can_object(
    ready: SubjectRequest, world: World, eli: Actor, sign_in: SignIn
) -> None:
    notices.queue(ready, Letter.ON_FILE, at=world.at, to_address="sam@example.com")
    client = sign_in("eli")
    assert "still on its way" in client.get(at(ready, "hand-over/")).content.decode()
    world.letters()
    page = client.get(at(ready, "hand-over/")).content.decode()
    assert "The address on file was told on 3 Nov 2026" in page
    assert "One-time code" not in page
    assert client.post(at(ready, "package/"), typed()).status_code == 302
    assert not Event.objects.filter(tag="package:taken").exists()


def test_the_day_on_which_it_left_is_asked_once_somebody_has_the_package(
    ready: SubjectRequest, world: World, eli: Actor, sign_in: SignIn
) -> None:
    client = sign_in("eli")
    before = client.get(at(ready, "hand-over/")).content.decode()
    notices.queue(ready, Letter.ON_FILE, at=world.at, to_address="sam@example.com")
    waits = client.get(at(ready, "hand-over/")).content.decode()
    Notice.objects.filter(letter=Letter.ON_FILE).delete()
    taken(client, ready)
    asked = ["It has left" in page for page in (before, waits, client.get(at(ready, "hand-over/")).content.decode())]
    assert asked == [False, False, True]
    assert "Download the package first" in before
    assert "the package cannot be downloaded yet" in waits


def test_of_an_address_that_could_not_be_told_nothing_says_that_it_was(
    ready: SubjectRequest, world: World, eli: Actor, sign_in: SignIn
) -> None:
    notices.queue(ready, Letter.ON_FILE, at=world.at, to_address="sam@example.com")
    letter = Notice.objects.get(subject_request=ready, letter=Letter.ON_FILE)
    notices.undelivered(letter, NoticeState.FAILED, "No such user (550).", at=world.at)
    page = sign_in("eli").get(at(ready, "hand-over/")).content.decode()
    assert "its owner could NOT be told" in page
    assert "The days to object are counted until the end of 5 Nov 2026. Take it after that." in page
    assert "The address on file was told" not in page


@pytest.mark.parametrize("token", ["", "000000"])
def test_an_open_session_alone_takes_no_package(ready: SubjectRequest, eli: Actor, sign_in: SignIn, token: str) -> None:
    answer = sign_in("eli").post(at(ready, "package/"), {"token": token}, follow=True)
    assert "The one-time code is not right" in answer.content.decode()
    assert "Typed a one-time code that was not right" in answer.content.decode()
    assert not Event.objects.filter(tag="package:taken").exists()


def test_one_code_takes_one_package(ready: SubjectRequest, eli: Actor, sign_in: SignIn) -> None:
    client, once = sign_in("eli"), typed(reason="Again")
    assert client.post(at(ready, "package/"), once).status_code == 200
    assert client.post(at(ready, "package/"), once).status_code == 302
    assert Event.objects.filter(tag="package:taken").count() == 1


def test_a_package_that_nobody_can_be_handed_is_given_up_on_its_page(
    ready: SubjectRequest, eli: Actor, sign_in: SignIn
) -> None:
    client = sign_in("eli")
    filled = {"why": "died", "reason": "The heirs wrote"}
    assert "Nobody can be handed it" in client.get(at(ready)).content.decode()
    assert client.post(at(ready, "give-up/"), {"why": "died"}).status_code == 200
    assert client.post(at(ready, "give-up/"), filled).status_code == 302
    page = client.get(at(ready)).content.decode()
    assert "Destroyed the package and closed the request: the person died" in page
    assert "Reason: The heirs wrote" in page
    assert "Not needed any more" in page
    assert "<dd>destroyed</dd>" in page
    assert "takes it from here and hands it over" not in page
    assert "Kept" not in page


def test_a_reply_on_paper_is_entered_on_its_page(world: World, dana: Actor, devi: Actor, sign_in: SignIn) -> None:
    asked = accepted(world, dana, devi)
    client = sign_in("dana")
    why = {"reason": Pause.INFORMATION_REQUIRED.value, "question": "Which account?"}
    client.post(at(asked, "clock/ask/"), why)
    filled = {"channel": "telephone", "received_on": "2026-11-03", "words": "The older one"}
    assert "Enter the reply" in client.get(at(asked)).content.decode()
    assert client.post(at(asked, "clock/enter-reply/"), filled).status_code == 302
    page = client.get(at(asked)).content.decode()
    assert "The older one" in page
    assert "which came by telephone on 2026-11-03" in page

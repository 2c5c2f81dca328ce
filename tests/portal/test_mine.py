"""Who proves a mailbox sees everything of it, who looked, and where it is open; nobody else sees any of it."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import time_machine
from django.conf import settings
from django.core import mail
from django.test import Client

from accounts.models import Membership
from dsr.datamap.schema import IdentityKind
from dsr.law.actors import SUBJECT, Actor
from dsr.law.ladder import Rung
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import Asker
from dsr.models import Event, SignIn, SubjectRequest, SubjectSession
from dsr.steps import maps
from dsr.steps.asking import entry, intake, sessions, verification
from dsr.steps.asking.representation import Acting
from dsr.steps.recording import record
from tests.conftest import NOW, SAM, World
from tests.portal.conftest import page_of
from tests.steps.representing import PDF

MALLORY = "mallory@example.com"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
File = Callable[..., SubjectRequest]
Prove = Callable[[SubjectRequest], None]


def codes_for(address: str, at: datetime = NOW) -> list[str]:
    """Every sign-in code in a mailbox, the oldest first."""
    while entry.send_next(at=at):
        pass
    mine = [message for message in mail.outbox if message.to == [address] and "to sign in" in message.subject]
    texts = [str(message.body) for message in mine]
    return [found[1] + found[2] for text in texts if (found := re.search(r"^ +(\w{4}) (\w{4})$", text, re.MULTILINE))]


def begin(browser: Client, address: str = SAM, slug: str = "joypix") -> None:
    assert browser.post(f"/{slug}/sign-in/", {"email": address})["Location"] == f"/{slug}/sign-in/code/"


def enter(browser: Client, address: str = SAM, slug: str = "joypix") -> None:
    begin(browser, address, slug)
    answer = browser.post(f"/{slug}/sign-in/code/", {"code": codes_for(address)[-1]})
    assert answer["Location"] == f"/{slug}/mine/"


def text_of(browser: Client, path: str) -> str:
    answer = browser.get(path)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_sam_sees_all_requests_of_the_mailbox_with_one_code_and_opens_each(
    sam: Client, mallory: Client, world: World, file: File, prove: Prove
) -> None:
    proven = file()
    prove(proven)
    filed_by_somebody = world.file(Right.ERASURE)
    elsewhere = world.file(Right.ACCESS, controller="pixplus")
    foreign = world.file(Right.ACCESS, email=MALLORY)
    browser = Client()
    enter(browser)
    page = text_of(browser, "/joypix/mine/")
    assert proven.reference in page
    assert filed_by_somebody.reference in page
    assert "It is from me: begin" in page
    assert "It is not from you? Do nothing" in page
    assert elsewhere.reference not in page
    assert foreign.reference not in page
    assert browser.get(page_of(proven)).status_code == 200
    assert browser.get(page_of(filed_by_somebody)).status_code == 200
    assert browser.get(page_of(foreign)).status_code == browser.get(page_of(elsewhere)).status_code == 404
    filed_by_somebody.refresh_from_db()
    assert filed_by_somebody.state == "received"  # to look is not to confirm
    SubjectRequest.objects.filter(pk=proven.pk).update(proof_needed=Rung.APP)
    assert "Waits until you show us that it is you" in text_of(browser, "/joypix/mine/")


def test_sam_learns_of_a_request_that_another_filed_in_sams_name_and_cannot_open_it(world: World) -> None:
    acting = Acting(Asker.GUARDIAN, "Greta Ortiz", "greta@example.com", PDF)
    named = ((IdentityKind.EMAIL, SAM),)
    asked = intake.Intake("joypix", Right.ACCESS, named, acting=acting, region="eea")
    guardians = intake.receive(asked, by=SUBJECT, at=world.at)
    browser = Client()
    enter(browser)
    page = text_of(browser, "/joypix/mine/")
    assert "Asked about you by somebody else" in page
    assert guardians.reference in page
    assert "greta@example.com" not in page
    assert browser.get(page_of(guardians)).status_code == 404
    greta = Client()
    enter(greta, "greta@example.com")
    assert greta.get(page_of(guardians)).status_code == 200


def test_an_account_that_sam_proved_shows_what_others_file_for_it(world: World) -> None:
    account = (IdentityKind.ACCOUNT, "jp000007")
    sams = intake.receive(
        intake.Intake("joypix", Right.ACCESS, ((IdentityKind.EMAIL, SAM), account)), by=SUBJECT, at=world.at
    )
    mallorys = intake.receive(
        intake.Intake("joypix", Right.ERASURE, ((IdentityKind.EMAIL, MALLORY), account)), by=SUBJECT, at=world.at
    )
    browser = Client()
    enter(browser)
    assert mallorys.reference not in text_of(browser, "/joypix/mine/")  # nobody proved that account yet
    sams.identities.update(proven_at=world.at)
    page = text_of(browser, "/joypix/mine/")
    assert mallorys.reference in page
    assert MALLORY not in page


def test_nobody_keeps_sam_from_proving_a_request_by_spending_its_codes(
    world: World, clock: time_machine.Traveller
) -> None:
    sams = world.file(Right.ERASURE)
    for _ in range(verification.CODES_PER_HOUR):
        codes = {"code": "ABCDEFGH"}
        assert {Client().post(page_of(sams, "prove/"), codes).status_code for _ in range(5)} == {200}
        verification.ask(sams, at=world.at)
    assert not verification.ask(sams, at=world.at)
    enter(browser := Client(REMOTE_ADDR="198.51.100.7"))
    confirm = f"/joypix/mine/requests/{sams.reference}/confirm/"
    enter(mallory := Client(), MALLORY)
    assert mallory.post(confirm).status_code == Client().post(confirm).status_code == 404
    assert browser.post(confirm)["Location"] == page_of(sams)
    sams.refresh_from_db()
    assert sams.state == State.VERIFIED
    assert Event.objects.get(tag="identity:confirmed").details == {"kind": "email", "by_sign_in": True}
    assert browser.post(confirm)["Location"] == page_of(sams)  # once more changes nothing
    later = world.file(Right.ACCESS)
    clock.move_to(NOW + sessions.FRESH)
    assert browser.post(f"/joypix/mine/requests/{later.reference}/confirm/")["Location"] == "/joypix/sign-in/"
    later.refresh_from_db()
    assert later.state == State.RECEIVED


@pytest.mark.parametrize("page", ["mine/", "mine/looks/", "mine/sessions/"])
def test_without_a_code_the_pages_of_a_mailbox_lead_to_the_sign_in(mallory: Client, page: str) -> None:
    assert mallory.get(f"/joypix/{page}")["Location"] == "/joypix/sign-in/"


def test_known_and_unknown_mailboxes_are_alike_in_page_letter_and_rows(mallory: Client, world: World) -> None:
    world.file(Right.ACCESS)
    mail.outbox.clear()
    seen = []
    for address in (SAM, "nobody@example.com"):
        browser = Client()
        answer = browser.post("/joypix/sign-in/", {"email": address})
        page = browser.get("/joypix/sign-in/code/").content.decode()
        seen.append((answer.status_code, answer["Location"], re.sub(r'value="\w{64}"', "", page)))
        codes_for(address)
    assert seen[0] == seen[1]
    assert [(message.to, message.subject) for message in mail.outbox] == [
        ([SAM], "Your code to sign in at JoyPix"),
        (["nobody@example.com"], "Your code to sign in at JoyPix"),
    ]
    bodies = {re.sub(r"^ +\w{4} \w{4}$", "", str(message.body), flags=re.MULTILINE) for message in mail.outbox}
    assert len(bodies) == 1


def test_a_code_opens_one_session_and_is_kept_as_a_keyed_hash(world: World) -> None:
    begin(one := Client())
    begin(other := Client())
    code = codes_for(SAM)[0]
    assert one.post("/joypix/sign-in/code/", {"code": code}).status_code == 302
    assert other.post("/joypix/sign-in/code/", {"code": code}).status_code == 200
    kept = SignIn.objects.exclude(code_hash="").values_list("code_hash", "address_sealed")
    assert [row for row in kept if code in "".join(row) or SAM in "".join(row)] == []
    assert SubjectSession.objects.count() == 1


def test_a_code_of_one_mailbox_or_controller_opens_no_other(world: World) -> None:
    begin(mallorys := Client())
    begin(Client(), MALLORY)
    begin(Client(), SAM, "pixplus")
    for code in (codes_for(MALLORY)[-1], codes_for(SAM)[-1]):
        assert mallorys.post("/joypix/sign-in/code/", {"code": code}).status_code == 200
    assert SubjectSession.objects.count() == 0


def test_a_code_lasts_ten_minutes(world: World, clock: time_machine.Traveller) -> None:
    begin(browser := Client())
    code = codes_for(SAM)[-1]
    clock.move_to(NOW + timedelta(minutes=10))
    assert browser.post("/joypix/sign-in/code/", {"code": code}).status_code == 200


def test_nobody_keeps_sam_out_by_wrong_codes_or_by_asking_for_codes(
    world: World, clock: time_machine.Traveller
) -> None:
    for number in range(10):
        stranger = Client(REMOTE_ADDR=f"192.0.2.{number}")
        for _ in range(2):
            begin(stranger)
            for _ in range(5):
                stranger.post("/joypix/sign-in/code/", {"code": "ABCDEFGH"})
    flooded = codes_for(SAM)
    assert len(flooded) == entry.AT_ONCE  # Sam's mailbox is not filled, and what lies in it works
    sams = Client(REMOTE_ADDR="198.51.100.7")
    begin(sams)
    assert codes_for(SAM) == flooded
    assert sams.post("/joypix/sign-in/code/", {"code": flooded[-1]})["Location"] == "/joypix/mine/"
    clock.move_to(at := NOW + timedelta(minutes=8))  # the codes get old: there is a fresh one for whoever asks
    begin(again := Client(REMOTE_ADDR="198.51.100.7"))
    fresh = codes_for(SAM, at)
    assert len(fresh) == entry.AT_ONCE + 1
    assert again.post("/joypix/sign-in/code/", {"code": fresh[-1]})["Location"] == "/joypix/mine/"


def test_five_tries_are_all_that_one_browser_has(world: World) -> None:
    begin(browser := Client())
    right = codes_for(SAM)[-1]
    for _ in range(5):
        browser.post("/joypix/sign-in/code/", {"code": "ABCDEFGH"})
    assert browser.post("/joypix/sign-in/code/", {"code": right}).status_code == 200


def test_sam_sees_every_session_ends_one_and_then_all(world: World, file: File, prove: Prove, sam: Client) -> None:
    subject_request = file()
    prove(subject_request)  # a session that sees one request
    lost, here = Client(HTTP_USER_AGENT=FIREFOX), Client()
    enter(lost)
    enter(here)
    page = text_of(here, "/joypix/mine/sessions/")
    assert page.count(">End it<") == 4  # and the name of their column
    assert "Firefox, Linux" in page
    assert "Sees one request only" in page
    theirs = SubjectSession.objects.get(browser_sealed__gt="")
    assert here.post(f"/joypix/mine/sessions/{theirs.pk}/end/")["Location"] == "/joypix/mine/sessions/"
    assert lost.get("/joypix/mine/")["Location"] == "/joypix/sign-in/"
    assert lost.get(page_of(subject_request)).status_code == 404
    assert sam.get(page_of(subject_request)).status_code == 200
    here.post("/joypix/mine/sessions/end/")
    for browser in (sam, here):
        assert browser.get(page_of(subject_request)).status_code == 404
    ended = Event.objects.filter(tag="person:sessions-ended").values_list("details", flat=True)
    assert list(ended) == [{"sessions": 1}, {"sessions": 2}]


def test_mallory_ends_no_session_of_sams(world: World) -> None:
    enter(sams := Client())
    enter(mallorys := Client(), MALLORY)
    theirs = next(one for one in SubjectSession.objects.all() if one.address() == SAM)
    assert mallorys.post(f"/joypix/mine/sessions/{theirs.pk}/end/").status_code == 404
    assert Client().post(f"/joypix/mine/sessions/{theirs.pk}/end/").status_code == 404
    assert Client().post("/joypix/mine/sessions/end/").status_code == 404
    assert sams.get("/joypix/mine/").status_code == 200


def test_a_session_ends_after_30_idle_minutes_and_after_12_hours(world: World, clock: time_machine.Traveller) -> None:
    enter(used := Client())
    enter(idle := Client())
    for minutes in range(20, 12 * 60, 20):
        clock.move_to(NOW + timedelta(minutes=minutes))
        assert used.get("/joypix/mine/").status_code == 200
    for browser in (used, idle):
        cookies = browser.cookies[settings.SESSION_COOKIE_NAME]  # a browser that keeps what it was told to forget
        cookies["expires"] = cookies["max-age"] = ""
    assert idle.get("/joypix/mine/")["Location"] == "/joypix/sign-in/"
    clock.move_to(NOW + timedelta(hours=12))
    assert used.get("/joypix/mine/")["Location"] == "/joypix/sign-in/"


def test_whoever_leaves_a_browser_leaves_no_session(world: World) -> None:
    enter(browser := Client())
    browser.post("/joypix/leave/")
    assert not sessions.live([str(pk) for pk in SubjectSession.objects.values_list("pk", flat=True)], at=NOW)


def test_sam_sees_who_looked_by_role_or_by_name_as_the_controller_says(
    world: World, file: File, prove: Prove, dana: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject_request = file()
    prove(subject_request)
    record.viewed(subject_request, by=dana, at=world.at)
    foreign = world.file(Right.ACCESS, email=MALLORY)
    record.viewed(foreign, by=dana, at=world.at)
    enter(browser := Client())
    browser.get(page_of(subject_request))
    page = text_of(browser, "/joypix/mine/looks/")
    assert "Somebody who works here: who answers requests" in page
    assert "You, or whoever had a code from your mailbox" in page
    assert "Dana" not in page
    assert foreign.reference not in page
    monkeypatch.setitem(vars(maps.localised("joypix", "en").controller), "staff_shown_by", "name")
    assert "Dana: who answers requests" in text_of(browser, "/joypix/mine/looks/")
    Membership.objects.all().delete()
    assert "Dana, who worked here then" in text_of(browser, "/joypix/mine/looks/")


def test_sign_ins_and_sessions_are_forgotten_in_their_time(world: World) -> None:
    enter(Client())
    entry.forget_old(at=NOW + timedelta(days=2))
    sessions.forget_old(at=NOW + timedelta(days=2))
    assert (SignIn.objects.count(), SubjectSession.objects.count()) == (0, 1)
    sessions.forget_old(at=NOW + timedelta(days=31))
    assert SubjectSession.objects.count() == 0

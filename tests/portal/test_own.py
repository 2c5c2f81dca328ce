import io
import zipfile
from collections.abc import Callable

import pytest
import time_machine
from django.test import Client

from dsr.law.actors import Actor
from dsr.law.grounds import GROUNDS, Ground
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.models import Download, Event, Identity, Notice, Proof, SubjectRequest
from dsr.steps.answering import grants
from dsr.steps.asking.verification import CODES_PER_HOUR, MAILBOX_CODES_PER_HOUR
from dsr.steps.deciding import review
from tests.conftest import SAM, World
from tests.portal.conftest import page_of

File = Callable[..., SubjectRequest]
Prove = Callable[[SubjectRequest], None]
Answered = Callable[..., SubjectRequest]


def sign_in(browser: Client, world: World, subject_request: SubjectRequest) -> None:
    """Find the request by reference and address, and type the code that comes by mail."""
    slug = subject_request.controller
    browser.post(f"/{slug}/find/", {"reference": subject_request.reference, "email": SAM})
    assert browser.post(f"/{slug}/find/code/", {"code": world.code()})["Location"] == page_of(subject_request)


def test_the_code_may_be_typed_with_spaces_and_hyphens(sam: Client, file: File, world: World) -> None:
    subject_request = file()
    code = world.code()
    sam.post(page_of(subject_request, "prove/"), {"code": f" {code[:4]}-{code[4:6]} {code[6:]} "})
    assert "You proved your e-mail address" in sam.get(page_of(subject_request)).content.decode()


def test_five_wrong_codes_end_the_code_and_a_new_one_can_be_asked_for(
    sam: Client, file: File, world: World, prove: Prove, clock: time_machine.Traveller
) -> None:
    subject_request = file()
    right = world.code()
    wrong = "00000000" if right != "00000000" else "11111111"
    for _ in range(5):
        page = sam.post(page_of(subject_request, "prove/"), {"code": wrong}).content.decode()
    assert "entered wrongly too often" in page
    refused = sam.post(page_of(subject_request, "prove/"), {"code": right}).content.decode()
    assert "entered wrongly too often" in refused
    clock.move_to(world.later(minutes=1))
    assert "?sent" in sam.post(page_of(subject_request, "new-code/"))["Location"]
    prove(subject_request)


def test_an_old_code_says_that_it_is_too_old(
    sam: Client, file: File, world: World, clock: time_machine.Traveller
) -> None:
    subject_request = file()
    code = world.code()
    clock.shift(11 * 60)
    page = sam.post(page_of(subject_request, "prove/"), {"code": code}).content.decode()
    assert "This code is too old" in page


def test_no_mailbox_is_flooded_with_codes(sam: Client, file: File, world: World) -> None:
    subject_request = file()
    for _ in range(20):
        sam.post(page_of(subject_request, "new-code/"))
    assert Notice.objects.count() == CODES_PER_HOUR


@pytest.mark.parametrize("email", [SAM, "nobody@example.com"])
def test_a_receipt_without_a_code_says_so_and_not_whether_the_mailbox_is_known(
    sam: Client, file: File, world: World, email: str
) -> None:
    for _ in range(MAILBOX_CODES_PER_HOUR):
        world.file(Right.ACCESS, email=email)
    subject_request = file(Right.ACCESS, email=email)
    page = sam.get(page_of(subject_request, "prove/")).content.decode()
    assert "We have not sent a code yet" in page
    assert "Come back to this page in an hour" in page
    assert "We sent a code to" not in page


def test_a_receipt_with_a_code_says_that_it_was_sent(sam: Client, file: File) -> None:
    page = sam.get(page_of(file(Right.ACCESS), "prove/")).content.decode()
    assert "We sent a code to" in page
    assert "We have not sent a code yet" not in page


def test_the_link_in_the_mail_works_in_another_browser_with_the_code(mallory: Client, file: File, world: World) -> None:
    # Another browser, whoever sits before it: the code alone is the proof.
    subject_request = file()
    page = mallory.get(page_of(subject_request, "prove/")).content.decode()
    assert SAM not in page
    assert "25 November" not in page
    mallory.post(page_of(subject_request, "prove/"), {"code": world.code()})
    assert mallory.get(page_of(subject_request)).status_code == 200


@pytest.mark.parametrize("under", ["", "cancel/"])
def test_mallory_cannot_open_sams_request(mallory: Client, file: File, prove: Prove, under: str) -> None:
    subject_request = file()
    prove(subject_request)
    assert mallory.get(page_of(subject_request, under)).status_code == 404


@pytest.mark.parametrize("under", ["cancel/", "download/", "download/code/", "download/again/", "new-code/"])
def test_mallory_cannot_act_on_sams_request(mallory: Client, file: File, prove: Prove, under: str) -> None:
    subject_request = file()
    prove(subject_request)
    assert mallory.post(page_of(subject_request, under)).status_code == 404
    subject_request.refresh_from_db()
    assert subject_request.state == State.VERIFIED


def test_sams_other_request_stays_closed_to_mallory_who_has_one_of_her_own(
    mallory: Client, file: File, world: World
) -> None:
    sams = file()
    hers = world.file(Right.ACCESS, email="mallory@example.com")
    mallory.post(page_of(hers, "prove/"), {"code": world.code()})
    assert mallory.get(page_of(hers)).status_code == 200
    assert mallory.get(page_of(sams)).status_code == 404


def test_sending_a_request_does_not_open_it(sam: Client, file: File) -> None:
    assert sam.get(page_of(file())).status_code == 404


def test_a_request_that_is_not_there_looks_like_one_that_is_not_ours(
    mallory: Client,
    file: File,
    world: World,
) -> None:
    subject_request = file()
    pages = []
    for reference in (subject_request.reference, "ZZZ-ZZZ-ZZZ"):
        for under in ("", "prove/"):
            response = mallory.get(f"/joypix/requests/{reference}/{under}")
            pages.append((under, response.status_code, mask(response.content.decode(), reference)))
        response = mallory.post(f"/joypix/requests/{reference}/prove/", {"code": "12345678"})
        pages.append(("post", response.status_code, mask(response.content.decode(), reference)))
    assert pages[:3] == pages[3:]


def mask(page: str, reference: str) -> str:
    """The page without what differs by its nature."""
    lines = page.replace(reference, "REFERENCE").splitlines()
    return "\n".join(line for line in lines if "csrfmiddlewaretoken" not in line)


def test_finding_tells_nobody_whether_reference_and_address_fit(mallory: Client, file: File, world: World) -> None:
    subject_request = file()
    answers = [
        mallory.post("/joypix/find/", {"reference": reference, "email": email})["Location"]
        for reference, email in (
            (subject_request.reference, SAM),
            (subject_request.reference, "mallory@example.com"),
            ("ZZZ-ZZZ-ZZZ", SAM),
        )
    ]
    assert len(set(answers)) == 1
    assert not Notice.objects.filter(letter="code").exists()  # the page looked at nothing
    world.letters()
    assert Notice.objects.filter(letter="code").count() == 1
    assert Notice.objects.get(letter="code").addressee() == SAM


def test_a_proven_browser_gets_a_new_session_key(sam: Client, file: File, prove: Prove) -> None:
    subject_request = file()
    before = sam.session.session_key
    prove(subject_request)
    assert sam.session.session_key != before


def test_sam_cancels_after_being_asked_once_more(sam: Client, file: File, prove: Prove) -> None:
    subject_request = file(Right.ERASURE)
    prove(subject_request)
    assert "Do you want to cancel this request?" in sam.get(page_of(subject_request, "cancel/")).content.decode()
    sam.post(page_of(subject_request, "cancel/"))
    page = sam.get(page_of(subject_request)).content.decode()
    assert "You cancelled your request" in page
    assert page_of(subject_request, "cancel/") not in page


def test_a_refusal_names_its_ground_the_authority_and_the_court(
    sam: Client, file: File, prove: Prove, dana: Actor, world: World
) -> None:
    subject_request = file()
    prove(subject_request)
    subject_request.refresh_from_db()
    review.refuse(subject_request, ground=Ground.NOT_IDENTIFIABLE, by=dana, at=world.at)
    page = sam.get(page_of(subject_request)).content.decode()
    assert GROUNDS[Ground.NOT_IDENTIFIABLE].plain in page
    assert GROUNDS[Ground.NOT_IDENTIFIABLE].citation in page
    assert "Complain to a supervisory authority" in page
    assert "You can also go to court" in page


def test_a_letter_of_staff_is_read_on_the_page(
    sam: Client, file: File, prove: Prove, dana: Actor, world: World
) -> None:
    subject_request = file(Right.COMPLAINT, details="Why do I get offers?")
    prove(subject_request)
    subject_request.refresh_from_db()
    review.accept(subject_request, by=dana, at=world.at)
    review.answer(subject_request, text="We have stopped <them>.\nSorry.", by=dana, at=world.at)
    page = sam.get(page_of(subject_request)).content.decode()
    assert "We have stopped &lt;them&gt;." in page


def test_the_package_is_downloaded_by_who_proved_the_mailbox_and_nobody_else(
    sam: Client, mallory: Client, answered: Answered, world: World, clock: time_machine.Traveller
) -> None:
    subject_request = answered(Right.ACCESS)
    clock.move_to(world.at)
    sign_in(sam, world, subject_request)
    assert "Your answer is ready" in sam.get(page_of(subject_request)).content.decode()
    assert mallory.post(page_of(subject_request, "download/")).status_code == 404
    sam.post(page_of(subject_request, "download/"))
    code = {"code": world.code()}
    assert mallory.post(page_of(subject_request, "download/code/"), code).status_code == 404
    address = sam.post(page_of(subject_request, "download/code/"), code)["Location"]
    assert grants.rewrap_next(at=world.at)
    world.letters()  # the address of Sam's social sign-in is told first
    assert mallory.get(f"{address}file/").status_code == 404
    body = sam.get(f"{address}file/").getvalue()
    assert zipfile.ZipFile(io.BytesIO(body)).testzip() is None
    assert Download.objects.count() == 1


def test_a_package_whose_time_is_over_is_not_offered(
    sam: Client, answered: Answered, world: World, clock: time_machine.Traveller
) -> None:
    subject_request = answered(Right.ACCESS)
    clock.move_to(world.later(days=31))
    sign_in(sam, world, subject_request)
    page = sam.get(page_of(subject_request)).content.decode()
    assert "Download your answer" not in page
    assert "its time is over" in page
    assert sam.post(page_of(subject_request, "download/"))["Location"] == page_of(subject_request)


def test_after_an_erasure_the_page_says_what_is_kept_why_and_until_when(
    sam: Client, answered: Answered, world: World, clock: time_machine.Traveller
) -> None:
    subject_request = answered(Right.ERASURE)
    clock.move_to(world.at)
    sign_in(sam, world, subject_request)
    page = sam.get(page_of(subject_request)).content.decode()
    assert "What we keep, why and until when" in page
    assert "Orders" in page
    assert "inance and tax law" in page


def test_looking_changes_nothing_but_the_record(sam: Client, file: File, prove: Prove) -> None:
    subject_request = file()

    def rows() -> list[list[object]]:
        kept = [
            list[object](model.objects.order_by("pk").values()) for model in (SubjectRequest, Identity, Proof, Notice)
        ]
        return [*kept, list(Event.objects.exclude(tag="request:seen").order_by("pk").values())]

    addresses = ["prove/", "", "cancel/", "download/", "download/code/", "download/again/", "new-code/"]
    before = rows()
    for method in (sam.get, sam.head):
        for under in addresses:
            method(page_of(subject_request, under))
    assert rows() == before
    prove(subject_request)
    proven = rows()
    for under in addresses:
        sam.get(page_of(subject_request, under))
    assert rows() == proven


def test_who_leaves_leaves_nothing_for_the_next_user_of_the_device(
    sam: Client, file: Callable[..., SubjectRequest], prove: Callable[[SubjectRequest], None]
) -> None:
    subject_request = file()
    prove(subject_request)
    assert sam.get(page_of(subject_request)).status_code == 200
    sam.post("/joypix/leave/")
    assert sam.get(page_of(subject_request)).status_code == 404

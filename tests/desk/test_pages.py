"""What the desk shows, to whom, and that showing changes nothing but the record."""

import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest
from django.apps import apps
from django.test import Client

from accounts import staff
from accounts.models import Membership, Role, Staff
from dsr.desk import sheet
from dsr.desk.timeline import SENTENCES
from dsr.law.actors import Actor
from dsr.law.rights import Right
from dsr.law.work import Kind
from dsr.models import Event, PlanItem, SubjectRequest
from dsr.steps import maps
from tests.conftest import SAM, World
from tests.tree import ROOT

Browser = Callable[..., Client]
SignIn = Callable[[str], Client]


def text(client: Client, url: str) -> str:
    answer = client.get(url, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def page_of(subject_request: SubjectRequest) -> str:
    return f"/desk/requests/{subject_request.reference}/"


class Inline(HTMLParser):
    """Collects what a strict content security policy would stop."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = dict(attrs)
        inert = names.get("type") == "application/json"
        if tag == "style" or (tag == "script" and "src" not in names and not inert):
            self.found.append(tag)
        self.found += [f"{tag} {name}" for name in names if name == "style" or name.startswith("on")]


def test_no_page_carries_inline_script_or_style(
    to_review: SubjectRequest, to_approve: SubjectRequest, to_answer: SubjectRequest, sign_in: SignIn
) -> None:
    staff.add("pat", "Pat", [("joypix", Role.PRIVACY_OFFICER)], administrator=True)
    client = sign_in("pat")
    pat = Staff.objects.get(username="pat").pk
    pages = [
        "",
        "login/",
        "password_change/",
        "dsr/event/",
        "accounts/staff/",
        f"accounts/staff/{pat}/change/",
    ]
    pages += [f"requests/{each.reference}/" for each in (to_review, to_approve, to_answer)]
    pages += [f"requests/{to_review.reference}/{act}/" for act in ("accept", "refuse")]
    pages += [f"requests/{to_approve.reference}/approve/", f"requests/{to_answer.reference}/answer/"]
    found = {}
    for page in pages:
        inline = Inline()
        inline.feed(text(client, f"/desk/{page}"))
        found[page] = inline.found
    assert {page: tags for page, tags in found.items() if tags} == {}


def test_the_page_of_a_new_password_is_the_desks_own(browser: Browser) -> None:
    client = browser(Role.AGENT)
    page = text(client, "/desk/password_change/")
    assert 'href="/desk/account/"' in page
    assert "theme-toggle" not in page
    typed = {"old_password": "wrong", "new_password1": "a", "new_password2": "b"}
    answer = client.post("/desk/password_change/", typed).content.decode()
    assert '<a href="#id_old_password">' in answer
    assert "<title>Error: " in answer
    assert "have to sign in again" in text(client, "/desk/password_change/done/")


def test_looking_changes_nothing_but_the_record(
    browser: Browser, to_review: SubjectRequest, to_approve: SubjectRequest, to_answer: SubjectRequest
) -> None:
    client = browser(Role.PRIVACY_OFFICER)
    rows: list[Any] = [model for model in apps.get_app_config("dsr").get_models() if model is not Event]
    before = {model: list(model.objects.order_by("pk").values()) for model in rows}
    for each in (to_review, to_approve, to_answer):
        for act in ("", "accept/", "refuse/", "approve/", "answer/", "take/"):
            client.get(page_of(each) + act)
    assert {model: list(model.objects.order_by("pk").values()) for model in rows} == before


def test_each_look_at_personal_data_is_one_event(browser: Browser, to_review: SubjectRequest) -> None:
    client = browser(Role.AGENT)
    page = text(client, page_of(to_review))
    assert SAM in page
    assert "Everything about order 7, please." in page
    looks = Event.objects.filter(tag="request:viewed", subject_request=to_review)
    assert [event.actor for event in looks] == [f"staff:{Staff.objects.get(username='agent-joypix').pk}"]


def test_an_engineer_sees_the_work_but_no_personal_data(browser: Browser, to_review: SubjectRequest) -> None:
    page = text(browser(Role.ENGINEER), page_of(to_review))
    assert SAM not in page
    assert "order 7" not in page
    assert not Event.objects.filter(tag="request:viewed").exists()


def test_the_queue_and_the_pages_of_decisions_show_no_identifier(browser: Browser, to_review: SubjectRequest) -> None:
    client = browser(Role.AGENT)
    pages = [text(client, url) for url in ("/desk/", f"{page_of(to_review)}accept/", f"{page_of(to_review)}refuse/")]
    assert [page for page in pages if SAM in page] == []


def test_what_the_person_wrote_is_shown_as_text(browser: Browser, world: World) -> None:
    subject_request = world.file(Right.ACCESS, details="<script>alert(1)</script>")
    page = text(browser(Role.AGENT), page_of(subject_request))
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_the_timeline_tells_what_happened_and_who_did_it(browser: Browser, to_answer: SubjectRequest) -> None:
    page = text(browser(Role.AUDITOR), page_of(to_answer))
    for sentence in (
        "The request arrived on the web",
        "A one-time code was sent to prove the e-mail address",
        "The e-mail address is proven",
        "Accepted the request",
        "Looked at the personal data",
    ):
        assert sentence in page
    assert "Dana" in page
    assert "The person who asks" in page


def test_every_event_of_a_whole_walk_has_words(answered: Callable[..., SubjectRequest], browser: Browser) -> None:
    subject_request = answered(Right.ERASURE)
    page = text(browser(Role.PRIVACY_OFFICER), page_of(subject_request))
    told = re.search(r"<ol>(.*)</ol>", page, re.DOTALL)
    assert told
    assert re.findall(r"<p>([a-z]+:[a-z-]+)", told[1]) == []
    assert "–" not in re.sub(r"<time.*?</time>", "", told[1])


def test_every_event_that_a_step_can_write_has_words() -> None:
    steps = (ROOT / "dsr" / "steps").rglob("*.py")
    tags = {tag for path in steps for tag in re.findall(r'"([a-z]+:[a-z-]+)"', path.read_text("utf-8"))}
    assert len(tags) > 20
    assert tags - set(SENTENCES) == set()


def test_the_manifest_says_what_goes_and_what_stays_and_why(browser: Browser, to_approve: SubjectRequest) -> None:
    page = text(browser(Role.APPROVER), f"{page_of(to_approve)}approve/")
    assert to_approve.manifest.digest in page
    assert "until" in page
    kept = [line for line in to_approve.manifest.summary if line["until"]]
    assert kept


def test_an_approver_sees_what_is_next_and_an_auditor_sees_who_decides(
    browser: Browser, to_approve: SubjectRequest
) -> None:
    assert "Approve the manifest</a>" in text(browser(Role.APPROVER), page_of(to_approve))
    page = text(browser(Role.AUDITOR), page_of(to_approve))
    assert "is for an approver or privacy officer of JoyPix." in page
    assert "/approve/" not in page


@pytest.mark.parametrize("role", Role)
def test_the_record_is_read_by_those_whose_duty_it_is(browser: Browser, to_review: SubjectRequest, role: Role) -> None:
    answer = browser(role).get("/desk/dsr/event/")
    assert answer.status_code == (200 if role in {Role.AUDITOR, Role.PRIVACY_OFFICER} else 403)


def test_the_record_of_another_controller_does_not_exist(browser: Browser, to_review: SubjectRequest) -> None:
    event = Event.objects.earliest("id")
    client = browser(Role.AUDITOR, "pixplus")
    assert to_review.reference not in text(client, "/desk/dsr/event/")
    answer = client.get(f"/desk/dsr/event/{event.pk}/change/")
    assert answer.status_code == 302


@pytest.mark.parametrize("page", ["add/", "{}/change/", "{}/delete/"])
def test_the_record_is_not_written_at_the_desk(browser: Browser, to_review: SubjectRequest, page: str) -> None:
    event = Event.objects.earliest("id")
    before = Event.objects.values().get(pk=event.pk)
    answer = browser(Role.AUDITOR).post(f"/desk/dsr/event/{page.format(event.pk)}", {"tag": "forged"})
    assert answer.status_code == 403
    assert Event.objects.values().get(pk=event.pk) == before


@pytest.mark.parametrize("role", Role)
def test_roles_are_given_by_administrators_only(browser: Browser, world: World, role: Role) -> None:
    assert browser(role).get("/desk/accounts/staff/").status_code == 403


def test_an_administrator_takes_a_role_away(sign_in: SignIn, dana: Actor, world: World) -> None:
    staff.add("root", "Root", [], administrator=True)
    held = Membership.objects.get(staff_id=dana.id, controller="joypix")
    form = {
        "first_name": "Dana",
        "last_name": "",
        "is_active": "on",
        "memberships-TOTAL_FORMS": "1",
        "memberships-INITIAL_FORMS": "1",
        "memberships-0-id": str(held.pk),
        "memberships-0-staff": str(dana.id),
        "memberships-0-controller": "joypix",
        "memberships-0-role": "agent",
        "memberships-0-DELETE": "on",
    }
    answer = sign_in("root").post(f"/desk/accounts/staff/{dana.id}/change/", form)
    assert answer.status_code == 302
    assert list(Membership.objects.filter(staff_id=dana.id).values_list("controller", flat=True)) == ["pixplus"]


def test_the_work_of_an_erasure_says_how_many_went_and_how_many_its_system_keeps(to_review: SubjectRequest) -> None:
    about = maps.controller("joypix")
    counts = {"payments": {"way": "delete", "erased": 0, "kept": [{"until": "", "reason": "x", "count": 1}]}}
    system = next(slug for slug, one in about.systems.items() if "payments" in one.collections)
    now = to_review.received_at
    PlanItem.objects.create(
        subject_request=to_review, kind=Kind.ERASE, system=system, counts=counts, not_before=now, created_at=now
    )
    shown = next(item for item in sheet.items(to_review, about) if item.row.kind == Kind.ERASE)
    assert shown.counts == ["Payments: 0 erased, 1 kept"]

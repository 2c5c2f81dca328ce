"""Dana enters what somebody without a mailbox wrote, and Devi decides about it."""

from collections.abc import Callable

import pytest
from django.test import Client

from dsr.law.actors import Actor
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import Letter
from dsr.models import SubjectRequest
from dsr.steps.fulfilling import correctable
from tests.conftest import World
from tests.steps import by_letter

WRITTEN = {"channel": "telephone", "came_on": ""}


@pytest.fixture
def searched(world: World, dana: Actor, devi: Actor, monkeypatch: pytest.MonkeyPatch) -> SubjectRequest:
    """Sam's letter is checked and accepted, and what can be corrected is found; the desk's clock is the world's."""
    monkeypatch.setattr("django.utils.timezone.now", lambda: world.at)
    own = by_letter.accepted(world, dana, devi, Right.RECTIFICATION)
    world.work(State.SEARCHED, own)
    return own


@pytest.fixture
def desk(sign_in: Callable[[str], Client], searched: SubjectRequest) -> Client:
    """Dana's browser."""
    return sign_in("dana")


def url(own: SubjectRequest, under: str = "corrections/enter/") -> str:
    return f"/desk/requests/{own.reference}/{under}"


def typed(own: SubjectRequest, **new: str) -> dict[str, str]:
    """The whole form, with some values changed."""
    row = next(row for row in correctable.rows(own) if row.collection == "users")
    rows = {f"{each.place}-{field.name}": field.typed for each in correctable.rows(own) for field in each.fields}
    return {**rows, **{f"{row.place}-{name}": value for name, value in new.items()}, "statement": "", "go": "check"}


def send(desk: Client, world: World, own: SubjectRequest) -> str:
    """The last look, and the button."""
    form = {**WRITTEN, "came_on": world.at.date().isoformat()}
    return desk.post(url(own, "corrections/check/"), form, follow=True).content.decode()


def test_it_is_entered_checked_sent_once_and_shown_to_whoever_decides(
    desk: Client, world: World, searched: SubjectRequest, sign_in: Callable[[str], Client]
) -> None:
    assert "Enter what the person wrote" in desk.get(url(searched, "")).content.decode()
    page = desk.post(url(searched), typed(searched, nickname="Samira"), follow=True).content.decode()
    assert "<strong><bdi>Samira</bdi></strong>" in page
    assert "Somebody else decides about each value now" in send(desk, world, searched)
    assert searched.corrections.get().field == "nickname"
    mine = desk.get(url(searched, "corrections/")).content.decode()
    assert "you entered what the person wrote" in mine
    assert 'value="accepted"' not in mine
    assert 'value="accepted"' in sign_in("devi").get(url(searched, "corrections/")).content.decode()
    row = searched.corrections.get()
    refused = desk.post(url(searched, f"corrections/{row.pk}/"), {"decision": "accepted"})
    assert refused.status_code == 403
    assert "you entered what the person wrote" in refused.content.decode()


def test_looking_at_the_present_values_is_an_event_and_for_who_reviews(
    desk: Client, searched: SubjectRequest, eli: Actor, sign_in: Callable[[str], Client]
) -> None:
    page = desk.get(url(searched)).content.decode()
    assert all(field.says in page for row in correctable.rows(searched) for field in row.fields if field.typed)
    assert searched.events.filter(tag="request:viewed").count() == 1
    assert sign_in("eli").get(url(searched)).status_code == 403
    assert searched.events.filter(tag="request:viewed").count() == 1


def test_a_value_that_does_not_fit_its_type_is_said_and_not_kept(
    desk: Client, world: World, searched: SubjectRequest
) -> None:
    page = desk.post(url(searched), typed(searched, nickname="Samira", language="Klingon, please")).content.decode()
    assert "Language: Enter the code of a language, such as en or zh-CN." in page
    assert "Nothing is entered yet" in send(desk, world, searched)


def test_what_is_typed_lies_sealed_in_the_session(desk: Client, searched: SubjectRequest) -> None:
    desk.post(url(searched), typed(searched, nickname="Samira"))
    kept = desk.session[f"correct:{searched.pk}"]
    assert "Samira" not in kept


def test_for_somebody_with_a_mailbox_there_is_nothing_to_enter(desk: Client, searched: SubjectRequest) -> None:
    searched.identities.update(kind="email")
    assert "Enter what the person wrote" not in desk.get(url(searched, "")).content.decode()
    assert desk.get(url(searched)).status_code == 302
    assert searched.notices.filter(letter=Letter.CORRECTABLE).exists()


def test_each_page_with_a_problem_says_so_in_its_title(desk: Client, world: World, searched: SubjectRequest) -> None:
    first = desk.post(url(searched), typed(searched, language="Klingon, please")).content.decode()
    nothing = desk.get(url(searched, "corrections/check/")).content.decode()
    desk.post(url(searched), typed(searched, nickname="Samira"))
    future = {**WRITTEN, "came_on": "2036-11-03"}
    last = desk.post(url(searched, "corrections/check/"), future).content.decode()
    assert "<title>Error: " in first
    assert "<title>Error: Check what you entered" in nothing
    assert "<title>Error: Check what you entered" in last
    assert "<title>Error" not in desk.get(url(searched, "corrections/check/")).content.decode()

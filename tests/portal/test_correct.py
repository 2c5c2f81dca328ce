"""Sam corrects data on the portal: sees it, enters what is right, and reads what became of it."""

import re
from collections.abc import Callable

import pytest
import time_machine
from django.http import QueryDict
from django.template.loader import render_to_string
from django.test import Client

from dsr.datamap.schema import FieldMap
from dsr.law.actors import Actor
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.models import SubjectRequest
from dsr.portal.proposal import RowForm
from dsr.steps import work
from dsr.steps.deciding import holds, review
from dsr.steps.fulfilling import correctable, rectification
from tests.conftest import World
from tests.portal.conftest import page_of


@pytest.fixture
def asked(
    world: World, dana: Actor, file: Callable[..., SubjectRequest], prove: Callable[[SubjectRequest], None]
) -> SubjectRequest:
    """Sam's address is proven, Dana accepted, the data is found."""
    subject_request = file(Right.RECTIFICATION)
    prove(subject_request)
    subject_request.refresh_from_db()
    review.accept(subject_request, by=dana, at=world.at)
    world.work(State.SEARCHED, subject_request)
    return subject_request


def text_of(client: Client, url: str) -> str:
    """A page as one reads it."""
    response = client.get(url)
    assert response.status_code == 200, url
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def account(subject_request: SubjectRequest) -> correctable.Row:
    """Sam's account."""
    return next(row for row in correctable.rows(subject_request) if row.collection == "users")


def row_url(subject_request: SubjectRequest) -> str:
    """Where its fields are changed."""
    return page_of(subject_request, f"correct/{account(subject_request).place}/")


def present(subject_request: SubjectRequest, **changed: str) -> dict[str, str]:
    """The form as it comes, with some values changed."""
    return {field.name: field.typed for field in account(subject_request).fields} | changed


def test_sam_is_told_that_it_is_the_own_turn_and_until_when(sam: Client, asked: SubjectRequest) -> None:
    text = text_of(sam, page_of(asked))
    assert "It is your turn" in text
    assert f"{asked.proposal.last_day:%-d %B %Y}" in text
    assert "You enter what is right" in text
    assert "download" not in text.lower()


def test_sam_sees_every_rectifiable_field_with_its_present_value(sam: Client, asked: SubjectRequest) -> None:
    text = text_of(sam, page_of(asked, "correct/"))
    for row in correctable.rows(asked):
        for field in row.fields:
            assert field.label in text
            assert field.says in text
    assert "Password" not in text


@pytest.mark.parametrize("under", ["correct/", "correct/check/", "correct/statement/"])
def test_mallory_sees_nothing_of_it(mallory: Client, asked: SubjectRequest, under: str) -> None:
    assert mallory.get(page_of(asked, under)).status_code == 404


def test_mallory_cannot_enter_a_value(mallory: Client, asked: SubjectRequest) -> None:
    assert mallory.post(row_url(asked), present(asked, nickname="Mallory")).status_code == 404


def test_what_sam_enters_is_kept_and_sent_once(sam: Client, asked: SubjectRequest) -> None:
    before = account(asked)
    assert sam.post(row_url(asked), present(asked, nickname="Samira")).status_code == 302
    assert "Samira" in text_of(sam, page_of(asked, "correct/"))
    assert "Samira" in text_of(sam, page_of(asked, "correct/check/"))
    assert not asked.corrections.exists()
    sam.post(page_of(asked, "correct/check/"))
    row = asked.corrections.get()
    assert (row.field, row.text("proposed"), row.place) == ("nickname", "Samira", before.place)
    assert sam.get(page_of(asked, "correct/"))["Location"] == page_of(asked)


def test_an_error_names_the_field_and_loses_nothing(sam: Client, asked: SubjectRequest) -> None:
    response = sam.post(row_url(asked), present(asked, language="no language", nickname="Samira"))
    page = response.content.decode()
    assert response.status_code == 200
    assert "Language: " in page
    assert 'href="#field-language"' in page
    assert 'value="no language"' in page
    assert 'value="Samira"' in page
    assert "Error:" in page


def test_the_address_of_the_account_is_not_offered_and_sam_reads_why(sam: Client, asked: SubjectRequest) -> None:
    assert "proof that the new one is yours" in text_of(sam, page_of(asked, "correct/"))
    sam.post(row_url(asked), present(asked, email="mallory@example.com"))
    assert "Nothing is changed yet" in text_of(sam, page_of(asked, "correct/"))


def test_a_value_that_is_blanked_out_is_asked_for(sam: Client, asked: SubjectRequest) -> None:
    page = sam.post(row_url(asked), present(asked, nickname="")).content.decode()
    assert "Nickname: Enter a value." in page


def test_an_unchanged_form_proposes_nothing(sam: Client, asked: SubjectRequest) -> None:
    sam.post(row_url(asked), present(asked))
    assert "Nothing is changed yet" in text_of(sam, page_of(asked, "correct/"))
    assert sam.get(page_of(asked, "correct/check/"))["Location"] == page_of(asked, "correct/")


def test_a_value_can_be_taken_back_before_it_is_sent(sam: Client, asked: SubjectRequest) -> None:
    sam.post(row_url(asked), present(asked, nickname="Samira"))
    sam.post(row_url(asked), present(asked))
    assert "Nothing is changed yet" in text_of(sam, page_of(asked, "correct/"))


def test_what_is_missing_is_said_in_words(sam: Client, asked: SubjectRequest) -> None:
    sam.post(page_of(asked, "correct/statement/"), {"statement": "I was a member since 2019."})
    sam.post(page_of(asked, "correct/check/"))
    asked.refresh_from_db()
    assert asked.statement() == "I was a member since 2019."
    assert "I was a member since 2019." in text_of(sam, page_of(asked))


def test_new_values_lie_sealed_in_the_session(sam: Client, asked: SubjectRequest) -> None:
    sam.post(row_url(asked), present(asked, nickname="Canary-51d2"))
    assert "Canary" not in str(dict(sam.session))


def test_a_row_of_somebody_else_is_not_there(sam: Client, asked: SubjectRequest) -> None:
    assert sam.get(page_of(asked, f"correct/{'0' * 64}/")).status_code == 404


def test_sam_reads_before_and_after_when_it_is_done(
    sam: Client, asked: SubjectRequest, world: World, dana: Actor
) -> None:
    before = next(field.says for field in account(asked).fields if field.name == "nickname")
    sam.post(row_url(asked), present(asked, nickname="Samira"))
    sam.post(page_of(asked, "correct/check/"))
    assert "We look at it." in text_of(sam, page_of(asked))
    rectification.decide(asked.corrections.get(), accepted=True, words="", by=dana, at=world.at)
    world.work(State.DELIVERED, asked)
    text = text_of(sam, page_of(asked))
    assert before in text
    assert "Samira" in text
    assert "read back from our systems" in text
    assert "We answered you" in text


def test_a_declined_value_stands_with_its_reason(sam: Client, asked: SubjectRequest, world: World, dana: Actor) -> None:
    sam.post(row_url(asked), present(asked, nickname="Samira"))
    sam.post(page_of(asked, "correct/check/"))
    row = asked.corrections.get()
    rectification.decide(row, accepted=False, words="You chose it yourself.", by=dana, at=world.at)
    work.advance_stalled(at=world.at)
    world.work()
    text = text_of(sam, page_of(asked))
    assert "Not corrected." in text
    assert "You chose it yourself." in text
    assert "We decided about each value" in text
    assert "We corrected what we accepted" not in text


def test_a_request_that_ended_without_values_claims_no_decision(
    sam: Client, asked: SubjectRequest, world: World, clock: time_machine.Traveller
) -> None:
    world.later(days=(asked.proposal.last_day - world.at.date()).days + 1)
    assert rectification.end_next(at=world.at)
    text = text_of(sam, page_of(asked))
    assert "We answered you" in text
    assert "We corrected" not in text
    assert "We decided" not in text


def test_a_frozen_account_shows_no_values(sam: Client, asked: SubjectRequest, world: World) -> None:
    holds.freeze(asked, at=world.at)
    assert sam.get(page_of(asked, "correct/"))["Location"] == page_of(asked)
    assert account(asked).fields[0].says not in text_of(sam, page_of(asked))


def test_while_frozen_nobody_is_told_that_values_are_looked_at_before_any_were_sent(
    sam: Client, asked: SubjectRequest, world: World
) -> None:
    freeze = holds.freeze(asked, at=world.at)
    text = text_of(sam, page_of(asked))
    assert freeze
    assert "You enter what is right" in text
    assert "Nothing can be entered while the account is frozen." in text
    assert "A person here looks at each value you entered" not in text


def test_values_that_were_sent_are_looked_at_whatever_is_frozen(
    sam: Client, asked: SubjectRequest, world: World
) -> None:
    sam.post(row_url(asked), present(asked, nickname="Samira"))
    sam.post(page_of(asked, "correct/check/"))
    holds.freeze(asked, at=world.at)
    text = text_of(sam, page_of(asked))
    assert "A person here looks at each value you entered" in text
    assert "Nothing can be entered" not in text


def test_who_was_asked_late_reads_that_the_answer_comes_later(sam: Client, asked: SubjectRequest) -> None:
    later = "You have until then, even if our answer comes later than promised."
    assert later not in text_of(sam, page_of(asked))
    SubjectRequest.objects.filter(pk=asked.pk).update(due_on=asked.proposal.last_day)
    assert later in text_of(sam, page_of(asked))


def test_a_coded_value_is_chosen_by_its_meaning() -> None:
    plan = FieldMap(category="user", rectifiable=True, type="choice", codes={"1": "Monthly", "2": "Yearly"})
    row = correctable.Row("app", "users", "Account", "", "0" * 64, "[7]", (correctable.Field("plan", "Plan", plan, 1),))
    form = RowForm(row, QueryDict("plan=2"), {})
    page = render_to_string("portal/pieces/select.html", {"field": form["plan"]})
    assert re.search(r'<option value="2" selected>Yearly<', page)
    assert "Now: Monthly" in page
    assert form.is_valid()
    assert form.changes == {"plan": "2"}
    assert not RowForm(row, QueryDict("plan=3"), {}).is_valid()

"""What shows a person's data is opened by no less than what the request needed: Mallory reads Sam's mail by now."""

import pytest
from django.core import mail

from dsr.law.actors import SUBJECT, Actor
from dsr.law.ladder import NEEDED, Rung, opened_by, reaches
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.models import Grant, Identity, Package, StepUp, SubjectRequest, SubjectSession
from dsr.steps.answering import delivery, grants, opening
from dsr.steps.asking import assertions, cancellation, ladder, sessions, verification
from dsr.steps.asking.verification import Confirmation
from dsr.steps.deciding import review
from dsr.steps.fulfilling import search
from dsr.steps.move import Conflict
from dsr.steps.permissions import Forbidden
from tests.conftest import SAM, World
from tests.lookers import looked_at
from tests.steps import scenes
from tests.steps.vouching import SAMS, needing, opened

OTHER = "sam@social.example"
MALLORYS = {"account": "jp000002", "email": "amal@example.com"}  # an account of her own


def packaged(world: World, needed: Rung, *others: str) -> SubjectRequest:
    """Sam was proven as surely as that, and the package is on offer."""
    own = scenes.packaged(world)
    SubjectRequest.objects.filter(pk=own.pk).update(proof_needed=needed)
    Identity.objects.filter(subject_request=own).update(rung=needed)
    if needed is Rung.APP:
        account = Identity(subject_request=own, kind="account", rung=needed, proven_at=world.at)
        account.seal_value(SAMS["account"])
        account.save(force_insert=True)
    package = Package.objects.get(subject_request=own)
    SubjectRequest.objects.filter(pk=own.pk).update(others_sealed=own.sealed_others(list(others)))
    own.refresh_from_db()
    package.others_sealed = package.sealed_others(list(others))
    package.save(update_fields=["others_sealed"])
    return own


def browser(world: World) -> str:
    """A session in which the mailbox was proven."""
    return str(sessions.begin("joypix", SAM, "Firefox", whole=False, at=world.at).pk)


def taken(own: SubjectRequest, world: World, *here: str, purpose: str = Grant.PAGE) -> bool:
    """Whether the mailbox's code gives a download in a browser with these sessions."""
    verification.ask_download(own, at=world.later(seconds=1))
    code = world.code()
    try:
        return grants.give(own, code, at=world.at, purpose=purpose, sessions=here)[1] is not None
    except Conflict:
        return False


@pytest.mark.parametrize("purpose", [Grant.PAGE, Grant.PROGRAM])
@pytest.mark.parametrize("needed", [Rung.SECOND, Rung.APP])
def test_whoever_reads_the_mail_alone_opens_nothing(world: World, needed: Rung, purpose: str) -> None:
    own = packaged(world, needed, OTHER)
    assert not taken(own, world, browser(world), purpose=purpose)
    assert not Grant.objects.exists()
    assert taken(packaged(world, Rung.MAILBOX), world, browser(world), purpose=purpose)


def test_a_code_to_the_other_address_on_file_opens_it_for_that_browser_and_an_hour(world: World) -> None:
    own = packaged(world, Rung.SECOND, OTHER)
    here, elsewhere = browser(world), browser(world)
    assert opening.send(own, at=world.at)
    code = world.code()
    assert mail.outbox[-1].to == [OTHER]
    assert "to see what we hold about it" in " ".join(str(mail.outbox[-1].body).split())
    assert opening.by_code(own, code[::-1], here, at=world.at) is Confirmation.WRONG
    assert opening.by_code(own, code, here, at=world.at) is Confirmation.CONFIRMED
    assert opening.by_code(own, code, elsewhere, at=world.at) is Confirmation.NONE
    assert not taken(own, world, elsewhere)
    assert taken(own, world, here)
    assert own.events.filter(tag=opening.STEPPED_UP).count() == 1
    world.later(hours=1)
    assert not taken(own, world, here)


def test_who_ends_the_session_ends_what_was_shown_in_it(world: World) -> None:
    own = packaged(world, Rung.SECOND, OTHER)
    here = browser(world)
    opening.send(own, at=world.at)
    opening.by_code(own, world.code(), here, at=world.at)
    SubjectSession.objects.update(ended_at=world.at)
    assert not taken(own, world, here)


def test_what_was_shown_for_one_request_opens_no_other(world: World) -> None:
    own, another = packaged(world, Rung.SECOND, OTHER), packaged(world, Rung.SECOND, OTHER)
    here = browser(world)
    opening.send(own, at=world.at)
    opening.by_code(own, world.code(), here, at=world.at)
    assert not taken(another, world, here)


def test_no_code_does_the_work_of_another(world: World) -> None:
    own = packaged(world, Rung.SECOND, OTHER)
    here = browser(world)
    verification.ask_download(own, at=world.at)
    mailbox = world.code()
    opening.send(own, at=world.at)
    other = world.code()
    assert opening.by_code(own, mailbox, here, at=world.at) is Confirmation.WRONG
    assert verification.spend_download(own, other, at=world.at)[0] is Confirmation.WRONG
    assert opening.by_pickup_code(own, other, here, at=world.at) is Confirmation.NONE
    assert not StepUp.objects.exists()


def test_the_mailbox_in_another_spelling_gets_no_such_code(world: World) -> None:
    own = packaged(world, Rung.SECOND, "Sam+tag@example.com")
    assert (opening.addresses(own), opening.send(own, at=world.at)) == ([], False)


def test_where_the_app_was_needed_no_code_goes_anywhere(world: World) -> None:
    own = packaged(world, Rung.APP, OTHER)
    sent = len(world.letters())
    assert (opening.addresses(own), opening.send(own, at=world.at)) == ([], False)
    assert opening.by_code(own, "22222222", browser(world), at=world.at) is Confirmation.NONE
    assert len(world.letters()) == sent


def test_the_app_opens_it_once_for_each_time_it_vouches(world: World) -> None:
    own = packaged(world, Rung.APP)
    here = browser(world)
    vouched = opened(world)
    opening.by_app(own, vouched, here, at=world.at)
    assert taken(own, world, here)
    with pytest.raises(Conflict, match="used before"):
        opening.by_app(own, vouched, browser(world), at=world.at)


@pytest.mark.parametrize("vouched", [MALLORYS, {"account": MALLORYS["account"], "email": SAM}, {"email": SAM}])
@pytest.mark.parametrize("needed", [Rung.SECOND, Rung.APP])
def test_an_account_of_mallorys_own_opens_nothing_of_sams(world: World, needed: Rung, vouched: dict[str, str]) -> None:
    """Also one for which she has confirmed Sam's address, whose mail she reads."""
    own = packaged(world, needed)
    here, mallorys = browser(world), opened(world, vouched)
    with pytest.raises(Conflict, match="another account than this request is about"):
        opening.by_app(own, mallorys, here, at=world.at)
    assert not taken(own, world, here)
    mallorys.refresh_from_db()
    assert mallorys.bound_at is None


def test_what_another_service_vouches_for_opens_nothing(world: World) -> None:
    own = packaged(world, Rung.APP)
    with pytest.raises(Conflict):
        opening.by_app(own, opened(world, controller="pixplus"), browser(world), at=world.at)


@pytest.mark.parametrize("needed", [Rung.MAILBOX, Rung.SECOND, Rung.APP])
def test_beside_an_account_that_is_known_surely_nobody_puts_another(world: World, needed: Rung) -> None:
    """Else whoever reads the mailbox later has Sam's data and her own in one answer, and opens it by her own app."""
    own = needing(world, needed)
    assertions.bind(own, opened(world), at=world.at)
    for late in (False, True):
        if late:
            world.prove(own)
        with pytest.raises(Conflict, match="another account than this request is about"):
            assertions.bind(SubjectRequest.objects.get(), opened(world, MALLORYS), at=world.at)
    assertions.bind(SubjectRequest.objects.get(), opened(world), at=world.at)  # the same once more
    assert sorted(own.identities.values_list("kind", flat=True)) == ["account", "email"]


def test_beside_a_mailbox_that_two_channels_prove_nobody_puts_an_account(world: World) -> None:
    own = needing(world, Rung.SECOND)
    world.prove(own)
    Identity.objects.filter(subject_request=own).update(rung=Rung.SECOND)
    with pytest.raises(Conflict, match="another account than this request is about"):
        assertions.bind(SubjectRequest.objects.get(), opened(world, MALLORYS), at=world.at)
    assert own.identities.count() == 1


def test_what_staff_ask_for_later_lets_nobody_put_an_account_beside_the_mailbox(world: World, dana: Actor) -> None:
    """Else two people who ask for less again would have both people's data in one answer."""
    own = needing(world, Rung.SECOND)
    world.prove(own)
    Identity.objects.filter(subject_request=own).update(rung=Rung.SECOND)
    ladder.require_more(SubjectRequest.objects.get(), Rung.APP, by=dana, at=world.at)
    for vouched in (MALLORYS, {"account": MALLORYS["account"]}):
        with pytest.raises(Conflict, match="another account than this request is about"):
            assertions.bind(SubjectRequest.objects.get(), opened(world, vouched), at=world.at)
    assertions.bind(SubjectRequest.objects.get(), opened(world), at=world.at)
    assert sorted(own.identities.values_list("kind", flat=True)) == ["account", "email"]


def test_an_identifier_that_was_typed_and_never_proven_is_nobodys_account(world: World) -> None:
    """Else Mallory names her own account beside Sam's mailbox, and lets her app open the answer."""
    own = packaged(world, Rung.APP)
    Identity.objects.filter(subject_request=own).update(rung=Rung.MAILBOX)
    typed = Identity(subject_request=own, kind="account", rung=Rung.APP)
    typed.seal_value(MALLORYS["account"])
    typed.save(force_insert=True)
    with pytest.raises(Conflict):
        opening.by_app(own, opened(world, MALLORYS), browser(world), at=world.at)


def test_two_people_agree_that_less_opens_it_and_no_plan_grows(
    world: World, dana: Actor, eli: Actor, devi: Actor
) -> None:
    own = packaged(world, Rung.APP)
    assert ladder.lower(own) == [Rung.MAILBOX, Rung.SECOND]
    ladder.propose_less(own, Rung.MAILBOX, reason="The account is closed; she called back.", by=dana, at=world.at)
    assert not taken(own, world, browser(world))
    with pytest.raises(Forbidden):
        ladder.agree(own, by=devi, at=world.at)  # an agent
    ladder.agree(own, by=eli, at=world.at)
    own.refresh_from_db()
    assert (own.proof_needed, own.proof_to_open) == (Rung.APP, Rung.MAILBOX)
    Identity.objects.filter(subject_request=own).update(rung=Rung.MAILBOX)
    assert search.proven(SubjectRequest.objects.get(pk=own.pk)) == {}
    assert taken(own, world, browser(world))
    assert list(own.events.filter(tag__startswith="opening:").values_list("tag", flat=True)) == list(ladder.TO_OPEN)


def test_what_was_proposed_before_the_decision_lowers_nothing_after_it(world: World, dana: Actor, eli: Actor) -> None:
    own = packaged(world, Rung.APP)
    SubjectRequest.objects.filter(pk=own.pk).update(state=State.VERIFIED)
    own.refresh_from_db()
    ladder.propose_less(own, Rung.MAILBOX, reason="She cannot sign in.", by=dana, at=world.at)
    SubjectRequest.objects.filter(pk=own.pk).update(state=State.PACKAGED)
    own.refresh_from_db()
    assert ladder.proposed(own) is None
    with pytest.raises(Forbidden, match="Nobody has proposed"):
        ladder.agree(own, by=eli, at=world.at)
    ladder.propose_less(own, Rung.SECOND, reason="The app is gone.", by=dana, at=world.at)  # a proposal of its own
    ladder.decline(own, by=eli, at=world.at)
    assert own.lowerings.count() == 1


@pytest.mark.parametrize("state", [State.REFUSED, State.CANCELLED])
def test_where_nothing_can_be_opened_nobody_proposes_that_less_does(world: World, dana: Actor, state: State) -> None:
    own = packaged(world, Rung.APP)
    SubjectRequest.objects.filter(pk=own.pk).update(state=state)
    own.refresh_from_db()
    with pytest.raises(Conflict, match="more than the mailbox"):
        ladder.propose_less(own, Rung.MAILBOX, reason="She called.", by=dana, at=world.at)


@pytest.mark.parametrize("needed", NEEDED)
@pytest.mark.parametrize("right", Right)
def test_what_shows_data_is_opened_by_what_was_needed_and_no_erasure_asks_for_an_account_that_is_gone(
    right: Right, needed: Rung
) -> None:
    opens = opened_by(right, needed)
    shows = right in {Right.ACCESS, Right.PORTABILITY, Right.RECTIFICATION}
    assert opens == (needed if shows else Rung.MAILBOX)
    assert reaches(needed, opens)


def needing_a_second(world: World, dana: Actor) -> SubjectRequest:
    """Accepted, and a code went to an address that is in no row any more."""
    own = world.file(Right.ACCESS)
    world.prove(own)
    SubjectRequest.objects.filter(pk=own.pk).update(
        proof_needed=Rung.SECOND, others_sealed=own.sealed_others(["sam@elsewhere.example"])
    )
    Identity.objects.filter(subject_request=own).update(rung=Rung.SECOND)
    own = SubjectRequest.objects.get(pk=own.pk)
    review.accept(own, by=dana, at=world.at)
    return own


def test_only_an_address_that_was_on_file_before_the_proof_opens_the_answer(world: World, dana: Actor) -> None:
    """Not what Mallory puts on the account while the answer is made; nor is one lost that staff leave out of it."""
    own = needing_a_second(world, dana)
    looked_at(own, lambda: world.work(State.APPROVED, own), world.at)
    world.work(State.PACKAGED, own)
    assert own.packages.get().others() == ["sam@elsewhere.example", OTHER]  # who is told
    assert opening.addresses(own) == ["sam@elsewhere.example"]
    assert "once more to show that it is you" in " ".join(world.letters()[-1].split())


def test_the_addresses_are_forgotten_with_the_package(world: World) -> None:
    own = packaged(world, Rung.SECOND, OTHER)
    world.later(days=60)
    while delivery.end_offer_next(at=world.at) or delivery.expire_next(at=world.at):
        pass
    own = SubjectRequest.objects.get()
    assert (own.state, own.others_sealed) == (State.DELIVERED, "")


def test_the_addresses_are_forgotten_when_the_request_ends_without_an_answer(world: World, dana: Actor) -> None:
    own = needing_a_second(world, dana)
    assert own.others() == ["sam@elsewhere.example"]
    cancellation.cancel(own, by=SUBJECT, at=world.at)
    assert SubjectRequest.objects.get(pk=own.pk).others_sealed == ""

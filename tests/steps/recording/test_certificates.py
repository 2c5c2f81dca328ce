"""A closed request gets a certificate that says what was done, names nobody, and proves its place in the record."""

from collections.abc import Callable
from typing import Any

import pytest

from dsr.law.actors import SUBJECT, Actor
from dsr.law.grounds import Ground
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.models import Certificate, Event, Setback, SubjectRequest
from dsr.record import certificate, tree
from dsr.steps import setbacks, sweeping
from dsr.steps.asking import cancellation, verification
from dsr.steps.deciding import review
from dsr.steps.recording import certificates, proving, record, sequencer, signing
from tests.conftest import SAM, World
from tests.steps import scenes, taking


def certified(subject_request: SubjectRequest, world: World) -> dict[str, Any]:
    """What the certificate states, once it was checked with public keys alone."""
    sequencer.sequence(at=world.later(seconds=15))
    sweeping.certify(at=world.at)
    jws = Certificate.objects.get(subject_request=subject_request).jws
    return certificate.verify(jws, signing.certificate_keys(), signing.log_keys()).statement


@pytest.fixture
def erased(answered: Callable[..., SubjectRequest], world: World) -> SubjectRequest:
    """Sam's erasure, carried out and taken."""
    subject_request = answered(Right.ERASURE)
    list(taking.taken(subject_request, at=world.at))
    return subject_request


def test_an_erasure_states_what_was_erased_and_what_is_kept_why_and_until_when(
    erased: SubjectRequest, world: World
) -> None:
    stated = certified(erased, world)
    database = next(system for system in stated["systems"] if system["system"] == "app-database")
    rows = {row["collection"]: row for row in database["collections"]}
    kept = [each for row in rows.values() for each in row.get("kept", [])]
    assert (stated["reference"], stated["right"], stated["state"]) == (erased.reference, "erasure", "delivered")
    assert (stated["controller"]["name"], stated["channel"]) == ("JoyPix", "web")
    assert rows["users"]["found"] == 1
    assert any(row["erased"] == row["found"] > 0 for row in rows.values())
    assert kept
    assert all(each["count"] and each["ground"] and each["citation"] for each in kept)
    assert any(each["until"] for each in kept)
    assert stated["manifest"] == erased.manifest.digest
    assert [package["sha256"] for package in stated["packages"]] == [erased.packages.get().sha256]


def test_an_access_states_what_was_found_and_the_digest_of_the_package(
    answered: Callable[..., SubjectRequest], world: World
) -> None:
    subject_request = answered(Right.ACCESS)
    list(taking.taken(subject_request, at=world.at))
    stated = certified(subject_request, world)
    assert {system["system"] for system in stated["systems"] if system.get("collections")} >= {"app-database"}
    assert [package["sha256"] for package in stated["packages"]] == [subject_request.packages.get().sha256]
    assert stated["received_on"] == "2026-11-03"
    assert stated["promised_by"] > stated["received_on"]


def test_it_holds_nothing_of_the_person(erased: SubjectRequest, world: World) -> None:
    found = [identity.value() for identity in erased.identities.all()]
    text = str(certified(erased, world))
    assert [value for value in (*found, SAM, "jp000001", str(erased.pk)) if value in text] == []


def test_what_staff_wrote_about_a_system_left_out_is_not_in_it(world: World, dana: Actor) -> None:
    subject_request = scenes.accepted(world, dana, Right.ACCESS)
    world.work(State.PACKAGED, subject_request)
    subject_request.items.filter(system="media-store").update(outcome="failed", note="Sam's sister owns it")
    list(taking.taken(subject_request, at=world.at))
    stated = certified(subject_request, world)
    assert {system["outcome"] for system in stated["systems"] if system["system"] == "media-store"} == {"failed"}
    assert "sister" not in str(stated)


def test_a_refusal_states_its_ground_and_citation(world: World, dana: Actor) -> None:
    subject_request = world.file(Right.ACCESS)
    world.prove(subject_request)
    review.refuse(subject_request, ground=Ground.IDENTITY_NOT_PROVEN, by=dana, at=world.at)
    stated = certified(subject_request, world)
    assert stated["state"] == "refused"
    assert stated["refused"]["ground"] == "identity_not_proven"
    assert stated["refused"]["citation"]
    assert "systems" not in stated


def test_a_request_cancelled_after_its_search_states_what_was_found_and_that_nothing_was_done(
    world: World, dana: Actor
) -> None:
    subject_request = scenes.searched(world, dana)
    cancellation.cancel(subject_request, by=SUBJECT, at=world.at)
    stated = certified(subject_request, world)
    assert stated["state"] == "cancelled"
    assert {row["erased"] for system in stated["systems"] for row in system.get("collections", [])} == {0}


def test_a_lapsed_request_gets_none_for_nobody_was_proven(world: World) -> None:
    subject_request = world.file(Right.ACCESS)
    world.later(days=8)
    while verification.lapse_next(at=world.at):
        pass
    subject_request.refresh_from_db()
    sequencer.sequence(at=world.at)
    assert subject_request.state == State.LAPSED
    assert sweeping.certify(at=world.at) == 0


def test_an_open_request_gets_none(world: World) -> None:
    world.prove(world.file(Right.ACCESS))
    sequencer.sequence(at=world.at)
    assert sweeping.certify(at=world.at) == 0


def test_it_waits_for_the_checkpoint_over_the_closing_event(world: World) -> None:
    first = world.file(Right.PROCESSING_INFORMATION)
    sequencer.sequence(at=world.at)
    second = world.file(Right.PROCESSING_INFORMATION)
    sequencer.sequence(at=world.later(seconds=1))
    sweeping.certify(at=world.at)
    assert list(Certificate.objects.values_list("subject_request", flat=True)) == [first.pk]
    assert certified(second, world)["reference"] == second.reference


def test_it_is_issued_once_and_that_is_an_event(erased: SubjectRequest, world: World) -> None:
    certified(erased, world)
    assert sweeping.certify(at=world.later(seconds=15), since=0) == 0
    events = Event.objects.filter(tag="certificate:issued", subject_request=erased)
    assert [event.details["position"] for event in events] == [Certificate.objects.get().position]


def test_the_entry_it_names_is_that_of_the_closing_event(erased: SubjectRequest, world: World) -> None:
    placed = certified(erased, world)["record"]
    closing = erased.events.get(moved_to="delivered")
    assert (placed["position"], placed["leaf"]) == (closing.sequenced.position, closing.leaf)
    assert closing.tag == "package:downloaded"


def test_downloading_again_after_the_end_changes_nothing_of_it(erased: SubjectRequest, world: World) -> None:
    list(taking.taken(erased, at=world.at))
    assert certified(erased, world)["record"]["position"] == erased.events.get(moved_to="delivered").sequenced.position


def test_one_that_was_missed_is_issued_by_the_hourly_look(world: World) -> None:
    world.file(Right.PROCESSING_INFORMATION)
    sequencer.sequence(at=world.at)
    world.later(hours=2)
    assert sweeping.certify(at=world.at) == 0
    assert sweeping.certify(at=world.at, since=0) == 1


def spoil(*requests: SubjectRequest) -> None:
    """Nothing can be stated of them any more."""
    pks = [each.pk for each in requests]
    SubjectRequest.objects.filter(pk__in=pks).update(state=State.REFUSED, ground="no such ground")


def test_a_request_that_cannot_be_certified_does_not_hide_those_behind_it(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    broken, sound = (world.file(Right.PROCESSING_INFORMATION) for _ in range(2))
    spoil(broken)
    assert certified(sound, world)["reference"] == sound.reference
    assert not Certificate.objects.filter(subject_request=broken).exists()
    assert f"{broken.reference}, times: 1: ValueError at" in caplog.text


def test_what_could_not_be_certified_is_tried_again_after_a_pause(world: World) -> None:
    broken = world.file(Right.PROCESSING_INFORMATION)
    spoil(broken)
    sequencer.sequence(at=world.later(seconds=15))
    sweeping.sweep(lambda: world.at, seconds=0)
    assert (broken.setback.tries, broken.setback.note) == (1, "ValueError")
    SubjectRequest.objects.filter(pk=broken.pk).update(ground=Ground.IDENTITY_NOT_PROVEN)
    assert sweeping.certify(at=world.later(seconds=1)) == 0
    sweeping.sweep(lambda: world.later(seconds=1), seconds=0)
    assert Certificate.objects.get().subject_request == broken
    assert not Setback.objects.exists()


def test_each_time_that_a_certificate_goes_wrong_counts_and_lengthens_the_pause(world: World) -> None:
    broken = world.file(Right.PROCESSING_INFORMATION)
    spoil(broken)
    sequencer.sequence(at=world.later(seconds=15))
    pauses = []
    for _ in range(14):
        assert sweeping.certify(at=world.at, since=0) == 1
        setback = Setback.objects.get(subject_request=broken)
        pauses.append((setback.not_before - world.at).total_seconds())
        world.at = setback.not_before
    assert setback.tries == 14
    assert pauses == [*(2.0**tries for tries in range(1, 12)), 3600, 3600, 3600]


def test_what_went_wrong_before_comes_behind_what_never_did(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeping, "CERTIFICATES", 2)
    *broken, sound = (world.file(Right.PROCESSING_INFORMATION) for _ in range(4))
    spoil(*broken)
    sequencer.sequence(at=world.later(seconds=15))
    tried = []
    for _ in range(3):
        sweeping.certify(at=world.later(hours=2), since=0)
        tried.append(sum(Setback.objects.values_list("tries", flat=True)))
    assert tried == [2, 3, 5]
    assert Certificate.objects.get().subject_request == sound


def test_a_setback_that_is_over_is_forgotten(world: World) -> None:
    broken, moved = (world.file(Right.PROCESSING_INFORMATION) for _ in range(2))
    spoil(broken)
    sequencer.sequence(at=world.later(seconds=15))
    sweeping.certify(at=world.at)
    Setback.objects.create(subject_request=moved, state=State.ACCEPTED, not_before=world.at)
    setbacks.forget_past()
    assert Setback.objects.get().subject_request == broken


def test_a_path_reads_only_the_leaves_since_an_earlier_checkpoint(world: World) -> None:
    """The same path as from all leaves, for every place and several sizes."""
    subject_request = world.file(Right.PROCESSING_INFORMATION)
    for number in range(24):
        record.write(subject_request, "request:seen", by=SUBJECT, at=world.at)
        if number % 5 == 0:
            sequencer.sequence(at=world.later(seconds=11))
    sequencer.sequence(at=world.later(seconds=11))
    leaves = list(Event.objects.order_by("id").values_list("leaf", flat=True))
    covering = sequencer.newest()
    assert covering is not None
    for position in range(covering.size):
        path = proving.proof(position, covering).path
        assert list(path) == tree.inclusion(position, covering.size, tree.over(leaves))


def test_taking_it_is_an_event(erased: SubjectRequest, world: World) -> None:
    assert certificates.take(erased, by=SUBJECT, at=world.at) is None
    certified(erased, world)
    found = certificates.take(erased, by=SUBJECT, at=world.at)
    assert found == Certificate.objects.get()
    assert Event.objects.filter(tag="certificate:downloaded", subject_request=erased).count() == 1


def test_one_sweep_of_a_worker_is_enough(erased: SubjectRequest, world: World) -> None:
    at = world.later(seconds=10)  # after the checkpoint over the package
    sweeping.sweep(lambda: at, seconds=0)
    assert Certificate.objects.get().issued_at == at

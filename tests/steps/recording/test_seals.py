"""Each package carries the proof that the record names its digest, made in the moment in which it is packed."""

import io
import zipfile
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from dsr.datamap.schema import IdentityKind
from dsr.law.actors import PORTAL, SUBJECT, Actor
from dsr.law.rights import Right
from dsr.law.work import ItemState, Kind
from dsr.models import Checkpoint, Event, Leaf, PlanItem, SubjectRequest, installer
from dsr.package import brought, report
from dsr.package.verification import authenticate
from dsr.record import package_seal, tree
from dsr.record.note import Unverified
from dsr.steps import work
from dsr.steps.asking import intake
from dsr.steps.recording import record, seals, sequencer, signing
from tests.conftest import NOW, SAM, World
from tests.steps import scenes, taking

DIGEST = "ab" * 32


@pytest.fixture
def asked(db: None) -> SubjectRequest:
    """Sam's request."""
    return intake.receive(intake.Intake("joypix", Right.ACCESS, ((IdentityKind.EMAIL, SAM),)), by=SUBJECT, at=NOW)


def genuine(jws: str, digest: str = DIGEST) -> package_seal.Genuine:
    return package_seal.verify(jws, digest, [*signing.certificate_keys(), *signing.log_keys()])


@pytest.mark.parametrize("right", [Right.ACCESS, Right.PORTABILITY, Right.ERASURE])
def test_every_kind_of_package_is_sealed_and_names_its_entry_of_the_record(
    answered: Callable[..., SubjectRequest], world: World, right: Right
) -> None:
    subject_request = answered(right)
    content = b"".join(taking.taken(subject_request, at=world.at))
    with brought.zipped(io.BytesIO(content)) as package:
        checked = authenticate(package, [*signing.certificate_keys(), *signing.log_keys()])
    event = subject_request.events.get(tag="package:sealed")
    assert (checked.seal.position, checked.seal.leaf) == (event.sequenced.position, event.leaf)
    assert seals.in_record(checked.seal)
    assert checked.seal.statement["digest"] == event.details["digest"]
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        assert package.namelist()[-1].endswith("/package.jws")
        seal = package.read(package.namelist()[-1]).decode()
    assert SAM not in str(genuine(seal, event.details["digest"]).statement)


def test_the_proof_is_right_wherever_the_entry_stands(asked: SubjectRequest) -> None:
    for number in range(20):
        for _ in range(number % 7):
            record.write(asked, "request:seen", by=SUBJECT, at=NOW)
        seal = genuine(seals.seal(asked, 1, DIGEST, at=NOW))
        assert seal.head.size == seal.position + 1 == Leaf.objects.count()
    assert seal.head.root == tree.root(Leaf.objects.order_by("position").values_list("hash", flat=True))


def test_what_came_while_it_was_packed_stands_under_the_same_checkpoint(asked: SubjectRequest) -> None:
    sequencer.sequence(at=NOW)
    with transaction.atomic():
        event = record.write(asked, "package:sealed", by=PORTAL, at=NOW, version=1, digest=DIGEST)
        after = [record.write(asked, "request:seen", by=SUBJECT, at=NOW) for _ in range(5)]
        proof = sequencer.prove_now(event, at=NOW)
    head = proof.require(event.leaf, signing.log_keys())
    assert head.size == proof.position + 1 + len(after)


def test_thousands_that_wait_are_signed_first(asked: SubjectRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sequencer, "BATCH", 4)
    for _ in range(10):
        record.write(asked, "request:seen", by=SUBJECT, at=NOW)
    seal = genuine(seals.seal(asked, 1, DIGEST, at=NOW))
    assert seal.position == Event.objects.count() - 1
    assert not Event.objects.filter(sequenced=None).exists()


def test_a_seal_fits_one_package_alone(asked: SubjectRequest) -> None:
    with pytest.raises(Unverified, match="another package"):
        genuine(seals.seal(asked, 1, DIGEST, at=NOW), "cd" * 32)


def test_a_seal_costs_few_questions_however_old_the_record_is(asked: SubjectRequest) -> None:
    seals.seal(asked, 1, DIGEST, at=NOW)
    for _ in range(60):
        record.write(asked, "request:seen", by=SUBJECT, at=NOW)
    seals.seal(asked, 1, DIGEST, at=NOW)
    with CaptureQueriesContext(connection) as few:
        seals.seal(asked, 1, DIGEST, at=NOW)
    assert len([row for row in few if row["sql"].startswith(("SELECT", "INSERT", "UPDATE"))]) <= 8


def test_while_the_record_is_not_as_it_was_signed_no_package_is_sealed_and_a_person_is_told(
    world: World, dana: Actor
) -> None:
    subject_request = scenes.accepted(world, dana, Right.ACCESS)
    sequencer.sequence(at=world.at)
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER dsr_leaf_no_delete")
    Leaf.objects.latest("position").delete()
    installer.install(connection)
    world.work()
    item = subject_request.items.get(kind=Kind.ASSEMBLE)
    assert item.state == ItemState.QUARANTINED
    assert "not as it was signed" in item.note
    assert not subject_request.packages.exists()
    assert not subject_request.events.filter(tag="package:sealed").exists()


def test_a_backlog_gets_its_places_before_the_seals_own_transaction(asked: SubjectRequest) -> None:
    written = [record.write(asked, "request:seen", by=SUBJECT, at=NOW) for _ in range(4)]
    with pytest.MonkeyPatch.context() as small:
        small.setattr(sequencer, "BATCH", 2)
        sequencer.catch_up(at=NOW)
    assert Leaf.objects.filter(event__in=written).count() == len(written)
    assert not Event.objects.filter(sequenced=None).exists()


def test_a_checkpoint_is_never_dated_before_the_one_before_it(asked: SubjectRequest) -> None:
    seals.seal(asked, 1, DIGEST, at=NOW)
    seals.seal(asked, 2, DIGEST, at=NOW - timedelta(minutes=70))  # by work that began so long ago
    assert [each.at for each in Checkpoint.objects.order_by("size")] == [NOW, NOW]


def test_a_worker_that_was_fenced_off_leaves_no_seal_in_the_record(
    world: World, dana: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject_request = scenes.accepted(world, dana, Right.ACCESS)
    scenes.work_on(world, subject_request, Kind.FIND)
    item = scenes.item_of(subject_request, Kind.ASSEMBLE)

    def slow(_: str) -> bytes:
        PlanItem.objects.filter(pk=item.pk).update(fence=F("fence") + 1)  # its time was over
        return b"%PDF-"

    monkeypatch.setattr(report, "render", slow)
    assert work.do_next(at=world.at)
    assert not subject_request.events.filter(tag="package:sealed").exists()
    assert not subject_request.packages.exists()

"""Keys change while processes write and read: every key of every role, and nobody meets a text that does not open."""

import multiprocessing
from collections.abc import Callable
from multiprocessing.queues import SimpleQueue
from multiprocessing.synchronize import Event
from pathlib import Path
from uuid import uuid4

import pytest
from pytest_django import Settings

from dsr.law.work import Kind
from dsr.models import PlanItem, sealed
from dsr.record.note import SigningKey
from dsr.sealing import fields, keyring
from dsr.sealing.fields import Unsealable
from dsr.sealing.keyring import KeysMissing, Ring, Role
from dsr.steps.fulfilling import calling, execution

FORK = multiprocessing.get_context("fork")  # a process beside this one, which has read the keys of before
CHANGES = 3
MANY = 50_000  # texts, more than lie between two processes
SEALS = (Role.FIELDS, Role.FILES, Role.PACKAGES)
Write = Callable[[Ring], str]
Read = Callable[[Ring, str], bool]


@pytest.fixture
def folder(tmp_path: Path, settings: Settings) -> Path:
    """The keys of an installation of its own."""
    settings.DSR_KEYS = tmp_path / "keys"
    keyring.make(settings.DSR_KEYS)
    return tmp_path / "keys"


def ways(role: Role) -> tuple[Write, Read]:
    """How this role's keys are used."""
    if role in SEALS:
        return (
            lambda ring: fields.seal(ring, b"Sam", "row/1"),
            lambda ring, text: fields.unseal(ring, text, "row/1") == b"Sam",
        )
    if role in keyring.SIGNING:
        return (
            lambda ring: SigningKey("rights.example/audit", ring.key(ring.current)).verifier.public.hex(),
            lambda ring, text: (
                text in {SigningKey("rights.example/audit", key).verifier.public.hex() for key in ring.keys.values()}
            ),
        )
    return (
        lambda ring: fields.keyed_hash(ring, "email", "sam@example.com"),
        lambda ring, text: text in fields.keyed_hashes(ring, "email", "sam@example.com"),
    )


def writes(role: Role, over: Event, texts: "SimpleQueue[tuple[str, str]]") -> None:
    """One process: as fast as it can, by the key that is current in its eyes."""
    try:
        while not over.is_set():
            ring = sealed.ring(role)
            texts.put((ring.current, ways(role)[0](ring)))
    finally:
        texts.put(("", ""))


def reads(role: Role, texts: "SimpleQueue[tuple[str, str]]", told: "SimpleQueue[str]") -> None:
    """Another one: opens each of them, and says by which key it was made, or what went wrong."""
    while (got := texts.get())[0]:
        try:
            well = ways(role)[1](sealed.ring(role), got[1])
        except (KeysMissing, Unsealable):
            well = False
        told.put(got[0] if well else f"{got[0]} does not open")
    told.put("")


@pytest.mark.parametrize("role", Role)
def test_a_key_is_changed_under_load_without_a_read_error(folder: Path, role: Role) -> None:
    texts, told, over = FORK.SimpleQueue(), FORK.SimpleQueue(), FORK.Event()
    writing = FORK.Process(target=writes, args=(role, over, texts), daemon=True)
    reading = FORK.Process(target=reads, args=(role, texts, told), daemon=True)
    writing.start()
    reading.start()
    heard = [told.get()]
    while heard[-1] == f"k{len(heard)}" and len(heard) <= CHANGES:
        keyring.add(folder, role)
        heard.append(next((kid for _ in range(MANY) if (kid := told.get()) != heard[-1]), "the same for ever"))
    over.set()
    rest = set(iter(told.get, ""))
    for process in (writing, reading):
        process.join()
    assert heard == [f"k{number}" for number in range(1, CHANGES + 2)]
    assert rest <= {heard[-1]}


def test_a_key_that_waits_opens_what_other_machines_seal_and_seals_nothing_yet(folder: Path) -> None:
    assert keyring.add(folder, Role.FIELDS, waits=True) == "k2"
    there = Ring("k2", keyring.read(folder, Role.FIELDS).keys)  # a machine that is further on
    assert sealed.ring(Role.FIELDS).current == "k1"
    assert fields.unseal(sealed.ring(Role.FIELDS), fields.seal(there, b"Sam", "row/1"), "row/1") == b"Sam"
    assert keyring.add(folder, Role.FIELDS) == "k2"  # its turn; no third one is made
    assert sealed.ring(Role.FIELDS) == there


def test_in_the_environment_too_a_key_waits_behind_its_sign(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    line = {kid: f"{kid}:{'A' * 42}{kid[1]}=" for kid in ("k0", "k4", "k8")}  # 32 bytes each
    monkeypatch.setenv("DSR_KEY_CODES", f"+{line['k8']}, {line['k4']}, {line['k0']}")
    ring = sealed.ring(Role.CODES)
    assert (ring.oldest, ring.current, ring.newest) == ("k0", "k4", "k8")


def test_an_effect_that_is_tried_again_after_a_change_of_keys_is_the_same_to_its_system(folder: Path) -> None:
    begun = PlanItem(kind=Kind.ERASE, system="app")
    told = (execution.effect_key(begun, 1), calling.address(begun))
    keyring.add(folder, Role.EFFECTS)
    assert (execution.effect_key(begun, 1), calling.address(begun)) == told
    newer = PlanItem(id=begun.pk, kind=Kind.ERASE, system="app")
    assert newer.effects_kid == "k2"
    assert execution.effect_key(newer, 1) != told[0]


def test_an_item_of_before_items_named_their_key_has_the_oldest_one(folder: Path) -> None:
    before = PlanItem(id=uuid4(), kind=Kind.ERASE, system="app")
    told = execution.effect_key(before, 1)
    keyring.add(folder, Role.EFFECTS)
    before.effects_kid = ""
    assert execution.effect_key(before, 1) == told


def test_what_tables_are_joined_by_stays_the_same_when_the_key_of_look_ups_changes(folder: Path) -> None:
    before = sealed.folded("email", "Sam@example.com")
    keyring.add(folder, Role.LOOKUP)
    assert sealed.folded("email", "sam@example.com") == before
    assert before in sealed.held_by("email", "sam@example.com")
    assert sealed.lookup("email", "sam@example.com") != before

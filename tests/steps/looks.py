"""Answers that wait for a look, and what is in their packages."""

import io
from zipfile import ZipFile

import pytest

from dsr.connectors.contract import Batch
from dsr.law.actors import Actor
from dsr.law.grounds import Ground
from dsr.law.rights import Right
from dsr.law.states import State
from dsr.law.work import Kind
from dsr.models import SubjectRequest
from dsr.steps import maps
from dsr.steps.deciding import looking, redacting
from dsr.steps.fulfilling import parts
from tests.conftest import World
from tests.steps import scenes, taking

WHY = "Two other people speak here."


def ask_for(monkeypatch: pytest.MonkeyPatch, people: str, right: Right = Right.ACCESS, slug: str = "joypix") -> None:
    """From now on so many people look at these answers of a controller."""
    real = maps.controller(slug)
    asking = real.controller.model_copy(update={"release": {right: people}})
    changed = {**maps.controllers(), slug: real.model_copy(update={"controller": asking})}
    monkeypatch.setattr(maps, "controllers", lambda: changed)


def waiting(world: World, dana: Actor, right: Right = Right.PORTABILITY, slug: str = "pixplus") -> SubjectRequest:
    """Sam's request, at which nobody has looked yet."""
    subject_request = scenes.accepted(world, dana, right, slug)
    world.work(State.APPROVED, subject_request)
    assert looking.waits(subject_request)
    return subject_request


def look(subject_request: SubjectRequest, by: Actor, world: World) -> bool:
    """Look at what goes out now, and say yes."""
    return looking.look(subject_request, digest=looking.seen(subject_request), by=by, at=world.at)


def names(subject_request: SubjectRequest, system: str, collection: str) -> list[str]:
    """The records of a collection, as the desk names them."""
    item = subject_request.items.select_related("part").get(kind=Kind.FIND, system=system)
    assert item.part is not None
    described = maps.controller(subject_request.controller).systems[system].collections[collection]
    return [
        own[0]
        for batch in parts.as_found(item.part)
        if isinstance(batch, Batch) and batch.collection == collection
        for own in redacting.row_names(subject_request, system, batch, described)
    ]


def mark(place: str, *rows: str, field: str = "", words: str = WHY) -> redacting.Mark:
    """Something to leave out, because of others' rights."""
    system, _, collection = place.partition(".")
    return redacting.Mark(system, collection, rows, field, Ground.RIGHTS_OF_OTHERS, words)


def package(subject_request: SubjectRequest, world: World) -> dict[str, bytes]:
    """What Sam has in hand."""
    whole = b"".join(taking.taken(subject_request, at=world.at))
    with ZipFile(io.BytesIO(whole)) as opened:
        return {name.partition("/")[2]: opened.read(name) for name in opened.namelist() if not name.endswith("/")}

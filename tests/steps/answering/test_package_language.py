"""Sam asked in Chinese: the package that workers put together is in Chinese, whatever they speak otherwise."""

import io
import json
from collections.abc import Callable
from zipfile import ZipFile

from django.utils import translation

from dsr.law.actors import Actor
from dsr.law.rights import Right
from dsr.models import SubjectRequest
from dsr.steps.answering import packaging
from tests.conftest import World
from tests.steps import scenes, taking


def test_a_package_is_in_the_language_of_its_request(world: World, dana: Actor) -> None:
    subject_request = scenes.accepted(world, dana, Right.ACCESS)
    SubjectRequest.objects.filter(pk=subject_request.pk).update(language="zh-hans")
    with translation.override("en"):
        world.work()
        assert translation.get_language() == "en"
    with ZipFile(io.BytesIO(b"".join(taking.taken(subject_request, at=world.at)))) as package:
        page = package.read(f"{subject_request.reference}/index.html").decode()
        told = json.loads(package.read(f"{subject_request.reference}/manifest.json"))
    assert '<html lang="zh-Hans" dir="ltr">' in page
    assert "JoyPix：您的数据" in page
    assert "应用数据库" in page
    assert told["facts"]["complaint"][0]["title"] == "向监管机构投诉"
    assert [system["system"] for system in told["systems"]] == sorted(system["system"] for system in told["systems"])


def test_collections_that_nothing_proven_leads_to_are_not_called_empty(
    world: World, answered: Callable[..., SubjectRequest]
) -> None:
    answer = packaging.answer_to(answered(Right.ACCESS), at=world.at)
    every = {f"{slug}.{name}" for slug, system in answer.controller.systems.items() for name in system.collections}
    assert answer.unreached <= every
    assert "app-database.users" not in answer.unreached

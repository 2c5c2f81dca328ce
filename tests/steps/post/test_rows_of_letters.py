"""Rows of facts in a letter read as its language writes them, and what is kept says until when."""

import re
from datetime import UTC, date, datetime
from typing import Any

import pytest

from dsr.law.grounds import Ground
from dsr.law.rights import Right
from dsr.law.work import ItemState, Kind, Letter, Outcome
from dsr.models import Manifest, Notice, Part, PlanItem, SubjectRequest
from dsr.steps.answering import packaging
from dsr.steps.fulfilling import manifest
from dsr.steps.post import letters
from tests.conftest import World

AT = datetime(2026, 11, 3, 9, tzinfo=UTC)
CITED = {"ground": "税法要求保留", "citation": "税法第 3 条"}
DATED = {"title": "订单", "count": 2, **CITED, "until": date(2029, 5, 1), "ours": True}
UNDATED = {**DATED, "until": ""}
THEIRS = {**DATED, "ours": False}
FIELD = {"where": "账户", "field": "姓名", "count": 2, "words": "姓名是对的"}
OTHER = {"title": "支付机构", "says": "已完成", "when": date(2027, 1, 1)}
STOPPED = {
    "title": "广告",
    "where": ["应用", "媒体库"],
    "means": "不再投放",
    "failed": ["邮件", "报表"],
    "how": "退出账户",
}
FACTS: dict[Letter, dict[str, Any]] = {
    Letter.ERASED: {
        "erased": [{"title": "设备", "count": 3}],
        "kept": [DATED, UNDATED, THEIRS, {**THEIRS, "until": ""}],
        "failed": [{"title": "媒体库", "note": "没有答复"}],
        "told": [OTHER, {**OTHER, "when": ""}],
    },
    Letter.CORRECTED: {
        "became": {
            "asked": True,
            "proposed": True,
            "fields": {state: [FIELD, {**FIELD, "count": 1}] for state in ("corrected", "failed", "declined")},
            "unsearched": [{"title": "媒体库", "note": "没有答复"}],
        }
    },
    Letter.WITHDRAWN: {"stopped": [STOPPED], "elsewhere": [{"title": "浏览器", "how": "删除 Cookie"}]},
    Letter.REFUSED: {},
}
HALF_WIDTH = re.compile(
    r"[\u4e00-\u9fff）。] ?[:;,(](?!//)|[:;,] ?[\u4e00-\u9fff（]|\)[\u4e00-\u9fff]|[\u4e00-\u9fff]\."
)


def written(letter: Letter, language: str, more: dict[str, Any]) -> tuple[str, str]:
    """The letter in both its forms."""
    asked = SubjectRequest(
        reference="R3K-2WN-P5M", controller="joypix", region="uk", right=Right.ERASURE, received_at=AT, due_on=AT
    )
    asked.ground = Ground.NOT_IDENTIFIABLE if letter is Letter.REFUSED else ""
    notice = Notice(subject_request=asked, letter=letter, language=language)
    said = letters.written(notice, letters.facts(asked, language, more))
    return said.text, re.sub(r"<[^>]*>", "", said.html.partition("<body")[2].partition(">")[2])


@pytest.mark.parametrize("letter", FACTS)
def test_a_chinese_letter_has_no_half_width_punctuation_beside_chinese_words(db: None, letter: Letter) -> None:
    for text in written(letter, "zh-hans", FACTS[letter]):
        assert [text[found.start() - 12 : found.end() + 12] for found in HALF_WIDTH.finditer(text)] == []


def test_names_and_numbers_keep_their_own_punctuation_in_a_chinese_letter(db: None) -> None:
    theirs = {"erased": [{"title": "a: b, c; d (e)", "count": 1}]}
    for text in written(Letter.ERASED, "zh-hans", theirs):
        assert "a: b, c; d (e)：1" in text


@pytest.mark.parametrize(
    ("row", "english", "chinese"),
    [
        (
            DATED,
            "Until Tuesday 1 May 2029, then we erase it by ourselves",
            "保留至 2029年5月1日（星期二），之后我们会自行删除",
        ),
        (
            UNDATED,
            "Until we have decided that it can go; no day is fixed for that",
            "保留到我们决定可以删除为止，目前没有确定的日期",
        ),
        (THEIRS, "Until Tuesday 1 May 2029", "保留至 2029年5月1日（星期二）"),
        ({**THEIRS, "until": ""}, "No day is named on which it goes", "没有说明何时删除"),
    ],
)
def test_what_is_kept_says_until_when_or_until_whose_decision(
    db: None, row: dict[str, Any], english: str, chinese: str
) -> None:
    for language, said in (("en", f". {english}\n"), ("zh-hans", f"。{chinese}\n")):
        for text in written(Letter.ERASED, language, {"kept": [row]}):
            assert said in text


def test_rows_that_a_person_has_to_decide_on_are_told_as_that(world: World) -> None:
    asked = world.file(Right.ERASURE)
    item = {"subject_request": asked, "system": "app-database", "state": ItemState.DONE, "created_at": world.at}
    PlanItem.objects.create(
        **item, kind=Kind.FIND, outcome=Outcome.FOUND, counts={"rows": {"orders": 2}}, not_before=world.at
    )
    own = {"orders": {"kept": [{"count": 1, "until": "", "reason": "Their own word."}]}}
    PlanItem.objects.create(**item, kind=Kind.ERASE, outcome=Outcome.KEPT, counts=own, not_before=world.at)
    Manifest.objects.create(
        subject_request=asked,
        part=Part.objects.create(subject_request=asked, sha256="0" * 64, size=0),
        digest="0" * 64,
        summary=[
            {"system": "app-database", "collection": "orders", "rule": rule, "count": 1, "until": until}
            for rule, until in (("orders", "2029-05-01"), ("orders", manifest.NO_DAY.isoformat()))
        ],
        closed_at=world.at,
    )
    told = packaging.told(asked, at=world.at)["kept"]
    assert [(row["until"], row["ours"]) for row in told] == [(date(2029, 5, 1), True), ("", True), ("", False)]


def test_where_a_refusal_stands_is_listed_as_the_language_lists(db: None) -> None:
    english, chinese = (written(Letter.REFUSED, language, {})[0] for language in ("en", "zh-hans"))
    assert "; " in english.partition("This stands in: ")[2].partition("\n")[0]
    assert "；" in chinese

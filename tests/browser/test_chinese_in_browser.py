"""The same walk in Chinese: chosen at the top of the page, and kept on every page and in every letter."""

from collections.abc import Callable
from email import message_from_bytes, policy

import pytest

from tests.browser.conftest import Demo, Walker

pytestmark = [pytest.mark.browser, pytest.mark.processes]


def test_sam_asks_in_chinese_and_is_answered_in_chinese(demo: Demo, walker: Callable[[], Walker]) -> None:
    sam = walker()
    sam.page.goto(f"{demo.url}/")
    sam.press("简体中文")
    sam.press("JoyPix")
    sam.press("投诉或提问")
    for _ in range(6):
        if sam.page.get_by_label("欧盟、冰岛、列支敦士登或挪威").count():
            sam.page.get_by_label("欧盟、冰岛、列支敦士登或挪威").check()
        elif sam.page.get_by_label("您的电子邮件地址是什么？").count():
            sam.fill("您的电子邮件地址是什么？", "li.wei@example.com")
        elif sam.page.get_by_label("您想告诉我们或问我们什么？").count():
            sam.fill("您想告诉我们或问我们什么？", "请问我的照片保存在哪里？")
        else:
            break
        sam.press("继续")
    sam.press("发送我的投诉或问题")
    assert sam.page.locator("html").get_attribute("lang") == "zh-hans"
    reference = sam.page.url.split("/")[-3]
    sam.fill("验证码", demo.code("li.wei@example.com", reference))
    sam.press("证明我的地址")
    assert "您证明了您的电子邮件地址" in sam.page.content()
    letters = [
        message_from_bytes(path.read_bytes(), policy=policy.default)
        for path in (demo.var / "demo" / "mail").glob("*.eml")
    ]
    assert f"我们收到了您的请求 ({reference})" in [letter["Subject"] for letter in letters]

"""Addresses within texts of any language lead somewhere, and nothing else in them does."""

import pytest

from dsr.templatetags.links import linked


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("在欧盟列于https://www.edpb.europa.eu/members_en；在加利福尼亚州", "https://www.edpb.europa.eu/members_en"),
        ("See https://cppa.ca.gov; or the Attorney General", "https://cppa.ca.gov"),
        ("(https://oag.ca.gov/a?b=c).", "https://oag.ca.gov/a?b=c"),
        ("联系privacy@pixplus.example。", "mailto:privacy@pixplus.example"),
    ],
)
def test_an_address_is_a_link_whatever_stands_around_it(text: str, address: str) -> None:
    assert linked(text).count("<a ") == 1
    assert f'href="{address}"' in linked(text)


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "javascript:alert(1)", "a < b & c", "ftp://example.com/"]
)
def test_what_is_no_address_stays_text(text: str) -> None:
    assert "<script" not in linked(text)
    assert "<a " not in linked(text)


def test_no_address_breaks_out_of_its_link() -> None:
    shown = linked('https://example.com/"onmouseover="alert(1)')
    assert '"onmouseover' not in shown

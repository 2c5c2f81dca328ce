"""Time zones are named by their city."""

import pytest
from django.utils import translation

from dsr.templatetags.places import city


@pytest.mark.parametrize(
    ("language", "zone", "named"),
    [
        ("en", "America/Los_Angeles", "Los Angeles"),
        ("zh-hans", "America/Los_Angeles", "洛杉矶"),
        ("en", "UTC", "UTC"),
    ],
)
def test_a_time_zone_is_named_by_its_city_in_the_language_of_the_page(language: str, zone: str, named: str) -> None:
    with translation.override(language):
        assert city(zone) == named

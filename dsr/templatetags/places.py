"""Time zones as people name them: by their city."""

from babel import Locale
from babel.dates import get_timezone_location
from django import template
from django.utils.translation import get_language, to_locale

register = template.Library()


@register.filter
def city(zone: str) -> str:
    """'Los Angeles' for 'America/Los_Angeles', in the language of the page."""
    return get_timezone_location(zone, locale=Locale.parse(to_locale(get_language() or "en")), return_city=True)

"""Dates and moments as letters and pages say them, in the language that is active."""

from collections.abc import Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from dsr.law.mistake import Mistake


def day(on: date) -> str:
    """'Tuesday 24 November 2026'."""
    return date_format(on, _("l j F Y"))


def moment(at: datetime, zone: str) -> str:
    """'Tuesday 24 November 2026, 16:45 (America/Los_Angeles, UTC-08:00)': no reader has to guess the zone."""
    local = at.astimezone(ZoneInfo(zone))
    offset = f"{local:%z}"
    return f"{date_format(local, _('l j F Y, H:i'))} ({zone}, UTC{offset[:3]}:{offset[3:]})"


def mistake(error: ValueError) -> str:
    """What is wrong with what was typed."""
    return _(error.says).format(**error.named) if isinstance(error, Mistake) else str(error)


def said(value: object, zone: str) -> object:
    """The same as JSON can hold it: dates, moments and texts in words, however deep they lie."""
    if isinstance(value, datetime):
        return moment(value, zone)
    if isinstance(value, date):
        return day(value)
    if isinstance(value, Promise):
        return str(value)
    if isinstance(value, Mapping):
        return {name: said(each, zone) for name, each in value.items()}
    return [said(each, zone) for each in value] if isinstance(value, list | tuple) else value

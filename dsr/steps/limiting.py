"""How often something may knock: per address, per identifier, per controller, for the whole house; counted in rows.

`limits` counts and compares; every process counts in the portal's own database, so two web servers are no two chances.
What is counted stands under a keyed hash, which says nothing of anybody.
"""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network

from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models import F
from limits import RateLimitItem, parse
from limits.storage import Storage
from limits.strategies import FixedWindowRateLimiter

from dsr.models import Tally, sealed
from dsr.sealing.fields import keyed_hash
from dsr.sealing.keyring import Role

# How often something may come before it is served later, or has to wait; from the starting values of GlobaLeaks.
LIMITS = {
    "filed-from-address": "5/hour",
    "filed-for-identifier": "5/hour",
    "filed-at-controller": "600/hour",
    "filed": "3000/hour",
    "sign-ins-from-address": "5/hour",
    "sign-ins-at-controller": "600/hour",
    "finds-from-address": "30/hour",
    "codes-from-address": "30/15minute",
    "documents-from-address": "30/hour",
    "staff-from-address": "20/15minute",
    "calls-of-token": "600/minute",
    "takings-of-token": "60/minute",
    "codes-of-a-task-link": "5/hour",
    "pickup-codes-of-request": "60/hour",
}
DEMO = "100000/hour"  # there everybody comes from one address
# Some proxies write the port beside the address: each connection would be a stranger that has all its tries.
_PORT = re.compile(r"^(?:(\[[^\]]*\]):\d+|([\d.]+):\d+)$")
STEP, MOST = timedelta(minutes=1), timedelta(minutes=15)  # how much later a flood is served


class Rows(Storage):
    """Counts as rows, seen at one moment."""

    STORAGE_SCHEME = None
    base_exceptions = DatabaseError

    def __init__(self, at: datetime) -> None:
        """At this moment."""
        super().__init__()
        self._at = at

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """One more; exact, however many count at once."""
        named, until = _hashed(key), self._at + timedelta(seconds=expiry)
        with transaction.atomic():
            row = Tally.objects.filter(pk=named)
            if not row.filter(until__gt=self._at).update(count=F("count") + amount):
                Tally.objects.bulk_create([Tally(key=named, count=0, until=until)], ignore_conflicts=True)
                row.filter(until__lte=self._at).update(count=0, until=until)
                row.update(count=F("count") + amount)
            return row.values_list("count", flat=True).get()

    def get(self, key: str) -> int:
        """How many there are."""
        row = Tally.objects.filter(pk=_hashed(key), until__gt=self._at)
        return row.values_list("count", flat=True).first() or 0

    def get_expiry(self, key: str) -> float:
        """When it begins anew, in seconds of the epoch."""
        row = Tally.objects.filter(pk=_hashed(key), until__gt=self._at).first()
        return (row.until if row else self._at).timestamp()

    def check(self) -> bool:
        """Whether rows can be read."""
        return Tally.objects.exists() or True

    def reset(self) -> int:
        """Forget all counts; how many."""
        return Tally.objects.all().delete()[0]

    def clear(self, key: str) -> None:
        """Forget one."""
        Tally.objects.filter(pk=_hashed(key)).delete()


def hit(what: str, *whose: str, at: datetime) -> int:
    """Count one more; by how many times the limit is reached: 0 while it is not."""
    rows, item = Rows(at), _limit(what)
    FixedWindowRateLimiter(rows).hit(item, what, *whose)
    return (rows.get(item.key_for(what, *whose)) - 1) // item.amount


def left(what: str, *whose: str, at: datetime) -> timedelta:
    """How long to wait until one more is within the limit; nothing is counted."""
    rows, item = Rows(at), _limit(what)
    if FixedWindowRateLimiter(rows).test(item, what, *whose):
        return timedelta()
    return timedelta(seconds=max(1.0, rows.get_expiry(item.key_for(what, *whose)) - at.timestamp()))


def slowed(times: int) -> timedelta:
    """How much later something is served that came so many times over its limit: a flood waits, nothing is lost."""
    return min(MOST, times * STEP)


def address_of(meta: Mapping[str, str]) -> str:
    """Whose connection it is, as the trusted proxies in front say; a network of IPv6 counts as one (its /64).

    Each of DSR_TRUSTED_HOPS proxies adds the address it saw at the end of X-Forwarded-For. What stands before that is
    whatever the client wrote, and counts for nothing (ASVS V4.1.3).
    """
    hops = settings.DSR_TRUSTED_HOPS
    told = [part.strip() for part in meta.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()]
    # Fewer than there are proxies: it came past one of them, so only the connection itself is believed.
    seen = told[-hops] if 0 < hops <= len(told) else meta.get("REMOTE_ADDR", "")
    try:
        address = ip_address(_PORT.sub(r"\1\2", seen).partition("%")[0].strip("[]"))
    except ValueError:
        return seen[:64]
    if isinstance(address, IPv6Address):
        mapped = address.ipv4_mapped
        return str(mapped or ip_network((address, 64), strict=False).network_address)
    return str(address)


def forget_old(*, at: datetime) -> None:
    """Forget counts whose span is over."""
    Tally.objects.filter(until__lte=at - timedelta(hours=1)).delete()


def problems() -> list[str]:
    """What is wrong with the limits that were set."""
    wrong = []
    for what, often in settings.DSR_LIMITS.items():
        if what not in LIMITS:
            wrong.append(f"DSR_LIMITS names '{what}'; there are {', '.join(LIMITS)}")
            continue
        try:
            parse(often)
        except ValueError:
            wrong.append(f"DSR_LIMITS: '{often}' is no limit for {what}; write it like {LIMITS[what]}")
    return wrong


def _limit(what: str) -> RateLimitItem:
    return parse(settings.DSR_LIMITS.get(what) or (DEMO if settings.DSR_DEMO else LIMITS[what]))


def _hashed(key: str) -> str:
    return keyed_hash(sealed.ring(Role.LOOKUP), "tally", key)

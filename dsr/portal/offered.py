"""What the page of a request says of its package: that it can be taken, or asked for once more, and until when."""

from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings

from dsr.law.states import State
from dsr.models import SubjectRequest
from dsr.steps.answering import delivery, partly
from dsr.steps.answering.delivery import Standing

_GONE = frozenset({Standing.FROZEN, Standing.DESTROYED})


@dataclass(frozen=True, slots=True)
class Offered:
    """A package that is held: how it stands, and the days that count."""

    stands: Standing
    size: int
    sha256: str
    last_day: date | None
    held_day: date | None  # on which it can still be asked for again; None: not after the offer
    most: int  # downloads of one offer
    missing: tuple[str, ...] = ()  # systems whose part comes with the next version

    @property
    def again(self) -> bool:
        """Whether it has to be asked for once more."""
        return self.stands in delivery.AGAIN


def of(own: SubjectRequest, *, at: datetime) -> Offered | None:
    """The newest package; None while the account is frozen, and when its time is over, destroyed already or not."""
    package = delivery.newest(own)
    stands = delivery.standing(package, at=at) if package else Standing.DESTROYED
    if package is None or stands in _GONE:
        return None
    days = (delivery.last_day(package), delivery.asked_until(package))
    owed = tuple(partly.titles(own)) if own.state == State.ACCEPTED else ()
    return Offered(stands, package.size, package.sha256, *days, settings.DSR_PACKAGE_DOWNLOADS, owed)

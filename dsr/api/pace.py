"""How often one token calls: counted where all web processes count (limiting)."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, ClassVar

from rest_framework.throttling import BaseThrottle

from dsr.steps import limiting

if TYPE_CHECKING:  # the framework reads its settings, and with them this, while it is imported itself
    from rest_framework.request import Request
    from rest_framework.views import APIView


class Calls(BaseThrottle):
    """Of a controller's own system. Who has no token has no count: such a call is refused before."""

    counted: ClassVar = "calls-of-token"

    def __init__(self) -> None:
        """Nothing to wait for yet."""
        self._left = timedelta()

    def allow_request(self, request: "Request", view: "APIView") -> bool:
        """Count it; whether it is within the limit."""
        token, now = getattr(request.user, "pk", None), datetime.now(UTC)
        if token is None or not limiting.hit(self.counted, str(token), at=now):
            return True
        self._left = limiting.left(self.counted, str(token), at=now)
        return False

    def wait(self) -> float:
        """Seconds, for Retry-After."""
        return self._left.total_seconds()


class Takings(Calls):
    """Of a program that takes a package."""

    counted: ClassVar = "takings-of-token"

"""What a store's refusals mean to us, without a key in the text."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnection
from botocore.parsers import ResponseParserError

from dsr.connectors.contract import Rejected, Unreachable
from dsr.egress.addresses import Private

RETRY_IN = 5.0  # seconds, unless the store says another number
BUSY = frozenset(
    {
        "Busy",
        "InternalError",
        "OperationAborted",
        "RequestLimitExceeded",
        "RequestTimeout",
        "ServiceUnavailable",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TooManyRequests",
        "TooManyRequestsException",
    }
)
_NOT_FOUND, _CHANGED, _TOO_MANY, _SERVER_ERROR, _UNKNOWN_THERE = 404, 412, 429, 500, 501
_LONGEST_WAIT = 24 * 3600.0
_CODE = re.compile(r"[A-Za-z0-9]{1,64}")


class SentElsewhere(Exception):
    """The store answers with a redirect, which could lead to anybody."""


class Missing(Rejected):
    """The store has no such thing; `code` says what."""

    def __init__(self, code: str) -> None:
        super().__init__(f"the store says: {code}")
        self.code = code


class Denied(Rejected):
    """The credentials may not do this, or a lock forbids it."""


@contextmanager
def speaking() -> Iterator[None]:
    """Turn every error of the client into ours."""
    try:
        yield
    except ClientError as error:
        raise _meant(error) from None
    except HTTPClientError as error:
        if isinstance(error.kwargs.get("error"), SentElsewhere):
            raise Rejected("the store sends us to another address, which the map does not name") from None
        if isinstance(error.kwargs.get("error"), Private):
            raise Rejected("the store's address is private, and the map does not allow it ('private')") from None
        raise Unreachable(f"the store does not answer ({type(error).__name__})", retry_in=RETRY_IN) from None
    except (NoConnection, ResponseParserError, aiohttp.ClientError, OSError) as error:  # time-outs are among the last
        kind = type(error).__name__
        raise Unreachable(f"the store does not answer, or breaks off ({kind})", retry_in=RETRY_IN) from None
    except BotoCoreError as error:
        raise Rejected(f"the store cannot be asked this ({type(error).__name__})") from None


def code_of(error: object) -> str:
    """The short name of an error, such as SlowDown; nothing longer, which might quote a key."""
    text = str(error)
    return text if _CODE.fullmatch(text) else "unknown"


def _meant(error: ClientError) -> Exception:
    told = error.response.get("ResponseMetadata", {})
    status = int(told.get("HTTPStatusCode", 0))
    code = code_of(error.response.get("Error", {}).get("Code", "unknown"))
    busy = code in BUSY or status == _TOO_MANY or status >= _SERVER_ERROR
    if busy and status != _UNKNOWN_THERE:
        return Unreachable(f"the store is busy ({code})", retry_in=_retry_in(told.get("HTTPHeaders", {})))
    if status == _CHANGED:
        return Unreachable("an object changed while it was read", retry_in=RETRY_IN)
    if status in (_NOT_FOUND, _UNKNOWN_THERE):
        return Missing(code)
    if code in ("AccessDenied", "403", "AllAccessDisabled"):
        return Denied(f"the store refuses ({code})")
    return Rejected(f"the store refuses ({code})")


def _retry_in(headers: dict[str, str]) -> float:
    text = headers.get("retry-after", "").strip()
    return min(float(text[:9]), _LONGEST_WAIT) if text.isascii() and text.isdigit() else RETRY_IN

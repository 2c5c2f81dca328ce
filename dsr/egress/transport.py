"""The way to the network: allowed addresses only, and one deadline over the whole exchange."""

import functools
import logging
import ssl
import time
from collections.abc import Iterable
from typing import Any

import httpcore
import httpx

from dsr.egress.addresses import Network, resolved

# At DEBUG it writes every header of an answer down, whatever a system quotes there.
logging.getLogger("httpcore").setLevel(logging.WARNING)

Origin = tuple[str, str, int]  # scheme, host, port


@functools.cache
def _trust() -> ssl.SSLContext:
    """The authorities that vouch for hosts; to read them takes longer than most exchanges."""
    return httpx.create_ssl_context()


class Deadline:
    """The moment an exchange must be over, however slowly the other side drips."""

    def __init__(self) -> None:
        self._ends = 0.0

    def start(self, seconds: float) -> None:
        """Begin an exchange of at most so many seconds."""
        self._ends = time.monotonic() + seconds

    def cut(self, timeout: float | None) -> float:
        """Give the shorter of `timeout` and what is left. Raises httpcore.ReadTimeout when nothing is."""
        left = self._ends - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout
        return left if timeout is None else min(timeout, left)


class DirectTransport(httpx.HTTPTransport):
    """httpx's transport without proxies, whose sockets know the deadline and the allowed addresses."""

    def __init__(self, allowed: Iterable[Origin], deadline: Deadline, private: tuple[Network, ...] = ()) -> None:
        context = _trust()
        super().__init__(verify=context, trust_env=False)
        self._pool = httpcore.ConnectionPool(
            ssl_context=context,
            network_backend=_Network(frozenset((host, port) for _, host, port in allowed), deadline, private),
            keepalive_expiry=5.0,
        )


class _Network(httpcore.SyncBackend):
    def __init__(self, allowed: frozenset[tuple[str, int]], deadline: Deadline, private: tuple[Network, ...]) -> None:
        self._allowed = allowed
        self._deadline = deadline
        self._private = private

    def connect_tcp(  # the second lock: whatever the client was told, no other socket is opened
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        if (host, port) not in self._allowed:
            raise httpcore.LocalProtocolError
        # What was looked at is what is connected to: a name that answers anew cannot lead elsewhere.
        # Until the end of the exchange: a name service that asks its second server takes longer than a connection may.
        *others, last = resolved(host, port, self._private, self._deadline.cut(None))
        for address in others:
            try:
                stream = super().connect_tcp(address, port, self._deadline.cut(timeout), local_address, socket_options)
                return _Stream(stream, self._deadline)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        stream = super().connect_tcp(last, port, self._deadline.cut(timeout), local_address, socket_options)
        return _Stream(stream, self._deadline)


class _Stream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._inner = inner
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._deadline.cut(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._deadline.cut(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, self._deadline.cut(timeout)), self._deadline)

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401  httpcore's own signature
        return self._inner.get_extra_info(info)

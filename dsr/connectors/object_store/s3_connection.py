"""One connection to S3: s3fs makes and keeps it, and S3's own operations are asked on it.

Not by s3fs' paths: these read a name such as 'a?versionId=b' as a question, and know neither versions nor uploads.
"""

import asyncio
import logging
import socket
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar, Self, TypeVar

import aiohttp
import aiohttp.abc
import httpcore
from aiobotocore.httpsession import AIOHTTPSession
from aiobotocore.session import AioSession
from botocore.loaders import create_loader
from fsspec.asyn import sync
from s3fs import S3FileSystem

from dsr.connectors.contract import Unreachable
from dsr.connectors.object_store.config import Bucket
from dsr.connectors.object_store.s3_errors import RETRY_IN, SentElsewhere, speaking
from dsr.egress.addresses import Network, Private, may_be_reached, resolved

AT_ONCE = 16  # questions that are under way together

Answer = Mapping[str, Any]
_Asked = TypeVar("_Asked")
_Told = TypeVar("_Told")

_MODELS = create_loader()  # what S3's operations are, parsed once in a process: it takes longer than to ask

for _name in ("aiobotocore", "botocore", "fsspec", "s3fs"):
    logging.getLogger(_name).setLevel(logging.INFO)  # what they say in detail names keys, and with them people


async def _refuse(*_: object) -> None:
    raise SentElsewhere


class _Looked(aiohttp.abc.AbstractResolver):
    """Resolves a name once, and as a whole: none of its addresses may be one that the map does not allow."""

    def __init__(self, private: tuple[Network, ...]) -> None:
        self._private = private

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[aiohttp.abc.ResolveResult]:
        try:
            found = await asyncio.to_thread(resolved, host, port, self._private)
        except httpcore.ConnectError as error:
            raise OSError(str(error)) from None
        return [
            aiohttp.abc.ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for address in found
        ]

    async def close(self) -> None:
        """Nothing is held open."""


class DirectSession(AIOHTTPSession):  # type: ignore[misc]  # it ships no types
    """aiobotocore's session, which would follow redirects and go to any address; ours goes where the map says."""

    private: ClassVar[tuple[Network, ...] | None] = ()
    _connector_args: dict[str, Any]

    @classmethod
    def within(cls, private: tuple[Network, ...] | None) -> type[Self]:
        """Give the session that may reach these networks beside the internet; None: any."""
        return type(cls.__name__, (cls,), {"private": private})

    def __init__(self, **told: Any) -> None:
        super().__init__(**told)
        if self.private is not None:
            looked = {"resolver": _Looked(self.private), "socket_factory": self._socket}
            self._connector_args = {**self._connector_args, **looked}

    def _socket(self, told: aiohttp.AddrInfoType) -> socket.socket:
        """The last door: what is an address already was never resolved."""
        family, kind, proto, _, address = told
        if self.private is not None and not may_be_reached(str(address[0]), self.private):
            raise Private
        return socket.socket(family, kind, proto)

    async def _get_session(self, proxy_url: str | None) -> aiohttp.ClientSession:  # its one door to the sessions
        session: aiohttp.ClientSession = await super()._get_session(proxy_url)
        if not any(_refuse in one.on_request_redirect for one in session.trace_configs):
            tracing = aiohttp.TraceConfig()
            tracing.on_request_redirect.append(_refuse)
            tracing.freeze()
            session.trace_configs.append(tracing)
        return session


def _session() -> AioSession:
    session = AioSession()
    session.register_component("data_loader", _MODELS)
    return session


class Connection:
    """A client of one bucket. Its own credentials and address only, whatever the environment holds."""

    def __init__(self, bucket: Bucket) -> None:
        self.bucket = bucket
        self._system = S3FileSystem(
            session=_session(),
            key=bucket.key_id,
            secret=bucket.secret,
            endpoint_url=bucket.endpoint or None,
            client_kwargs={"region_name": bucket.region},
            config_kwargs={
                "s3": {"addressing_style": "path" if bucket.path_style else "virtual"},
                "proxies": {},
                "retries": {"total_max_attempts": 2, "mode": "standard"},
                "connect_timeout": min(5.0, bucket.timeout),
                "read_timeout": min(20.0, bucket.timeout),
                "max_pool_connections": AT_ONCE,
                "http_session_cls": DirectSession.within(bucket.private),
                # Only where S3 demands it: other stores do not know the newer checksums.
                "request_checksum_calculation": "when_required",
                "response_checksum_validation": "when_required",
            },
            skip_instance_cache=True,
            use_listings_cache=False,
        )
        self._system.connect()
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="object-store")

    def ask(self, operation: str, **params: object) -> Answer:
        """Ask, within the time allowed. Raises Unreachable, Rejected, and Missing for what is not there."""
        return self._waited_for(self._asked, operation, params)

    def read(self, key: str, version: str, etag: str, span: tuple[int, int]) -> bytes:
        """Read some bytes, the last included, of the very content that was listed."""
        params = {"Key": key, "Range": f"bytes={span[0]}-{span[1]}", "IfMatch": etag}
        if version:
            params["VersionId"] = version
        content = self._waited_for(self._read, params)
        if len(content) != span[1] - span[0] + 1:
            raise Unreachable("an object came in part", retry_in=RETRY_IN)
        return content

    def begin(self, key: str, most: int) -> tuple[bytes, str, int]:
        """Read its first bytes; with the tag by which more is read, and its size. Raises Missing."""
        return self._waited_for(self._begun, {"Key": key, "Range": f"bytes=0-{most - 1}"})

    def together(self, act: Callable[[_Asked], _Told], things: Iterable[_Asked]) -> Iterator[_Told]:
        """Do it to many, some at a time; in their order."""
        return self._threads.map(act, things)

    def close(self) -> None:
        """Close sockets and threads."""
        self._threads.shutdown()
        sync(self._system.loop, self._system._s3creator.__aexit__, None, None, None)  # noqa: SLF001  else only at collection

    def _waited_for(self, act: Callable[..., Coroutine[Any, Any, _Told]], *given: object) -> _Told:
        with speaking():
            told: _Told = sync(self._system.loop, act, *given, timeout=self.bucket.timeout)
            return told

    async def _asked(self, operation: str, params: Mapping[str, object]) -> Answer:
        answer: Answer = await getattr(self._system.s3, operation)(Bucket=self.bucket.name, **params)
        return answer

    async def _read(self, params: Mapping[str, object]) -> bytes:
        answer = await self._asked("get_object", params)
        async with answer["Body"] as body:
            content: bytes = await body.read()
            return content

    async def _begun(self, params: Mapping[str, object]) -> tuple[bytes, str, int]:
        answer = await self._asked("get_object", params)
        async with answer["Body"] as body:
            content: bytes = await body.read()
        whole = str(answer.get("ContentRange", "")).rpartition("/")[2]
        return content, str(answer["ETag"]), int(whole) if whole.isdigit() else len(content)

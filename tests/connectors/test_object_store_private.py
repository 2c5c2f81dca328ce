"""A bucket's address: of the internet, unless the map names the network; whatever name leads there."""

import socket
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from dsr.connectors.contract import Chunk, Rejected
from dsr.connectors.object_store import ObjectStore
from dsr.datamap.schema import Way
from tests.buckets import ENVIRON, Bucket, Gate
from tests.connectors.maps import rows
from tests.connectors.test_object_store_s3 import SAM, bucket_map, routes

CHUNK = Chunk("uploads", Way.DELETE, ("path",), (("uploads/7/a.png",),))
ACTS: list[Callable[[ObjectStore, Bucket], object]] = [
    lambda store, bucket: rows(store, routes(bucket_map(bucket))[2], SAM),
    lambda store, _: store.erase(CHUNK, "one"),
    lambda store, _: store.read_back(CHUNK),
]


@pytest.fixture
def bucket(s3: str) -> Iterator[Bucket]:
    with closing(Bucket(s3, versioned=False)) as made:
        made.put("uploads/7/a.png")
        yield made


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch) -> None:
    """What looks like a name of the internet leads to this machine, beside an address that is of the internet."""
    resolve = socket.getaddrinfo

    def getaddrinfo(host: str, port: int, *more: int, **told: int) -> object:
        if not str(host).endswith("store.example"):
            return resolve(host, port, *more, **told)
        return [*resolve("8.8.8.8", port, *more, **told), *resolve("127.0.0.1", port, *more, **told)]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "store.example"])
@pytest.mark.parametrize("act", ACTS, ids=["find", "erase", "read_back"])
def test_no_name_leads_a_bucket_into_our_network(
    bucket: Bucket, before: Gate, host: str, act: Callable[[ObjectStore, Bucket], object]
) -> None:
    endpoint = before.url.replace("127.0.0.1", host)
    told = bucket_map(bucket, endpoint=endpoint, private="10.0.0.0/8 fd00::/8")
    with closing(ObjectStore.from_map(told, ENVIRON)) as store, pytest.raises(Rejected, match="address is private"):
        act(store, bucket)
    assert before.asked == []
    assert "uploads/7/a.png" in bucket.everything()


def test_a_bucket_with_its_name_in_its_host_is_looked_at_as_well(bucket: Bucket, before: Gate) -> None:
    endpoint = before.url.replace("127.0.0.1", "store.example")
    told = bucket_map(bucket, endpoint=endpoint, private="10.0.0.0/8", addressing="virtual")
    with closing(ObjectStore.from_map(told, ENVIRON)) as store:
        assert [one.message for one in store.check()] == [
            "the store's address is private, and the map does not allow it ('private')"
        ]
    assert before.asked == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_network_that_the_map_names_may_be_reached(bucket: Bucket, before: Gate, host: str) -> None:
    endpoint = before.url.replace("127.0.0.1", host)
    told = bucket_map(bucket, endpoint=endpoint, private="127.0.0.0/8 ::1/128")
    with closing(ObjectStore.from_map(told, ENVIRON)) as store:
        assert [row["path"] for row in rows(store, routes(told)[2], SAM)] == ["uploads/7/a.png"]
    assert before.asked


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"endpoint": "http://s3.example.com"}, "'endpoint' must begin with https://"),
        ({"endpoint": "https://s3.example.com", "private": "our network"}, "'private': a private network must be"),
    ],
)
def test_what_a_bucket_is_known_by_goes_over_no_open_line_unless_the_map_allows_it(
    bucket: Bucket, settings: dict[str, str], says: str
) -> None:
    told = bucket.settings(**settings)
    told = {name: text for name, text in told.items() if name != "private" or "private" in settings}
    system = bucket_map(bucket)
    connector = system.connector.model_copy(update={"settings": told})
    with pytest.raises(ValueError, match=says):
        ObjectStore.from_map(system.model_copy(update={"connector": connector}), ENVIRON)

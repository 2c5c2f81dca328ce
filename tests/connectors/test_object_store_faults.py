"""What a store can do wrong: no answer, half of one, a refusal, a success that is none."""

from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from dsr.connectors.contract import Chunk, Effect, Rejected, Unreachable
from dsr.connectors.object_store import ObjectStore
from dsr.datamap.route import Identities
from dsr.datamap.schema import Way
from tests.buckets import ENVIRON, Bucket, Fault, Gate, Passing, gate
from tests.connectors.maps import contents
from tests.connectors.test_object_store_s3 import bucket_map, routes

SAM: Identities = {"account": (("7",),)}
CHUNK = Chunk("uploads", Way.DELETE, ("path",), (("uploads/7/a.png",), ("uploads/7/b.png",)))
LYING = b"<?xml version='1.0'?><DeleteResult>%s</DeleteResult>"


@pytest.fixture
def bucket(s3: str) -> Iterator[Bucket]:
    with closing(Bucket(s3)) as bucket:
        for name in ("a.png", "b.png"):
            bucket.put(f"uploads/7/{name}", name.encode() * 1_000)
        bucket.put("uploads/8/c.png")
        yield bucket


@pytest.fixture
def store(bucket: Bucket, before: Gate) -> Iterator[ObjectStore]:
    with closing(ObjectStore.from_map(bucket_map(bucket, endpoint=before.url, timeout="60"), ENVIRON)) as store:
        yield store


@pytest.fixture
def impatient(bucket: Bucket, before: Gate) -> Iterator[ObjectStore]:
    with closing(ObjectStore.from_map(bucket_map(bucket, endpoint=before.url, timeout="1"), ENVIRON)) as store:
        yield store


def find(store: ObjectStore) -> object:
    return contents(store, routes(store._system)[2], SAM)  # noqa: SLF001  the map it was made from


def erase(store: ObjectStore) -> object:
    return store.erase(CHUNK, "one")


def read_back(store: ObjectStore) -> object:
    return store.read_back(CHUNK)


def on(asks: str, act: Callable[[Passing], bool]) -> Fault:
    return lambda passing: passing.asks == asks and act(passing)


def half(passing: Passing) -> bool:
    """Say how long the answer is, send half of it, and break off."""
    status, headers, content = passing.behind()
    passing.close_connection = True
    return passing.send(status, content[: len(content) // 2], {**headers, "Content-Length": str(len(content))})


def dripping(passing: Passing) -> bool:
    """A byte now and then; each resets the time-out between bytes."""
    passing.send(200, b"", {"Content-Length": "1000"})
    try:
        while not passing.server.closing.wait(0.1):
            passing.wfile.write(b"<")
            passing.wfile.flush()
    except OSError:
        passing.close_connection = True
    return True


def silent(passing: Passing) -> bool:
    passing.server.closing.wait()
    passing.close_connection = True
    return True


def broken(passing: Passing) -> bool:
    return passing.send(200, b"<ListVersionsResult><Name>", {"Content-Type": "application/xml"})


def strange(passing: Passing) -> bool:
    """A success from somebody who is no object store."""
    return passing.send(200, b"<html><body>Sign in to the network</body></html>", {"Content-Type": "text/html"})


def empty(passing: Passing) -> bool:
    return passing.send(200, b"")


def refusing(status: int, code: str, **headers: str) -> Callable[[Passing], bool]:
    return lambda passing: passing.refuse(status, code, **headers)


def saying(content: bytes) -> Callable[[Passing], bool]:
    return lambda passing: passing.send(200, content)


ACTS: list[tuple[Callable[[ObjectStore], object], str]] = [
    (find, "list"),
    (find, "uploads"),
    (find, "read"),
    (erase, "list"),
    (erase, "delete"),
    (read_back, "list"),
]
PASSING_FAULTS = [
    refusing(503, "SlowDown"),
    refusing(500, "InternalError"),
    refusing(429, "TooManyRequests"),
    half,
]


@pytest.mark.parametrize("fault", PASSING_FAULTS)
@pytest.mark.parametrize(("act", "asks"), ACTS)
def test_what_passes_is_tried_again_later_and_nothing_counts_as_erased(
    store: ObjectStore,
    bucket: Bucket,
    before: Gate,
    act: Callable[[ObjectStore], object],
    asks: str,
    fault: Callable[[Passing], bool],
) -> None:
    there = bucket.everything()
    before.fault = on(asks, fault)
    with pytest.raises(Unreachable) as failed:
        act(store)
    assert failed.value.retry_in
    assert "secret" not in str(failed.value)
    assert bucket.everything() == there or asks == "delete"


@pytest.mark.parametrize("fault", [silent, dripping, broken])
@pytest.mark.parametrize("act", [find, erase, read_back])
def test_an_answer_that_does_not_end_is_given_up_in_time(
    impatient: ObjectStore, before: Gate, act: Callable[[ObjectStore], object], fault: Callable[[Passing], bool]
) -> None:
    before.fault = on("list", fault)
    with pytest.raises((Unreachable, Rejected)):
        act(impatient)


@pytest.mark.parametrize("fault", [refusing(403, "AccessDenied"), refusing(404, "NoSuchBucket"), strange, empty])
@pytest.mark.parametrize(("act", "asks"), [one for one in ACTS if one[1] != "read"])
def test_what_does_not_pass_needs_a_person(
    store: ObjectStore, before: Gate, act: Callable[[ObjectStore], object], asks: str, fault: Callable[[Passing], bool]
) -> None:
    before.fault = on(asks, fault)
    said = "nothing"
    try:
        said = str(getattr(act(store), "effect", "well"))
    except (Rejected, Unreachable) as failed:
        said = str(failed)
    assert said == Effect.IN_DOUBT or said.startswith("the store")
    assert "secret" not in said


def test_when_to_come_back_is_the_stores_word(store: ObjectStore, before: Gate) -> None:
    before.fault = on("list", refusing(503, "SlowDown", **{"Retry-After": "90"}))
    with pytest.raises(Unreachable) as failed:
        find(store)
    assert failed.value.retry_in == 90


def test_a_success_with_errors_in_it_is_none(store: ObjectStore, bucket: Bucket, before: Gate) -> None:
    for code, meant in (("SlowDown", Unreachable), ("InternalError", Unreachable), ("AccessDenied", Rejected)):
        error = b"<Error><Key>uploads/7/a.png</Key><Code>%s</Code></Error>" % code.encode()
        error += error.replace(b"a.png", b"b.png")
        before.fault = on("delete", saying(LYING % error))
        with pytest.raises(meant):
            erase(store)
    assert len(store.read_back(CHUNK)) == 2


def test_a_success_that_erased_nothing_is_read_back(store: ObjectStore, bucket: Bucket, before: Gate) -> None:
    deleted = "".join(
        f"<Deleted><Key>{key}</Key><VersionId>{version}</VersionId></Deleted>"
        for key, stands in bucket.everything().items()
        for _, version in stands
    )
    before.fault = on("delete", saying(LYING % deleted.encode()))
    erase(store)
    assert store.read_back(CHUNK) == CHUNK.keys


def test_a_success_that_names_nothing_is_in_doubt(store: ObjectStore, before: Gate) -> None:
    before.fault = on("delete", saying(LYING % b""))
    receipt = store.erase(CHUNK, "one")
    assert (receipt.effect, receipt.count) == (Effect.IN_DOUBT, 0)


def test_one_key_that_fails_does_not_count_and_the_other_is_gone(
    store: ObjectStore, bucket: Bucket, before: Gate
) -> None:
    def only_one(passing: Passing) -> bool:
        status, headers, content = passing.behind()
        error = b"<Error><Key>uploads/7/c.png</Key><Code>MethodNotAllowed</Code></Error></DeleteResult>"
        passing.send(status, content.replace(b"</DeleteResult>", error).replace(b"b.png", b"x.png"), headers)
        return True

    before.fault = on("delete", only_one)
    assert store.erase(CHUNK, "one").effect is Effect.IN_DOUBT
    assert set(bucket.everything()) == {"uploads/8/c.png"}


def test_a_list_of_somebody_elses_objects_is_not_believed(store: ObjectStore, bucket: Bucket, before: Gate) -> None:
    def all_of_them(passing: Passing) -> bool:
        passing.path = passing.path.replace("prefix=uploads%2F7%2F", "prefix=")
        return False

    before.fault = on("list", all_of_them)
    with pytest.raises(Rejected, match="not asked for"):
        find(store)


def test_a_list_without_end_is_given_up(store: ObjectStore, before: Gate) -> None:
    def for_ever(passing: Passing) -> bool:
        status, headers, content = passing.behind()
        more = b"<IsTruncated>true</IsTruncated><NextKeyMarker>uploads/7/b.png</NextKeyMarker>"
        content = content.replace(b"<IsTruncated>false</IsTruncated>", more)
        passing.send(status, content, headers)
        return True

    before.fault = on("list", for_ever)
    with pytest.raises(Rejected, match="end"):
        find(store)


def test_a_redirect_is_never_followed(store: ObjectStore, s3: str, before: Gate) -> None:
    with gate(s3) as elsewhere:

        def away(passing: Passing) -> bool:
            passing.send(307, b"", {"Location": f"{elsewhere.url}{passing.path}"})
            return True

        before.fault = on("list", away)
        with pytest.raises(Rejected, match="another address"):
            find(store)
        assert elsewhere.asked == []


def test_a_proxy_of_the_environment_is_not_used(
    store: ObjectStore, before: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert len(contents(store, routes(store._system)[2], SAM)) == 2  # noqa: SLF001  the map it was made from


def test_an_object_that_changes_while_it_is_read_is_not_mixed(store: ObjectStore, bucket: Bucket, before: Gate) -> None:
    def another(passing: Passing) -> bool:
        return passing.refuse(412, "PreconditionFailed")

    before.fault = on("read", another)
    with pytest.raises(Unreachable):
        find(store)


def test_an_upload_that_cannot_be_aborted_is_tried_again_and_one_that_ended_is_gone(
    store: ObjectStore, bucket: Bucket, before: Gate
) -> None:
    bucket.begin("uploads/7/a.png")
    before.fault = on("abort", refusing(503, "SlowDown"))
    with pytest.raises(Unreachable):
        erase(store)
    before.fault = on("abort", refusing(404, "NoSuchUpload"))
    receipt = store.erase(CHUNK, "one")
    assert (receipt.effect, store.read_back(CHUNK)) == (Effect.DONE, (("uploads/7/a.png",),))


@pytest.mark.parametrize("asks", ["list", "uploads", "delete"])
def test_credentials_that_may_not_do_it_are_found_out_before(store: ObjectStore, before: Gate, asks: str) -> None:
    before.fault = on(asks, refusing(403, "AccessDenied"))
    assert [one.message for one in store.check()] == ["the store refuses (AccessDenied)"]


def test_a_second_factor_for_deletions_is_found_out(store: ObjectStore, before: Gate) -> None:
    said = b"<VersioningConfiguration><Status>Enabled</Status><MfaDelete>Enabled</MfaDelete></VersioningConfiguration>"
    before.fault = lambda passing: "versioning" in passing.path and passing.send(200, said) is None
    assert "second factor" in store.check()[0].message


def test_a_store_that_is_away_is_unreachable(bucket: Bucket) -> None:
    with closing(ObjectStore.from_map(bucket_map(bucket, endpoint="http://127.0.0.1:9"), ENVIRON)) as store:
        for act in (ObjectStore.check, ObjectStore.describe, find, erase, read_back):
            with pytest.raises(Unreachable):
                act(store)

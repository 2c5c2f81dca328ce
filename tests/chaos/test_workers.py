"""Workers without one of their guards, which the verdict finds; and how workers end, told to or stuck."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.chaos.scene import Scene, awaited, desk, end, pool_of, strike

pytestmark = pytest.mark.processes
PEOPLE = 2
PATIENCE = 240.0  # seconds; what never happens is told then, also beside other work
POOL = 2
RUNNING = "SELECT count(*) FROM dsr_planitem WHERE state = 'running'"
AGAIN = "SELECT count(*) FROM dsr_planitem WHERE state = 'done' AND fence > 1"
ERASED = "SELECT count(*) FROM dsr_planitem WHERE kind = 'erase' AND system = 'courier' AND state = 'done'"
STARTED = "SELECT count(*) FROM dsr_planitem WHERE fence > 0"
SEARCHED = "SELECT count(*) FROM dsr_subjectrequest WHERE state = 'searched'"
FENCED = "SELECT count(*) FROM dsr_planitem WHERE kind = 'find' AND system = 'shop' AND state = 'done' AND fence > 2"


@contextmanager
def worker(place: Scene, sabotage: str = "", deaf: str = "60") -> Iterator[subprocess.Popen[bytes]]:
    """One worker that has begun to work."""
    with place.targets("7", 0):
        process = place.started("worker", "work", str(POOL), CHAOS_DEAF=deaf, CHAOS_SABOTAGE=sabotage)
        try:
            assert awaited(lambda: place.asked(STARTED) > 0, PATIENCE)
            yield process
        finally:
            end(process)


def test_without_the_fence_a_write_by_a_worker_that_woke_up_is_found(scene: Callable[[float], Scene]) -> None:
    place = scene(1)
    stale = place.folder / "stale"
    place.arm("claimed", "stop")
    with worker(place, "fence"):
        assert awaited(lambda: place.asked(AGAIN) > 0, PATIENCE)
        (sleeper,) = place.taken("claimed")
        assert strike(sleeper, signal.SIGCONT)
        # The whole line: its file stands there a moment before it.
        assert awaited(lambda: stale.exists() and stale.read_text("utf-8").endswith("\n"), PATIENCE)
    assert any(each.startswith("stale: a write behind the fence") for each in place.judged().violations)


def test_without_the_idempotency_key_an_effect_that_is_done_twice_is_found(scene: Callable[[float], Scene]) -> None:
    place = scene(1)
    place.arm("effect-http-done", "kill")
    with desk(place), worker(place, "key"):
        assert awaited(lambda: place.asked(ERASED) > 0, PATIENCE)
    assert any(each.startswith("doubled: the courier was told 2 times") for each in place.judged().violations)


def test_without_the_sweep_a_request_that_stands_still_is_found(scene: Callable[[float], Scene]) -> None:
    place = scene(1)
    place.arm("claimed", "kill")
    with worker(place, "sweep"):
        assert awaited(lambda: len(place.taken("claimed")) == 1, PATIENCE)
        # Nobody comes back to what was left, though its lease has long been over.
        assert not awaited(lambda: place.asked(RUNNING) == 0, 2.5)
    assert any(each.startswith("lost: ") and "running" in each for each in place.judged().violations)


def test_a_sigterm_for_the_whole_group_ends_a_worker_in_order(scene: Callable[[float], Scene]) -> None:
    place = scene(1)
    with worker(place) as process:
        assert awaited(lambda: len(place.taken("begun")) == POOL, PATIENCE)
        os.killpg(process.pid, signal.SIGTERM)
        assert awaited(lambda: process.poll() is not None, PATIENCE)
    assert process.returncode == 0


def test_a_worker_whose_pool_takes_nothing_any_more_ends_so_that_another_can_begin(
    scene: Callable[[float], Scene],
) -> None:
    place = scene(1)
    with worker(place, deaf="3") as process:
        assert awaited(lambda: place.asked(SEARCHED) == 1, PATIENCE)  # from here on it waits for staff
        for _ in range(5):  # one waits with the pool's lock in hand, unless all sweep just now
            awaited(lambda: len(pool_of(process.pid)) == POOL, 3)
            for hand in pool_of(process.pid):
                os.kill(hand, signal.SIGKILL)
            if awaited(lambda: process.poll() is not None, 8):
                break
    assert process.returncode == 1


def test_a_process_whose_item_hangs_ends_itself_and_another_takes_the_item(scene: Callable[[float], Scene]) -> None:
    place = scene(1)
    system = place.folder / "controllers" / "reef" / "systems" / "shop.yaml"
    system.write_text(system.read_text("utf-8").replace("seconds: 60", "seconds: 1"), "utf-8")
    place.arm("sealing", "hang")
    with worker(place):
        assert awaited(lambda: bool(place.taken("sealing")), PATIENCE)
        (hung,) = place.taken("sealing")
        assert awaited(lambda: not alive(hung), PATIENCE)
        assert awaited(lambda: place.asked(FENCED) > 0, PATIENCE)


def alive(pid: int) -> bool:
    """Whether a process runs."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True

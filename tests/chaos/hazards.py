"""What befalls a run: so many blows of each kind, in an order and with a choice of victims drawn by a seed."""

import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from amqp.exceptions import AMQPError

from tests.chaos.scene import POINTS, POST_POINTS, Crew, Scene, awaited, strike
from tests.chaos.servers import Broker, PostgreSQL

LATEST = 2.0  # seconds: so long we look on until somebody comes to a named point
AT_ONCE = 3  # processes that sleep at the same time


def _reached(due: float, progress: Callable[[], int]) -> Callable[[], bool]:
    return lambda: progress() >= due


@dataclass(frozen=True, slots=True)
class Laid:
    """A blow at a named point, which falls when somebody comes by."""

    deed: str
    early: bool  # laid out in the first half of a run


@dataclass
class Hazards:
    """The blows, and who takes them."""

    scene: Scene
    crew: Crew
    seed: str
    lease: float
    server: PostgreSQL | None = None
    broker: Broker | None = None
    dealt: Counter[str] = field(default_factory=Counter)
    taken: Counter[str] = field(default_factory=Counter)  # blows by the named point at which they fell
    in_vain: Counter[str] = field(default_factory=Counter)  # and those that nobody came to
    lying: dict[str, Laid] = field(default_factory=dict)  # laid out, and nobody has come by yet
    dead: list[str] = field(default_factory=list)  # points to which nobody came in half of a run
    early: bool = True  # not half of the blows are dealt
    asleep: list[tuple[float, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Everything is drawn from one seed."""
        self.chance = random.Random(self.seed)

    def deal(self, wanted: dict[str, int], expected: int, progress: Callable[[], int]) -> None:
        """Deal the blows while the work goes on, each when so much of it is done as its place in the order says."""
        blows = [kind for kind, times in wanted.items() for _ in range(times)]
        self.chance.shuffle(blows)
        for place, kind in enumerate(blows):
            self.early = place * 2 < len(blows)
            due = 0.9 * expected * place / len(blows)
            awaited(_reached(due, progress), 5)
            threading.Event().wait(self.chance.uniform(0.02, 0.25))
            self.crew.relieve()
            self._look_around()
            self._wake(everybody=False)
            getattr(self, kind)()
        self.take_back()
        self._wake(everybody=True)
        self.crew.relieve()

    def told(self) -> dict[str, int]:
        """What was dealt, and at which points."""
        at_points = {f"  at {point}": n for point, n in sorted(self.taken.items())}
        return {**self.dealt, **at_points, **{f"  in vain at {point}": n for point, n in sorted(self.in_vain.items())}}

    def kills(self) -> None:
        """SIGKILL: one process at work, a whole worker, the sender of letters, or whoever comes to a named point."""
        match self.chance.choices(("hand", "worker", "point", "poster"), (45, 20, 30, 5))[0]:
            case "point" if self.lay_out(self.chance.choice(("kill", "kill", "group"))):
                return
            case "worker":
                self.crew.kill_one(self.chance.choice(self.crew.members))
                self.dealt["kills of a whole worker"] += 1
            case "poster":
                self.crew.kill_one(self.crew.poster)
                self.dealt["kills of the sender of letters"] += 1
            case _:
                self._kill_a_hand()
        self.dealt["kills"] += 1

    def stops(self) -> None:
        """SIGSTOP for longer than the lease, of one process at work or at a named point."""
        while len(self.asleep) >= AT_ONCE:
            threading.Event().wait(0.1)
            self._wake(everybody=False)
        stopping = len(self.asleep) + sum(laid.deed == "stop" for laid in self.lying.values())
        if stopping < AT_ONCE and self.chance.random() < 0.7 and self.lay_out("stop"):
            return
        pid = self._awake_hand()
        if not pid or not strike(pid, signal.SIGSTOP):
            self.stops()
            return
        self.asleep.append((self._long_enough(), pid))
        self.dealt["stops"] += 1

    def crashes(self) -> None:
        """The database is killed with everything it holds in memory, and recovers."""
        if self.server is not None:
            self.server.crash()
            self.dealt["crashes of the database"] += 1

    def broker_kills(self) -> None:
        """The broker is gone for a while."""
        if self.broker is not None:
            self.broker.kill()
            threading.Event().wait(self.chance.uniform(0.2, 3))
            self.broker.start()
            self.dealt["kills of the broker"] += 1

    def flushes(self) -> None:
        """Every ring is lost."""
        self._told("flush", "flushes of the broker")

    def doubles(self) -> None:
        """Every ring comes twice, and three more that nobody rang."""
        self.scene.arm("ring", "ring")
        self._told("double", "doublings of the broker's messages")

    def _told(self, verb: str, name: str) -> None:
        try:
            getattr(self.broker, verb)()
        except (OSError, AMQPError):  # it is just coming back
            return
        self.dealt[name] += 1

    def lay_out(self, deed: str) -> bool:
        """Lay a blow out at a named point; True when it fell at once. Else it lies there, while the others go on."""
        points = POINTS if deed == "stop" else (*POINTS, *POST_POINTS)
        free = [point for point in points if point not in self.lying]
        if not free:
            return False
        point = self.chance.choice(free)
        self.lying[point] = Laid(deed, self.early)
        self.scene.arm(point, deed)
        awaited(lambda: not self.scene.lies(point), LATEST)
        self._look_around()
        return point not in self.lying

    def take_back(self) -> None:
        """What nobody came to is no blow."""
        for point in [each for each in self.lying if self.scene.disarm(each)]:
            self.in_vain[point] += 1
            if self.lying.pop(point).early and not self.taken[point]:
                self.dead.append(point)
        self._look_around()

    def _look_around(self) -> None:
        """Count the blows that have fallen where they lay, and see to it that who was stopped goes on some day."""
        for point in [each for each in self.lying if not self.scene.lies(each)]:
            deed = "stops" if self.lying.pop(point).deed == "stop" else "kills"
            self.taken[point] += 1
            self.dealt[deed] += 1
            self.dealt[f"{deed} at a named point"] += 1
            if deed == "stops":
                self.asleep.append((self._long_enough(), self.scene.taken(point)[-1]))

    def _long_enough(self) -> float:
        return time.monotonic() + self.lease * self.chance.uniform(1.4, 2.2)

    def _kill_a_hand(self) -> None:
        hands = self.crew.hands()
        if hands and strike(self.chance.choice(hands), signal.SIGKILL):
            self.dealt["kills of one process at work"] += 1
        else:
            self.crew.kill_one(self.chance.choice(self.crew.members))
            self.dealt["kills of a whole worker"] += 1

    def _awake_hand(self) -> int:
        sleeping = {pid for _, pid in self.asleep}
        hands = [pid for pid in self.crew.hands() if pid not in sleeping]
        return self.chance.choice(hands) if hands else 0

    def _wake(self, *, everybody: bool) -> None:
        """Let go on who has slept long enough."""
        now = time.monotonic()
        while everybody and self.asleep and now < max(until for until, _ in self.asleep):
            threading.Event().wait(0.1)
            now = time.monotonic()
        for until, pid in [each for each in self.asleep if each[0] <= now]:
            strike(pid, signal.SIGCONT)
            self.asleep.remove((until, pid))

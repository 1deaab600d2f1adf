"""The agents that calibrate the instrument: controls, and networks cloned from the planner."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from rlgen.protocol import shipped
from rlgen.util.words import counted

#: Levels an agent was never trained on: the first of them are for the checks that look at
#: held-out levels, as many again decide the truth.
HELD_OUT = 200
#: At most so many of its training levels are put to the checks; its score is that of as many as
#: decide the truth.
READ_LEVELS = 10


@dataclass(frozen=True)
class Subject:
    """One agent under test.

    Attributes:
        kind: "control" or "network".
        name: In ``CONTROLS`` or ``NETWORKS``.
        pool_seed: Of its training levels.
        n_levels: How many of them.
        flip_p: Flip probability of their rewards.
        seed: Of its training.
    """

    kind: str
    name: str
    pool_seed: int
    n_levels: int
    flip_p: float = 0.0
    seed: int = 0

    @property
    def pool(self) -> tuple[int, int, float]:
        """What its training levels depend on."""
        return self.pool_seed, self.n_levels, self.flip_p

    @property
    def label(self) -> str:
        """For people."""
        flips = f", p = {self.flip_p:g}" if self.flip_p else ""
        return f"{self.name} on {counted(self.n_levels, 'level')}{flips}, pool {self.pool_seed}"


#: Controls that memorise their training levels, from the one that no in-pool check can tell from
#: the planner to the one that every perturbation exposes.
MEMORISERS = (
    "full-memoriser",
    "trajectory-memoriser-r4",
    "trajectory-memoriser-r2",
    "trajectory-memoriser-r1",
    "trajectory-memoriser-r0",
    "open-loop",
    "q-learning",
)
#: Controls that take half a minute each, and on how many pools they are made.
SLOW = ("brute", "nearest-neighbour")
SLOW_POOLS = 2
#: Controls that play by the clock: no-op starts put them off, and prove nothing by it.
BY_THE_CLOCK = ("open-loop", "brute")


def default(pools: int, seeds: int) -> list[Subject]:
    """The population of ``rlgen calibrate``."""
    return controls(pools) + networks(shipped.defaults().cloned, seeds)


def controls(pools: int, n_levels: int = 10) -> list[Subject]:
    """The controls on each of some small pools; those that take long on the first few."""
    names = ("random", "planner", *MEMORISERS, *SLOW)
    return [
        Subject("control", name, pool_seed, n_levels)
        for pool_seed in range(pools)
        for name in names
        if name not in SLOW or pool_seed < SLOW_POOLS
    ]


def networks(kinds: Sequence[tuple[str, int, float]], seeds: int) -> list[Subject]:
    """Cloned networks: small pools are memorised, large ones learnt from.

    A seed's networks share its pools, so that they differ in nothing but what is varied.

    Args:
        kinds: Network, number of training levels, flip probability.
        seeds: Networks of each kind.
    """
    return [
        Subject("network", name, 1000 + seed, n_levels, flip_p, seed)
        for seed in range(seeds)
        for name, n_levels, flip_p in kinds
    ]


def tasks(subjects: Sequence[Subject]) -> Iterator[list[Subject]]:
    """Subjects that one cell holds: those of one pool, networks one by one."""
    ordered = sorted(subjects, key=lambda s: (s.kind, -s.n_levels, s.pool))
    for (kind, _), members in groupby(ordered, key=lambda s: (s.kind, s.pool)):
        together = list(members)
        if kind == "network":
            yield from ([one] for one in together)
        else:
            yield together

"""States of levels in an order of their own: by what they hold, not by where they stand.

So what a probe measures does not depend on the order of levels in a pool, nor on that in which a
family lists the states of a level; and any first part of the states is spread over all levels.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from rlgen.agents.labelled import labelled
from rlgen.levels.family import Family, Levels
from rlgen.policies.base import Policy
from rlgen.util.seeding import stream

#: Where states cannot be listed, levels that are played and steps of each.
PLAYED, LONGEST = 32, 200


@dataclass(frozen=True)
class States:
    """Some states of a pool.

    Attributes:
        observations: float32 ``(N, *observation shape)``.
        labels: The planner's policy, uniform on the optimal actions, float64 ``(N, A)``; None where
            the states cannot be listed.
        levels: Id of the level of each, int64 ``(N,)``.
    """

    observations: NDArray[np.float32]
    labels: NDArray[np.float64] | None
    levels: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.levels)

    def tensor(self, dtype: torch.dtype = torch.float64) -> torch.Tensor:
        """The observations as a tensor."""
        return torch.from_numpy(self.observations).to(dtype)


def ordered(levels: Levels) -> Levels:
    """The levels in the order of their fingerprints."""
    return levels.take(np.argsort(levels.fingerprints(), kind="stable"))


def listed(family: Family, levels: Levels, at_most: int | None) -> States:
    """States of tabular levels with their labels, evenly many of each level.

    Args:
        family: A family whose levels are tabular.
        levels: At least one, with their flips.
        at_most: How many states; None for all.
    """
    levels = ordered(levels)
    if at_most is not None:
        levels = levels.take(slice(0, at_most))
    labels = labelled(family, levels)
    observations = labels.observe(np.arange(labels.tabular.n_states)).astype(np.float32)
    goals = labels.optimal / labels.optimal.sum(axis=1, keepdims=True)
    sizes = np.diff(labels.tabular.offsets)
    chosen = _spread(_keys(observations, goals), sizes)[:at_most]
    ids = np.repeat(levels.ids, sizes)
    return States(observations[chosen], goals[chosen], ids[chosen])


def played(policy: Policy, family: Family, levels: Levels, at_most: int | None) -> States:
    """States that a policy meets, evenly many of each level; there are no labels.

    Args:
        policy: Any policy.
        family: Any family.
        levels: Of which ``PLAYED`` at most are played.
        at_most: How many states; None for all.
    """
    ids, met = zip(*episodes(policy, family, levels, PLAYED, LONGEST), strict=True)
    sizes = np.array([len(each) for each in met])
    observations = np.concatenate(met).astype(np.float32)
    chosen = _spread(_keys(observations), sizes)[:at_most]
    return States(observations[chosen], None, np.repeat(np.array(ids, np.int64), sizes)[chosen])


def episodes(
    policy: Policy, family: Family, levels: Levels, at_most: int, longest: int
) -> Iterator[tuple[int, NDArray[np.generic]]]:
    """Play one episode on each of some levels, with the policy's own draws.

    Args:
        policy: Any policy.
        family: Any family.
        levels: At least one.
        at_most: How many of them, the first by their fingerprints.
        longest: Steps after which an episode is left.

    Yields:
        A level's id, and the observations that the policy received on it, ``(T, *shape)``, the
        first one included.
    """
    some = ordered(levels).take(slice(0, at_most))
    for place, level in enumerate(map(int, some.ids)):
        env = family.env(some.take([place]))
        rng = stream(0, "probe", "episode", level)
        observation, _ = env.reset(options={"level": level})
        state, met, over = policy.start(1), [observation], False
        while not over and len(met) < longest:
            actions, state = policy.act(np.stack([observation]), state, rng)
            action = int(actions[0]) if family.box is None else actions[0]
            observation, _, ended, cut, _ = env.step(action)
            over = bool(ended or cut)
            if not over:
                met.append(observation)
        env.close()
        yield level, np.stack(met)


def _keys(*columns: NDArray[np.generic]) -> NDArray[np.bytes_]:
    """A hash of each row's content, ``(N,)``."""
    rows: Sequence[bytes] = [
        hashlib.sha256(b"".join(cells)).digest()
        for cells in zip(*([row.tobytes() for row in column] for column in columns), strict=True)
    ]
    return np.array([row.hex() for row in rows], "S64")


def _spread(keys: NDArray[np.bytes_], sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Places of all states: the first by key of each level, then the second of each, and so on."""
    level = np.repeat(np.arange(len(sizes)), sizes)
    by_level = np.lexsort((keys, level))
    starts = np.repeat(np.cumsum(sizes) - sizes, sizes)
    turn = np.empty(len(keys), np.int64)
    turn[by_level] = np.arange(len(keys)) - starts
    places: NDArray[np.int64] = np.lexsort((level, turn))
    return places

"""Episodes step by step, as Zhang et al. (2018) draw them in figures 4 and 8 to 17."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from rlgen.errors import LevelError
from rlgen.evaluation.rollout import sample
from rlgen.levels.family import Family, Levels
from rlgen.levels.split import Split
from rlgen.perturbations.condition import PLAIN, Condition
from rlgen.policies.base import AnyPolicy, ContinuousPolicy, Policy
from rlgen.util.seeding import library_seed, stream

#: What each level is played under.
CONDITIONS = (PLAIN, "random_spawn", "sticky_proposed:0.25")


def episodes(policy: AnyPolicy, split: Split, seed: int) -> list[dict[str, Any]]:
    """One episode on the first training and on the first test level under each condition.

    Args:
        policy: Acts by sampling.
        split: Its levels.
        seed: Of the actions, start cells and perturbations.

    Returns:
        See ``play``; each with its pool as ``split``. Nothing where the family has no floor plans,
        or actions that are vectors of numbers; conditions that its levels do not allow are left
        out.
    """
    family = split.family
    if isinstance(policy, ContinuousPolicy) or family.floor_plan(split.test) is None:
        return []
    faced = [Condition.parse(name) for name in CONDITIONS]
    faced = [condition for condition in faced if condition.why_not(family, policy) is None]
    pools = [(pool, levels) for pool, levels in split.pools() if pool != "validation"]
    tasks = [(p, levels.take([0]), c) for p, levels in pools if len(levels) for c in faced]
    played = play(policy, family, [task[1:] for task in tasks], seed=seed)
    return [{"split": pool} | told for (pool, *_), told in zip(tasks, played, strict=True)]


def play(
    policy: Policy, family: Family, tasks: Sequence[tuple[Levels, Condition]], *, seed: int
) -> list[dict[str, Any]]:
    """Play one episode of each task, side by side.

    Args:
        policy: Acts by sampling.
        family: Of the levels.
        tasks: A batch of one level, and what is faced in it.
        seed: Two calls with the same arguments play the same.

    Returns:
        For each task, as plain values: ``level``; ``condition``; ``walls``, a text of ``#`` and
        ``.`` a row; ``objects`` with ``name``, ``position`` and ``reward``; ``moves`` by action;
        ``positions``, (column, row) before each step and at the end; by step ``proposed`` and
        ``executed`` action, ``rewards``, and whether a wall ``blocked`` it; ``solved``.

    Raises:
        LevelError: If the family has no floor plans.
    """
    playing = [_Episode(family, level, condition, seed) for level, condition in tasks]
    memory = policy.start(len(playing))
    while not all(episode.ended for episode in playing):
        # Of all, so that what one does does not depend on when others end.
        seen = np.stack([episode.observation for episode in playing])
        probabilities, memory = policy.act(seen, memory)
        for episode, row in zip(playing, probabilities, strict=True):
            if not episode.ended:
                episode.step(row)
    return [episode.told for episode in playing]


class _Episode:
    """One episode under way and what is told of it."""

    def __init__(self, family: Family, level: Levels, condition: Condition, seed: int) -> None:
        plan = family.floor_plan(level)
        if plan is None:
            raise LevelError(f"{family.name} has no floor plans")
        name = int(level.ids[0])
        path = ("strip", name, condition.name)
        self._rng = stream(seed, *path)
        self._condition = condition
        self._channel = condition.channel(family.n_actions, family.noop)
        self._memory = self._channel.begin(1, self._rng)
        self._env = family.env(level, random_spawn=condition.random_spawn)
        self.observation, info = self._env.reset(
            seed=library_seed(seed, *path), options={"level": name}
        )
        self.ended = False
        self.told: dict[str, Any] = {
            "level": name,
            "condition": condition.name,
            "walls": ["".join("#" if wall else "." for wall in row) for row in plan.walls],
            "objects": [
                {"name": name, "position": list(place), "reward": reward}
                for name, place, reward in plan.objects
            ],
            "moves": [list(move) for move in plan.moves],
            "positions": [_place(info)],
            **{key: [] for key in ("proposed", "executed", "rewards", "blocked")},
        }

    def step(self, probabilities: Any) -> None:
        """Act once with these probabilities ``(A,)``."""
        told = self.told
        proposed = sample(self._condition.policy(probabilities[None]), self._rng)
        executed, self._memory = self._channel.step(self._memory, proposed, self._rng)
        action = int(executed[0])
        self.observation, reward, terminated, truncated, info = self._env.step(np.int64(action))
        told["proposed"].append(int(proposed[0]))
        told["executed"].append(action)
        told["rewards"].append(float(reward))
        told["positions"].append(_place(info))
        stayed = told["positions"][-1] == told["positions"][-2]
        told["blocked"].append(stayed and any(told["moves"][action]))
        self.ended = terminated or truncated
        if self.ended:
            told["solved"] = bool(info.get("solved", False))
            self._env.close()


def _place(info: dict[str, Any]) -> list[int]:
    return [int(number) for number in info["position"]]

"""Record episodes: what a policy does on its worst levels, and strips of episodes step by step."""

import base64
import io
from collections.abc import Sequence
from typing import Any

import gymnasium as gym
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image

from rlgen.errors import LevelError
from rlgen.levels.capabilities import Drawable, Gridded, UndrawnError, as_spawnable, masks
from rlgen.levels.family import Family, Levels
from rlgen.levels.split import Split
from rlgen.perturbations.base import Channel
from rlgen.perturbations.condition import PLAIN, Condition
from rlgen.policies.base import Categorical, Policy, restricted, sample
from rlgen.util.seeding import library_seed, stream

#: The conditions of strips.
CONDITIONS = (PLAIN, "random_spawn", "sticky_proposed:0.25")


class _Episode:
    """One episode under way, and its history.

    Args:
        env: Plays the level; closed at the end of the episode.
        level_id: Id of the level.
        condition: How the policy's probabilities are changed.
        rng: Draws actions and the channel's noise.
        channel: Between proposed and executed actions, or None.
        seed: Of the environment.
        masked: Whether the environment says which actions are valid.
    """

    def __init__(
        self,
        env: "gym.Env[Any, Any]",
        level_id: int,
        condition: Condition,
        rng: np.random.Generator,
        channel: Channel | None = None,
        seed: int | None = None,
        *,
        masked: bool = False,
    ) -> None:
        self._masked = masked
        self._env, self._condition, self._channel, self.rng = env, condition, channel, rng
        self._memory: Any = None if channel is None else channel.begin(1, rng)
        self.observation, self.info = env.reset(seed=seed, options={"level": level_id})
        #: (column, row) before each step and at the end, as far as ``info`` says it.
        self.positions: list[Any] = [self.info.get("position")]
        self.proposed: list[Any] = []
        self.executed: list[Any] = []
        self.rewards: list[float] = []
        self.ended = False

    def draw(self, probabilities: NDArray[np.float64], *, masked: bool) -> Any:
        """An action, from the policy's probabilities ``(A,)``; ``masked`` as of policies."""
        rows = probabilities[None]
        if masked and self._masked and not self.ended:
            rows = restricted(rows, masks(self._env)[None])
        return sample(self._condition.policy(rows), self.rng)[0]

    def step(self, proposed: Any) -> None:
        """One step with this action."""
        executed = proposed
        if self._channel is not None:
            actions, self._memory = self._channel.step(self._memory, proposed[None], self.rng)
            executed = actions[0]
        self.observation, reward, terminated, truncated, self.info = self._env.step(executed)
        self.proposed.append(proposed.tolist())
        self.executed.append(executed.tolist())
        self.rewards.append(float(reward))
        self.positions.append(self.info.get("position"))
        self.ended = terminated or truncated
        if self.ended:
            self._env.close()


def _play(policy: Policy, episodes: Sequence[_Episode]) -> None:
    """Play episodes side by side until all have ended."""
    if not isinstance(policy, Categorical) and len(episodes) > 1:
        for episode in episodes:  # each draws its actions from a generator of its own
            _play(policy, [episode])
        return
    state = policy.start(len(episodes))
    while not all(episode.ended for episode in episodes):
        # Of all, so that what one does does not depend on when others end.
        observations = np.stack([episode.observation for episode in episodes])
        if isinstance(policy, Categorical):
            probabilities, state = policy.distribution(observations, state)
            pairs = zip(episodes, probabilities, strict=True)
            actions = [episode.draw(row, masked=policy.masked) for episode, row in pairs]
        else:
            (alone,) = episodes
            rows, state = policy.act(observations, state, alone.rng)
            actions = list(np.asarray(rows))
        for episode, action in zip(episodes, actions, strict=True):
            if not episode.ended:
                episode.step(action)


def worst_level_trajectories(
    policy: Policy, split: Split, rows: pd.DataFrame, *, seed: int
) -> list[dict[str, Any]]:
    """One sampled episode on the training and on the test level with the lowest expected return.

    Args:
        policy: The trained policy.
        split: Its levels.
        rows: The run's records.
        seed: Seed of the sampled actions.

    Returns:
        See ``record``; each also has ``split`` and the level's expected return ``expected``. An
        empty list if the family draws no levels, or cannot on this machine.
    """
    if not isinstance(split.family, Drawable):
        return []
    condition = PLAIN if PLAIN in set(rows["condition"]) else rows["condition"].iloc[0]
    episodes = []
    for pool, levels in split.pools():
        own = rows[(rows["split"] == pool) & (rows["condition"] == condition)]
        if pool == "validation" or own.empty:
            continue
        worst = own.iloc[int(own["ret_mean"].to_numpy().argmin())]
        position = int(np.flatnonzero(levels.ids == worst["level_id"])[0])
        try:
            episode = record(policy, split, levels.take([position]), seed=seed)
        except UndrawnError:
            return []
        about = {"split": pool, "condition": condition, "expected": float(worst["ret_mean"])}
        episodes.append(episode | about)
    return episodes


def record(policy: Policy, split: Split, level: Levels, *, seed: int) -> dict[str, Any]:
    """Play one episode and record the data of a drawing of it.

    Args:
        policy: The policy, which acts by sampling.
        split: A split of the level's family.
        level: A batch of one level.
        seed: Seed of the sampled actions.

    Returns:
        ``level``; ``picture``, the first frame as base64 PNG; ``positions`` of the agent before
        each step and at the end, as (column, row), or None if ``info`` does not hold them;
        ``grid``, height and width in cells; ``actions``, numbers or lists of numbers; ``rewards``;
        ``solved``; ``timeout``.
    """
    level_id = int(level.ids[0])
    env = split.family.env(level, render_mode="rgb_array")
    rng = stream(seed, "trajectory", level_id)
    masked = split.family.masked
    episode = _Episode(env, level_id, Condition.parse(PLAIN), rng, masked=masked)
    picture = np.asarray(env.render())
    _play(policy, [episode])
    positions = episode.positions
    return {
        "level": level_id,
        "picture": _png(picture),
        "positions": positions if all(p is not None for p in positions) else None,
        "grid": list(split.family.observation_space.shape[1:]),
        "actions": episode.executed,
        "rewards": episode.rewards,
        "solved": episode.info.get("solved", 0) >= 1,
        "timeout": bool(episode.info.get("timeout", False)),
    }


def strip_episodes(policy: Policy, split: Split, seed: int) -> list[dict[str, Any]]:
    """One episode on the first training and on the first test level under each of ``CONDITIONS``.

    Zhang et al. 2018 (figures 4 and 8 to 17) draw such episodes step by step.

    Args:
        policy: The policy, which acts by sampling.
        split: Its levels.
        seed: Seed of actions, start cells and perturbations.

    Returns:
        See ``strips``; each also has its pool as ``split``. An empty list if the family has no
        floor plans or continuous actions; conditions that do not fit the family are left out.
    """
    family = split.family
    if family.box is not None or not isinstance(family, Gridded):
        return []
    faced = [Condition.parse(name) for name in CONDITIONS]
    faced = [condition for condition in faced if condition.why_not(family, policy) is None]
    pools = [(pool, levels) for pool, levels in split.pools() if pool != "validation"]
    tasks = [(p, levels.take([0]), c) for p, levels in pools if len(levels) for c in faced]
    episodes = strips(policy, family, [task[1:] for task in tasks], seed=seed)
    return [{"split": pool} | episode for (pool, *_), episode in zip(tasks, episodes, strict=True)]


def strips(
    policy: Policy, family: Family, tasks: Sequence[tuple[Levels, Condition]], *, seed: int
) -> list[dict[str, Any]]:
    """Play one episode of each task, side by side, and record every step.

    Args:
        policy: The policy, which acts by sampling.
        family: Family of the levels.
        tasks: Batches of one level, and the condition of each.
        seed: Two calls with the same arguments give the same episodes.

    Returns:
        For each task, as plain values: ``level``; ``condition``; ``walls``, a text of ``#`` and
        ``.`` a row; ``objects`` with ``name``, ``position`` and ``reward``; ``moves`` by action;
        ``positions``, (column, row) before each step and at the end; by step ``proposed`` and
        ``executed`` action, ``rewards``, and whether a wall ``blocked`` it; ``solved``.

    Raises:
        LevelError: If the family has no floor plans.
    """
    if not isinstance(family, Gridded):
        raise LevelError(f"{family.name} has no floor plans")
    episodes = [_begin_strip(family, level, condition, seed) for level, condition in tasks]
    _play(policy, episodes)
    return [
        _strip(family, level, condition, episode)
        for (level, condition), episode in zip(tasks, episodes, strict=True)
    ]


def _begin_strip(family: Family, level: Levels, condition: Condition, seed: int) -> _Episode:
    level_id = int(level.ids[0])
    path = ("strip", level_id, condition.name)
    spawning = condition.random_spawn
    env = as_spawnable(family).spawning_env(level) if spawning else family.env(level)
    channel = condition.channel(family.n_actions, family.noop)
    rng, env_seed = stream(seed, *path), library_seed(seed, *path)
    return _Episode(env, level_id, condition, rng, channel, env_seed, masked=family.masked)


def _strip(
    family: Gridded, level: Levels, condition: Condition, episode: _Episode
) -> dict[str, Any]:
    plan = family.floor_plan(level)
    positions = [[int(number) for number in place] for place in episode.positions]
    moves = [list(move) for move in plan.moves]
    blocked = [
        before == after and any(moves[action])
        for before, after, action in zip(positions, positions[1:], episode.executed, strict=False)
    ]
    return {
        "level": int(level.ids[0]),
        "condition": condition.name,
        "walls": ["".join("#" if wall else "." for wall in row) for row in plan.walls],
        "objects": [
            {"name": name, "position": list(place), "reward": reward}
            for name, place, reward in plan.objects
        ],
        "moves": moves,
        "positions": positions,
        "proposed": episode.proposed,
        "executed": episode.executed,
        "rewards": episode.rewards,
        "blocked": blocked,
        "solved": episode.info.get("solved", 0) >= 1,
    }


def _png(picture: NDArray[np.uint8]) -> str:
    buffer = io.BytesIO()
    # A palette keeps the few colours of a drawing in a third of the bytes.
    Image.fromarray(picture).quantize(128).save(buffer, "PNG", optimize=True)
    return base64.b64encode(buffer.getvalue()).decode()

"""The Brute (Machado et al. 2018, section 4): a tree of action sequences, without observations.

As in OpenAI retro's implementation: in each episode the agent walks down the tree, at a node
takes a random action with probability 0.005 / ln(visits + 2), else the child with the largest
value, ties at random, where a child never tried has value minus infinity; once off the tree it
acts at random. The whole sequence then enters the tree, and a node's value is the largest return
of the episodes through it.
"""

from collections.abc import Iterator
from math import inf, log
from typing import Any

import gymnasium as gym
import numpy as np

from rlgen.agents.controls.base import Control, batches
from rlgen.errors import LevelError
from rlgen.levels.capabilities import Tabular
from rlgen.levels.family import Family, Levels
from rlgen.levels.tabular import TabularLevels
from rlgen.policies.base import Observations
from rlgen.policies.open_loop import OpenLoopPolicy
from rlgen.util.seeding import stream

EXPLORATION = 0.005


class Brute(Control):
    """Searches each level from its start, then replays the best sequence.

    There is no exploration after the search; beyond the end of the sequence actions are random, as
    they are off the tree. Other levels get the sequence of a random training level.

    Args:
        episodes: Episodes of search on each level. The published agent plays 1e4 to 1e5; the
            default takes seconds for ten levels and leaves some of them unsolved.
        longest: The largest number of steps of an episode on levels that are not tabular.
    """

    def __init__(self, episodes: int = 3000, longest: int = 1000) -> None:
        self.episodes, self.longest = episodes, longest

    def fit(self, family: Family, levels: Levels, seed: int) -> OpenLoopPolicy:
        """See ``Control.fit``."""
        if not len(levels):
            raise LevelError("a control needs at least one level")
        if family.masked:
            raise LevelError(f"{family.name}: a script of actions does not ask which are valid")
        first: list[Observations] = []
        scripts: list[list[int]] = []
        n_actions = family.n_actions
        for number, world in enumerate(self._worlds(family, levels)):
            rng = stream(seed, "brute", int(levels.ids[number]))
            first.append(world.first)
            scripts.append(search(world, n_actions, self.episodes, rng))
        return OpenLoopPolicy(np.stack(first), scripts, n_actions, after=None, seed=seed)

    def _worlds(self, family: Family, levels: Levels) -> "Iterator[_Listed | _Played]":
        if not isinstance(family, Tabular):
            env = family.env(levels)
            for level in levels.ids:
                yield _Played(env, int(level), self.longest)
            env.close()
            return
        for tabular in batches(family, levels):
            for level in range(tabular.n_levels):
                yield _Listed(tabular, level)


class _Listed:
    """A tabular level. Plain lists, since arrays are slow for single steps."""

    def __init__(self, tabular: TabularLevels, level: int) -> None:
        low, high = tabular.offsets[level], tabular.offsets[level + 1]
        self._following = (tabular.next_state[low:high] - low).tolist()
        self._rewards = tabular.reward[low:high].tolist()
        self._over = tabular.n_states - int(low)
        self._start = int(tabular.start[level] - low)
        self._late = tabular.timeout_reward
        self.horizon = tabular.horizon
        self.first = tabular.observe(tabular.start[[level]])[0]

    def reset(self) -> None:
        """Start an episode."""
        self._state, self._left = self._start, self.horizon

    def step(self, action: int) -> tuple[float, bool]:
        """Reward, and whether the episode is over."""
        state, self._left = self._state, self._left - 1
        self._state = self._following[state][action]
        over = self._state == self._over
        late = self._late if self._left == 0 and not over else 0.0
        return self._rewards[state][action] + late, over


class _Played:
    """A level that is played in an environment."""

    def __init__(self, env: "gym.Env[Any, Any]", level: int, longest: int) -> None:
        self._env, self._level, self.horizon = env, level, longest
        self.first = np.asarray(env.reset(options={"level": level})[0])

    def reset(self) -> None:
        """Start an episode."""
        self._env.reset(options={"level": self._level})

    def step(self, action: int) -> tuple[float, bool]:
        """Reward, and whether the episode is over."""
        _, reward, terminated, truncated, _ = self._env.step(np.int64(action))
        return float(reward), bool(terminated or truncated)


def search(
    world: _Listed | _Played, n_actions: int, episodes: int, rng: np.random.Generator
) -> list[int]:
    """Search one level for its best action sequence; of ties, the first.

    Args:
        world: The level.
        n_actions: Number of actions.
        episodes: Number of episodes of search.
        rng: Draws the exploration.

    Returns:
        Indices of actions.
    """
    epsilon = [EXPLORATION / log(visits + 2) for visits in range(episodes)]
    anything = list(range(n_actions))
    # By node: child by action, visits, the children of largest value, and that value.
    children: list[dict[int, int]] = [{}]
    visits, best, top = [0], [anything], [-inf]
    for _ in range(episodes):
        explores = rng.random(world.horizon).tolist()
        draws = rng.random(world.horizon).tolist()
        world.reset()
        total, node = 0.0, 0
        taken: list[int] = []
        for explore, draw in zip(explores, draws, strict=True):
            choices = anything
            if node >= 0:
                if explore >= epsilon[visits[node]]:
                    choices = best[node]
                action = choices[int(draw * len(choices))]
                node = children[node].get(action, -1)
            else:
                action = choices[int(draw * n_actions)]
            taken.append(action)
            reward, over = world.step(action)
            total += reward
            if over:
                break
        node = 0
        for action in taken:
            visits[node] += 1
            if total > top[node]:
                top[node], best[node] = total, [action]
            elif total == top[node] and action not in best[node]:
                best[node].append(action)
            child = children[node].get(action)
            if child is None:
                child = children[node][action] = len(children)
                children.append({})
                visits.append(0)
                best.append(anything)
                top.append(-inf)
            node = child
    script, node = [], 0
    while children[node]:
        action = best[node][0]
        script.append(action)
        node = children[node][action]
    return script


MEMBER = Brute()

"""A test bench: the situations of all checks on one pool, prepared once for many policies."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rlgen import evaluation
from rlgen.diagnostics.detectors.base import Check, Material, Situation
from rlgen.errors import LevelError
from rlgen.evaluation import exact, planner, rollout
from rlgen.evaluation.reference import returns as reference_returns
from rlgen.levels.family import Family, Levels
from rlgen.levels.tabular import TabularLevels
from rlgen.perturbations.condition import Condition
from rlgen.policies.base import MemorylessPolicy, Observations, Policy, Probabilities
from rlgen.util.seeding import stream

Floats = NDArray[np.float64]
#: How something acts in each state of a batch of levels, ``(N, A)``.
Acts = Callable[[TabularLevels], Floats]

PLAIN = Condition.parse("plain")
#: Episodes a level where a return cannot be computed.
EPISODES = 50


@dataclass(frozen=True)
class Reading:
    """A policy under a check.

    Attributes:
        returns: Mean return over the situations' levels; nan where it cannot be measured.
        planner: The planner's, which does not know of the check (method 3.2).
    """

    returns: float
    planner: float


class Bench:
    """Checks on one pool of levels.

    Args:
        material: The levels.
        checks: By name.

    Attributes:
        levels: By check, how many levels it plays.
        steps: By check, environment steps of one episode of the planner on each of them.

    Raises:
        RlgenError: If the family cannot be checked so, or its levels cannot be computed.
    """

    def __init__(self, material: Material, checks: Mapping[str, Check]) -> None:
        self.material = material
        self._lengths: dict[tuple[int, str, bool], float] = {}
        family = material.family
        if family.tabular(material.train.take(slice(0, 1))) is None:
            raise LevelError(f"{family.name}: checks are made for levels that can be computed")
        self._situations: dict[str, list[Situation]] = {}
        for name, check in checks.items():
            reason = check.why_not(family)
            if reason is not None:
                raise LevelError(f"check {name!r}: {reason}")
            self._situations[name] = check.situations(material)
        self.levels = {
            name: sum(len(s.levels) for s in found) for name, found in self._situations.items()
        }
        self._everything = [s for found in self._situations.values() for s in found]
        self._planner = self._means(self._everything, self._planned)
        self.steps = {
            name: sum(self._length(s) * len(s.levels) for s in found)
            for name, found in self._situations.items()
        }
        told = reference_returns(family, material.train, [PLAIN])[PLAIN.name]
        #: Mean returns of the planner and of the random agent on the training levels as they are.
        self.best, self.random = (float(ends.mean()) for ends in told)

    @property
    def every_levels(self) -> list[Levels]:
        """All batches of levels that are played, each once."""
        return list({id(s.levels): s.levels for s in self._everything}.values())

    def read(self, policy: Policy, *, knows_state: bool = False) -> dict[str, Reading]:
        """The policy under each check.

        Exact where the policy is memoryless, or open-loop, and sees what there is; else from
        ``EPISODES`` episodes on each level, with the same noise for every policy.

        Args:
            policy: What is measured.
            knows_state: Whether it is told the state and only looks it up by the observation, as
                the planner is; noise in observations then does not concern it.
        """
        mine: dict[int, float] = {}
        if isinstance(policy, MemorylessPolicy):
            seen = [s for s in self._everything if knows_state or not s.noise]
            mine = self._means(seen, lambda t: policy.probabilities(_all_observations(t)))
        for situation in self._everything:
            if id(situation) not in mine:
                mine[id(situation)] = self._played(policy, situation)
        return {
            name: Reading(_mean(found, mine), _mean(found, self._planner))
            for name, found in self._situations.items()
        }

    def _planned(self, tabular: TabularLevels) -> Floats:
        return planner.plan(tabular).probabilities(tabular.n_actions)

    def _means(self, situations: Sequence[Situation], acts: Acts) -> dict[int, float]:
        """Exact mean returns without any noise, by the situations' identities.

        The acting is asked for once for each batch of levels, whatever the number of conditions.
        """
        family, told = self.material.family, {}
        groups: dict[tuple[int, bool], list[Situation]] = {}
        for s in situations:
            groups.setdefault((id(s.levels), s.on_path), []).append(s)
        for (_, on_path), group in groups.items():
            conditions = list({s.condition.name: s.condition for s in group}.values())
            parts: dict[str, list[Floats]] = {c.name: [] for c in conditions}
            for tabular in exact.chunks(family, group[0].levels):
                starts = _path_states(tabular) if on_path else None
                found = exact.solve(tabular, acts(tabular), conditions, family.noop, starts)
                for name, outcome in found.items():
                    parts[name].append(outcome.ret_mean)
            for s in group:
                told[id(s)] = float(np.concatenate(parts[s.condition.name]).mean())
        return told

    def _length(self, situation: Situation) -> float:
        """Mean expected steps of the planner's episodes."""
        key = (id(situation.levels), situation.condition.name, situation.on_path)
        if key not in self._lengths:
            parts = []
            for tabular in exact.chunks(self.material.family, situation.levels):
                plan = planner.plan(tabular)
                if situation.on_path:
                    # From a uniformly drawn step of a way of n, (n + 1) / 2 are left.
                    parts.append(np.array([(len(path) + 1) / 2 for path in plan.paths]))
                    continue
                acted = plan.probabilities(tabular.n_actions)
                noop = self.material.family.noop
                told = exact.solve(tabular, acted, [situation.condition], noop)
                parts.append(told[situation.condition.name].len_mean)
            self._lengths[key] = float(np.concatenate(parts).mean())
        return self._lengths[key]

    def _played(self, policy: Policy, situation: Situation) -> float:
        if situation.on_path:
            return float("nan")  # no episode can be put there
        family, seed = self.material.family, self.material.seed
        levels, condition = situation.levels, situation.condition
        if not situation.noise:
            told = evaluation.evaluate(
                policy, family, levels, [condition], episodes=EPISODES, seed=seed
            )
        else:
            noisy = Noisy(policy, situation.noise, family.observation_space, seed)
            told = rollout.evaluate(
                noisy, family, levels, [condition], episodes=EPISODES, seed=seed
            )
        return float(told[condition.name].ret_mean.mean())


class Noisy(Policy):
    """A policy whose eyes err.

    Args:
        policy: The one behind them.
        probability: With which each number of an observation is turned to the other end of its
            range.
        space: Of observations, bounded.
        seed: The same seed gives the same noise to every policy.
    """

    memoryless = False  # the noise is drawn for the whole batch, whoever still plays

    def __init__(self, policy: Policy, probability: float, space: Any, seed: int) -> None:
        self._policy, self._probability = policy, probability
        self._ends = (space.low + space.high).astype(space.dtype)
        self._rng = stream(seed, "observation noise")
        self.stochastic = policy.stochastic

    def start(self, n: int) -> Any:
        """See ``Policy.start``."""
        return self._policy.start(n)

    def act(self, observations: Observations, memory: Any) -> tuple[Probabilities, Any]:
        """See ``Policy.act``."""
        wrong = self._rng.random(observations.shape, dtype=np.float32) < self._probability
        return self._policy.act(np.where(wrong, self._ends - observations, observations), memory)


def score(
    policy: Policy, family: Family, levels: Levels, seed: int = 0, cache: Path | None = None
) -> tuple[float, float]:
    """Mean return, and mean normalised return: 0 the random agent, 1 the planner (method 2.1).

    Args:
        policy: Any.
        family: Of the levels.
        levels: ``L`` levels.
        seed: Of rollouts, where the return cannot be computed.
        cache: See ``reference.returns``.
    """
    told = evaluation.evaluate(policy, family, levels, [PLAIN], episodes=EPISODES, seed=seed)
    returns = told[PLAIN.name].ret_mean
    best, random = reference_returns(family, levels, [PLAIN], cache)[PLAIN.name]
    return float(returns.mean()), float(((returns - random) / (best - random)).mean())


def _all_observations(tabular: TabularLevels) -> Observations:
    return tabular.observe(np.arange(tabular.n_states, dtype=np.int32))


def _path_states(tabular: TabularLevels) -> Floats:
    """Each level's start distribution: uniform over the states on the planner's way, ``(N,)``."""
    starts = np.zeros(tabular.n_states)
    for level, path in enumerate(planner.plan(tabular).paths):
        state = int(tabular.start[level])
        for action in path:
            starts[state] += 1 / len(path)
            state = int(tabular.next_state[state, action])
    return starts


def _mean(situations: Sequence[Situation], told: Mapping[int, float]) -> float:
    weights = [len(s.levels) for s in situations]
    return float(np.average([told[id(s)] for s in situations], weights=weights))

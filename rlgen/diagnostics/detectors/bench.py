"""A test bench: the situations of all detectors on one pool, prepared once for many policies."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rlgen import evaluation
from rlgen.diagnostics.detectors.base import Detector, Material, Situation
from rlgen.errors import LevelError
from rlgen.evaluation import exact, planner, rollout
from rlgen.evaluation.reference import returns as reference_returns
from rlgen.levels.capabilities import as_tabular
from rlgen.levels.family import Family, Levels
from rlgen.levels.tabular import TabularLevels
from rlgen.perturbations.condition import Condition
from rlgen.policies.base import Categorical, Observations, Policy
from rlgen.policies.observing import ObservingPolicy
from rlgen.util.seeding import stream

Floats = NDArray[np.float64]
#: Action probabilities in each state of a batch of levels, ``(N, A)``.
Acts = Callable[[TabularLevels], Floats]

PLAIN = Condition.parse("plain")
#: Episodes per level where returns cannot be computed exactly.
EPISODES = 50


@dataclass(frozen=True)
class Reading:
    """One policy's reading of one detector.

    Attributes:
        returns: Mean return over the situations' levels; nan where it cannot be measured.
        planner: The planner's mean return there; it plans as if on plain levels (method 3.2).
    """

    returns: float
    planner: float


class Bench:
    """Detectors on one pool of levels.

    Args:
        material: The levels.
        detectors: By name.

    Attributes:
        levels: By detector, the number of levels played.
        steps: By detector, environment steps of one episode of the planner on each of them.

    Raises:
        RlgenError: If a detector does not apply to the family, or its levels are not tabular.
    """

    def __init__(self, material: Material, detectors: Mapping[str, Detector]) -> None:
        self.material = material
        self._lengths: dict[tuple[int, str, bool], float] = {}
        family = material.family
        self._tabular = as_tabular(family, "detectors")
        self._situations: dict[str, list[Situation]] = {}
        for name, detector in detectors.items():
            reason = detector.why_not(family)
            if reason is not None:
                raise LevelError(f"detector {name!r}: {reason}")
            self._situations[name] = detector.situations(material)
        self.levels = {
            name: sum(len(s.levels) for s in own) for name, own in self._situations.items()
        }
        self._everything = [s for own in self._situations.values() for s in own]
        self._planner = self._means(self._everything, self._planned)
        self.steps = {
            name: sum(self._length(s) * len(s.levels) for s in own)
            for name, own in self._situations.items()
        }
        references = reference_returns(family, material.train, [PLAIN])[PLAIN.name]
        #: Mean returns of the planner and of the random agent on the training levels as they are.
        self.best, self.random = (float(ends.mean()) for ends in references)

    @property
    def every_levels(self) -> list[Levels]:
        """All batches of levels that are played, without repetition."""
        return list({id(s.levels): s.levels for s in self._everything}.values())

    def read(self, policy: Policy, *, knows_state: bool = False) -> dict[str, Reading]:
        """The policy's reading of each detector.

        Exact where the policy is memoryless or open-loop and observations are not noisy; otherwise
        from ``EPISODES`` episodes on each level, with the same noise for every policy.

        Args:
            policy: The policy to measure.
            knows_state: Whether it knows the true state and uses observations only to look it up,
                as the planner does; observation noise then does not affect it.
        """
        returns: dict[int, float] = {}
        if isinstance(policy, Categorical) and policy.memoryless:
            noiseless = [s for s in self._everything if knows_state or not s.noise]
            acts = policy.distribution
            returns = self._means(noiseless, lambda t: acts(_all_observations(t), None)[0])
        for situation in self._everything:
            if id(situation) not in returns:
                returns[id(situation)] = self._played(policy, situation)
        return {
            name: Reading(_mean(own, returns), _mean(own, self._planner))
            for name, own in self._situations.items()
        }

    def _planned(self, tabular: TabularLevels) -> Floats:
        return planner.plan(tabular).probabilities(tabular.n_actions)

    def _means(self, situations: Sequence[Situation], acts: Acts) -> dict[int, float]:
        """Exact mean returns without observation noise, keyed by ``id`` of the situation.

        Action probabilities are computed once for each batch of levels, for all conditions.
        """
        family, means = self.material.family, {}
        groups: dict[tuple[int, bool], list[Situation]] = {}
        for s in situations:
            groups.setdefault((id(s.levels), s.on_path), []).append(s)
        for (_, on_path), group in groups.items():
            conditions = list({s.condition.name: s.condition for s in group}.values())
            parts: dict[str, list[Floats]] = {c.name: [] for c in conditions}
            for tabular in exact.chunks(self._tabular, group[0].levels):
                starts = _path_states(tabular) if on_path else None
                outcomes = exact.solve(tabular, acts(tabular), conditions, family.noop, starts)
                for name, outcome in outcomes.items():
                    parts[name].append(outcome.ret_mean)
            for s in group:
                means[id(s)] = float(np.concatenate(parts[s.condition.name]).mean())
        return means

    def _length(self, situation: Situation) -> float:
        """Expected length of the planner's episodes, averaged over levels."""
        key = (id(situation.levels), situation.condition.name, situation.on_path)
        if key not in self._lengths:
            parts = []
            for tabular in exact.chunks(self._tabular, situation.levels):
                plan = planner.plan(tabular)
                if situation.on_path:
                    # From a uniformly drawn step of a path of n, (n + 1) / 2 remain on average.
                    parts.append(np.array([(len(path) + 1) / 2 for path in plan.paths]))
                    continue
                acted = plan.probabilities(tabular.n_actions)
                noop = self.material.family.noop
                outcomes = exact.solve(tabular, acted, [situation.condition], noop)
                parts.append(outcomes[situation.condition.name].len_mean)
            self._lengths[key] = float(np.concatenate(parts).mean())
        return self._lengths[key]

    def _played(self, policy: Policy, situation: Situation) -> float:
        if situation.on_path:
            return float("nan")  # rollouts cannot start there
        family, seed = self.material.family, self.material.seed
        levels, condition = situation.levels, situation.condition
        if not situation.noise:
            outcomes = evaluation.evaluate(
                policy, family, levels, [condition], episodes=EPISODES, seed=seed
            )
        else:
            disturbed = noisy(policy, situation.noise, family.observation_space, seed)
            outcomes = rollout.evaluate(
                disturbed, family, levels, [condition], episodes=EPISODES, seed=seed
            )
        return float(outcomes[condition.name].ret_mean.mean())


def noisy(policy: Policy, probability: float, space: Any, seed: int) -> Policy:
    """A policy that receives corrupted observations.

    Args:
        policy: The policy that receives them.
        probability: With which each number of an observation is moved to the other end of its
            range.
        space: The observation space; bounded.
        seed: Policies with the same seed receive the same noise.
    """
    ends = (space.low + space.high).astype(space.dtype)
    rng = stream(seed, "observation noise")

    def corrupt(observations: Observations) -> Observations:
        wrong = rng.random(observations.shape, dtype=np.float32) < probability
        return np.where(wrong, ends - observations, observations)

    # Noise is drawn for the whole batch, including finished episodes.
    return ObservingPolicy(policy, corrupt, draws=True)


def score(
    policy: Policy, family: Family, levels: Levels, seed: int = 0, cache: Path | None = None
) -> tuple[float, float]:
    """Mean return, and mean normalised return: 0 the random agent, 1 the planner (method 2.1).

    Args:
        policy: Any policy.
        family: Of the levels.
        levels: ``L`` levels.
        seed: Of rollouts, where the return cannot be computed exactly.
        cache: See ``reference.returns``.
    """
    outcomes = evaluation.evaluate(policy, family, levels, [PLAIN], episodes=EPISODES, seed=seed)
    returns = outcomes[PLAIN.name].ret_mean
    best, random = reference_returns(family, levels, [PLAIN], cache)[PLAIN.name]
    return float(returns.mean()), float(((returns - random) / (best - random)).mean())


def _all_observations(tabular: TabularLevels) -> Observations:
    return tabular.observe(np.arange(tabular.n_states, dtype=np.int32))


def _path_states(tabular: TabularLevels) -> Floats:
    """Each level's start distribution: uniform over the states on the planner's path, ``(N,)``."""
    starts = np.zeros(tabular.n_states)
    for level, path in enumerate(planner.plan(tabular).paths):
        state = int(tabular.start[level])
        for action in path:
            starts[state] += 1 / len(path)
            state = int(tabular.next_state[state, action])
    return starts


def _mean(situations: Sequence[Situation], returns: Mapping[int, float]) -> float:
    weights = [len(s.levels) for s in situations]
    return float(np.average([returns[id(s)] for s in situations], weights=weights))

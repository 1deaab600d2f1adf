"""Monte Carlo evaluation, where returns cannot be computed and to check exact evaluation."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rlgen.evaluation.noise import Noise
from rlgen.evaluation.outcome import Outcome
from rlgen.levels.capabilities import masks, vector_env
from rlgen.levels.family import Family, Levels
from rlgen.perturbations.condition import Condition
from rlgen.policies.base import Categorical, Policy, restricted, sample
from rlgen.util.seeding import library_seed, stream

#: Default number of episodes per level.
EPISODES = 100


def evaluate(
    policy: Policy,
    family: Family,
    levels: Levels,
    conditions: Sequence[Condition],
    *,
    episodes: int,
    seed: int = 0,
) -> dict[str, Outcome]:
    """Average outcomes over the same number of episodes on each level.

    Args:
        policy: Any policy.
        family: Family of the levels.
        levels: ``L`` levels.
        conditions: The conditions.
        episodes: Episodes for each level and condition, at least 1. With one episode the
            variance is nan.
        seed: Two calls with the same seed give the same numbers.

    Returns:
        Outcomes by condition name.
    """
    return {
        condition.name: _condition(policy, family, levels, condition, episodes, seed)
        for condition in conditions
    }


def _condition(
    policy: Policy,
    family: Family,
    levels: Levels,
    condition: Condition,
    episodes: int,
    seed: int,
) -> Outcome:
    # Each level has all of its episodes, whatever the size of the batches.
    tasks = np.repeat(np.arange(len(levels)), episodes)
    rng = stream(seed, "rollout", condition.name)
    channel: Any = condition.channel_of(family)
    noisy = Noise(family, levels, condition.noise) if condition.noise else None
    at_once = family.side_by_side
    played = [
        _play(
            policy, family, levels, tasks[first : first + at_once], condition, channel, noisy, rng
        )
        for first in range(0, len(tasks), at_once)
    ]
    columns = np.concatenate(played, axis=1).reshape(4, len(levels), episodes)
    returns, solved, timeouts, lengths = columns
    return Outcome(
        returns.mean(axis=1),
        returns.var(axis=1, ddof=1) if episodes > 1 else np.full(len(levels), np.nan),
        solved.mean(axis=1),
        timeouts.mean(axis=1),
        lengths.mean(axis=1),
    )


def _play(
    policy: Policy,
    family: Family,
    levels: Levels,
    tasks: NDArray[np.int64],
    condition: Condition,
    channel: Any,
    noisy: Noise | None,
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """Play one episode of each task: return, solved, timeout and length, ``(4, tasks)``."""
    n = len(tasks)
    needed, which = np.unique(tasks, return_inverse=True)
    batch = levels.take(needed)
    env = vector_env(family, batch, n, random_spawn=condition.random_spawn)
    seed = library_seed(int(rng.integers(2**62)), "rollout environments")
    observations, _ = env.reset(seed=seed, options={"level": batch.ids[which]})
    memory = channel.begin(n, rng)
    state = policy.start(n)
    result = np.zeros((4, n))
    alive = np.ones(n, np.bool_)
    masked = policy.masked and family.masked
    # Only the first episode of each environment counts: otherwise short episodes would be counted
    # more often.
    while alive.any():
        inputs = observations if noisy is None else noisy(observations, rng)
        # A policy with a memory acts in all environments, others only in those still running.
        acting = alive if policy.memoryless else slice(None)
        valid = masks(env)[acting] if masked else None
        actions, state = draw(policy, condition, inputs[acting], state, rng, valid)
        proposed = np.zeros((n, *actions.shape[1:]), actions.dtype)
        proposed[acting] = actions
        executed, memory = channel.step(memory, proposed, rng)
        observations, reward, terminated, truncated, info = env.step(executed)
        result[0, alive] += reward[alive]
        result[3, alive] += 1
        ended = alive & (terminated | truncated)
        if ended.any():
            result[1, ended] = _final(info, "solved", n, np.nan)[ended]
            result[2, ended] = np.maximum(_final(info, "timeout", n, 0.0), truncated)[ended]
            alive &= ~ended
    env.close()
    return result


def draw(
    policy: Policy,
    condition: Condition,
    observations: Any,
    state: Any,
    rng: np.random.Generator,
    valid: NDArray[np.bool_] | None = None,
) -> tuple[NDArray[Any], Any]:
    """Draw one action for each of ``B`` episodes, as the policy acts under the condition.

    Args:
        policy: Any policy.
        condition: Changes of the policy; its channels and noise are not applied.
        observations: ``(B, *observation shape)``.
        state: The policy's memory.
        rng: Draws the actions.
        valid: Which actions are valid, ``(B, A)``, of a policy that is masked.

    Returns:
        int64 ``(B,)`` or float32 ``(B, *action shape)``, and the new memory.
    """
    if not isinstance(policy, Categorical):
        actions, state = policy.act(observations, state, None if condition.greedy else rng)
        return np.asarray(actions), state
    probabilities, state = policy.distribution(observations, state)
    if valid is not None:
        probabilities = restricted(probabilities, valid)
    return sample(condition.policy(probabilities), rng), state


def _final(info: dict[str, Any], key: str, n: int, unknown: float) -> NDArray[np.float64]:
    final = info["final_info"].get(key)
    return np.full(n, unknown) if final is None else np.asarray(final, dtype=np.float64)

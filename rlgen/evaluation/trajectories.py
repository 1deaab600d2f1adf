"""Episodes kept for the report: what the policy does on its worst levels."""

import base64
import io
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from rlgen.evaluation.rollout import draw
from rlgen.levels.family import Levels
from rlgen.levels.split import Split
from rlgen.perturbations.condition import PLAIN, Condition
from rlgen.policies.base import AnyPolicy
from rlgen.util.seeding import stream


def worst_level_trajectories(
    policy: AnyPolicy, split: Split, rows: pd.DataFrame, *, seed: int
) -> list[dict[str, Any]]:
    """One sampled episode on the training and on the test level with the lowest expected return.

    Args:
        policy: The trained policy.
        split: Its levels.
        rows: The run's records.
        seed: Of the sampled actions.

    Returns:
        See ``record``; each with ``split`` and the level's expected return ``expected``. Nothing
        where the family draws nothing.
    """
    if not split.family.draws:
        return []
    condition = PLAIN if PLAIN in set(rows["condition"]) else rows["condition"].iloc[0]
    shown = []
    for pool, levels in split.pools():
        known = rows[(rows["split"] == pool) & (rows["condition"] == condition)]
        if pool == "validation" or known.empty:
            continue
        worst = known.iloc[int(known["ret_mean"].to_numpy().argmin())]
        position = int(np.flatnonzero(levels.ids == worst["level_id"])[0])
        episode = record(policy, split, levels.take([position]), seed=seed)
        told = {"split": pool, "condition": condition, "expected": float(worst["ret_mean"])}
        shown.append(episode | told)
    return shown


def record(policy: AnyPolicy, split: Split, level: Levels, *, seed: int) -> dict[str, Any]:
    """Play one episode and keep what a drawing of it needs.

    Args:
        policy: Acts by sampling.
        split: Says the family.
        level: A batch of one.
        seed: Of the sampled actions.

    Returns:
        ``level``; ``picture``, the first frame as base64 PNG; ``positions`` of the agent before
        each step and at the end, as (column, row), where the family tells them in ``info``;
        ``actions``, numbers or lists of numbers; ``rewards``; ``solved``; ``timeout``.
    """
    rng = stream(seed, "trajectory", int(level.ids[0]))
    env = split.family.env(level, render_mode="rgb_array")
    observation, info = env.reset(options={"level": int(level.ids[0])})
    picture = np.asarray(env.render())
    positions, actions, rewards = [info.get("position")], [], []
    plain, memory, ended = Condition.parse(PLAIN), policy.start(1), False
    while not ended:
        (action,), memory = draw(policy, plain, np.asarray(observation)[None], memory, rng)
        observation, reward, terminated, truncated, info = env.step(action)
        ended = terminated or truncated
        positions.append(info.get("position"))
        actions.append(action.tolist())
        rewards.append(float(reward))
    env.close()
    return {
        "level": int(level.ids[0]),
        "picture": _png(picture),
        "positions": positions if all(p is not None for p in positions) else None,
        "grid": list(split.family.observation_space.shape[1:]),
        "actions": actions,
        "rewards": rewards,
        "solved": bool(info.get("solved", False)),
        "timeout": bool(info.get("timeout", False)),
    }


def _png(picture: "np.typing.NDArray[np.uint8]") -> str:
    buffer = io.BytesIO()
    # A palette keeps the few colours of a drawing in a third of the bytes.
    Image.fromarray(picture).quantize(128).save(buffer, "PNG", optimize=True)
    return base64.b64encode(buffer.getvalue()).decode()

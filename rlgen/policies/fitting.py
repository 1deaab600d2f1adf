"""Whether a policy takes a family's observations and returns its actions."""

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rlgen.errors import PolicyError, RlgenError, RlgenWarning, one_line
from rlgen.levels.family import Family, Levels
from rlgen.policies.base import Categorical, Policy, kind
from rlgen.util.words import counted

#: Answers that differ by less are the same, relative to their size and absolutely.
SAME = 1e-6


def note_masks(policy: Policy, family: Family, source: str) -> None:
    """Say that a policy that learned with masks plays without; arguments as of ``check``."""
    if policy.masked and not family.masked:
        wrap = "; a wrapper that has it can be named (the option wrappers)"
        warnings.warn(
            f"{source}: is a policy for masks (MaskablePPO), and {family.name} has no method "
            "action_masks: it plays without, which gives other returns than with masks"
            f"{wrap if 'wrappers' in family.options else ''}",
            RlgenWarning,
            stacklevel=2,
        )


def check(policy: Policy, family: Family, levels: Levels, source: str) -> None:
    """Let a policy act on first observations of a level: twice, if it has no memory.

    Args:
        policy: The policy.
        family: The family that it shall play.
        levels: Levels of the family, at least one.
        source: The policy's name in errors.

    Raises:
        PolicyError: If it does not take the family's observations or return its actions, or
            answers the same observations in two ways.
    """
    if isinstance(policy, Categorical) and family.box is not None:
        raise PolicyError(
            f"{source}: its actions are discrete; those of {family.name} are {kind(family)}"
        )
    # Real observations: a function may rely on a one-hot vector to hold a one.
    level = levels.take([0])
    env = family.env(level)
    probe = np.stack([env.reset(options={"level": int(level.ids[0])})[0]] * 2)
    env.close()
    try:
        # Copies: a function may change what it is given, or return what it keeps.
        first, *again = (
            _answer(policy, probe.copy()).copy() for _ in range(2 if policy.memoryless else 1)
        )
    except RlgenError as error:
        raise type(error)(f"{source}: {error}") from None
    except SystemExit as error:
        raise PolicyError(f"{source}: ends the program (SystemExit: {error.code})") from None
    except Exception as error:
        # Libraries word a mismatch in many ways, and may do so in several lines.
        raise PolicyError(
            f"{source} does not take {family.name}'s observations of shape "
            f"{family.observation_space.shape}: {one_line(error)[:200]}"
        ) from None
    if isinstance(policy, Categorical):
        _check_probabilities(first, family, source)
    else:
        _check_actions(first, family, source)
    if any(not np.allclose(first, other, SAME, SAME, equal_nan=True) for other in again):
        # Its returns would be computed as if it always did what it does at one call.
        remedy = "the action that it prefers where its generator is None"
        if isinstance(policy, Categorical):
            remedy = "action probabilities, of which actions are drawn"
        raise PolicyError(
            f"{source} gives different answers for the same observations: return {remedy}, or seed "
            "its chance by the observation (what has a memory is a rlgen.Policy with start)"
        )


def _answer(policy: Policy, probe: NDArray[np.generic]) -> NDArray[Any]:
    if isinstance(policy, Categorical):
        outputs, _ = policy.distribution(probe, policy.start(len(probe)))
    else:
        outputs, _ = policy.act(probe, policy.start(len(probe)), None)
    return np.asarray(outputs)


def _check_probabilities(outputs: NDArray[np.float64], family: Family, source: str) -> None:
    n_actions = family.n_actions
    if np.isnan(outputs).any():
        raise PolicyError(f"{source} returns action probabilities that are nan")
    if outputs.shape != (2, n_actions):
        raise PolicyError(
            f"{source} returns {outputs.shape[-1]} action probabilities; {family.name} has "
            f"{counted(n_actions, 'action')}"
        )


def _check_actions(outputs: NDArray[np.generic], family: Family, source: str) -> None:
    box = family.box
    if box is not None:
        if np.isnan(outputs).any():
            raise PolicyError(f"{source} returns actions that are nan")
        if outputs.shape != (2, *box.shape):
            raise PolicyError(
                f"{source} returns actions of shape {outputs.shape[1:]}; those of {family.name} "
                f"have {box.shape}"
            )
        return
    if outputs.dtype.kind not in "iu":
        raise PolicyError(
            f"{source}: its actions are continuous; those of {family.name} are {kind(family)}"
        )
    if outputs.shape != (2,):
        raise PolicyError(
            f"{source} returns actions of shape {outputs.shape[1:]}; those of {family.name} are "
            "one number for each observation"
        )
    if outputs.min() < 0 or outputs.max() >= family.n_actions:
        raise PolicyError(
            f"{source} returns the actions {outputs.tolist()}; {family.name} has "
            f"{counted(family.n_actions, 'action')}, from 0"
        )

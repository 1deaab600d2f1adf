"""Whether a policy takes a family's observations and returns its actions."""

import warnings

import numpy as np
from numpy.typing import NDArray

from rlgen.errors import PolicyError, RlgenError, RlgenWarning, one_line
from rlgen.levels.family import Family, Levels
from rlgen.policies.base import Categorical, Policy, kind
from rlgen.util.words import counted


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
    """Let a policy act once on first observations of a level.

    Args:
        policy: The policy.
        family: The family that it shall play.
        levels: Levels of the family, at least one.
        source: The policy's name in errors.

    Raises:
        PolicyError: If it does not take the family's observations or return its actions.
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
        if isinstance(policy, Categorical):
            outputs, _ = policy.distribution(probe, policy.start(2))
        else:
            outputs, _ = policy.act(probe, policy.start(2), None)
        outputs = np.asarray(outputs)
    except RlgenError as error:
        raise type(error)(f"{source}: {error}") from None
    except Exception as error:
        # Libraries word a mismatch in many ways, and may do so in several lines.
        raise PolicyError(
            f"{source} does not take {family.name}'s observations of shape "
            f"{family.observation_space.shape}: {one_line(error)[:200]}"
        ) from None
    if isinstance(policy, Categorical):
        _check_probabilities(outputs, family, source)
    else:
        _check_actions(outputs, family, source)


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

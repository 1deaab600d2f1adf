"""Masks of environments that say in ``info`` which actions are valid."""

from typing import Any

import gymnasium as gym

from rlgen.errors import LevelError

#: The entry of ``info``, in Gymnasium's own Taxi and others.
ENTRY = "action_mask"


class InfoMasks(gym.Wrapper[Any, Any, Any, Any]):
    """Gives ``info["action_mask"]`` as ``action_masks()``, where sb3-contrib looks for it.

    As an option of a family: ``wrappers=rlgen_envs.registered.masking:InfoMasks``.
    """

    def reset(self, **kwargs: Any) -> tuple[Any, dict[str, Any]]:
        """See Gymnasium."""
        observation, self._info = self.env.reset(**kwargs)
        return observation, self._info

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """See Gymnasium."""
        *result, self._info = self.env.step(action)
        observation, reward, terminated, truncated = result
        return observation, reward, terminated, truncated, self._info

    def action_masks(self) -> Any:
        """Which actions are valid now.

        Raises:
            LevelError: If the last ``info`` does not say it.
        """
        if ENTRY not in self._info:
            raise LevelError(f"its info has no {ENTRY!r}")
        return self._info[ENTRY]

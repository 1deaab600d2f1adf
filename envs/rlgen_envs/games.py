"""Several environments as one family, so that whole games can be held out."""

from collections.abc import Sequence
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.error import Error as GymnasiumError

from rlgen.errors import LevelError, one_line


class Games(gym.Env[Any, Any]):
    """Environments that take turns: seed ``n`` of ``reset`` is level ``n // k`` of game ``n % k``.

    Info of ``reset``: ``game``, the game's name, by which ``[levels] group = "info:game"`` splits.

    Args:
        games: Ids that are registered with Gymnasium, at least two, joined by "+"; with ``env``
            values of its argument instead.
        env: One id of which the games are variants.
        argument: Which argument of ``env`` names the game.
        render_mode: Passed on.

    Raises:
        LevelError: If a game cannot be made, or the spaces of two differ.

    Example:
        >>> env = Games("rlgen/CartPole-v0+CartPole-v1")
        >>> env.reset(seed=7)[1]["game"], env.reset(seed=8)[1]["game"]
        ('CartPole-v1', 'rlgen/CartPole-v0')
    """

    metadata = {"render_modes": ["rgb_array"]}  # noqa: RUF012

    def __init__(
        self, games: str, env: str = "", argument: str = "game", render_mode: str | None = None
    ) -> None:
        self.games = tuple(name.strip() for name in games.split("+"))
        if len(self.games) < 2 or len(set(self.games)) < len(self.games):
            raise LevelError(f"games = {games!r}: needs at least two, each once, joined by +")
        self.render_mode = render_mode
        #: By the order of ``games``.
        self.members = [_member(name, env, argument, render_mode) for name in self.games]
        self.observation_space = _common("observations", self.games, self.members)
        self.action_space = _common("actions", self.games, self.members)
        specs = [member.spec for member in self.members]
        limits = [None if spec is None else spec.max_episode_steps for spec in specs]
        #: The longest episode, if every game has an end.
        self.max_steps = None if None in limits else max(filter(None, limits))
        self._playing = self.members[0]
        self._game = self.games[0]

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Start a level; without a seed the same game goes on."""
        super().reset(seed=seed)
        own = None
        if seed is not None:
            own, turn = divmod(seed, len(self.games))
            self._playing, self._game = self.members[turn], self.games[turn]
        observation, info = self._playing.reset(seed=own, options=options)
        return observation, {**info, "game": self._game}

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """One step of the game that is played."""
        return self._playing.step(action)

    def render(self) -> Any:
        """Its picture."""
        return self._playing.render()

    def close(self) -> None:
        """Close all games."""
        for member in self.members:
            member.close()


def _member(name: str, env: str, argument: str, render_mode: str | None) -> "gym.Env[Any, Any]":
    arguments: dict[str, Any] = {argument: name} if env else {}
    try:
        return gym.make(env or name, disable_env_checker=True, render_mode=render_mode, **arguments)
    except LevelError:
        raise
    except GymnasiumError as error:
        raise LevelError(f"games: {name!r}: {one_line(error)}") from None
    except Exception as error:
        raise LevelError(f"games: {name!r}: {type(error).__name__}: {one_line(error)}") from None


def _common(what: str, games: Sequence[str], members: Sequence["gym.Env[Any, Any]"]) -> Any:
    """The space of all games; of boxes that differ in their bounds the widest."""
    spaces = [
        member.observation_space if what == "observations" else member.action_space
        for member in members
    ]
    first = spaces[0]
    for name, space in zip(games, spaces, strict=True):
        boxes = isinstance(space, gym.spaces.Box) and isinstance(first, gym.spaces.Box)
        same_form = (space.shape, space.dtype) == (first.shape, first.dtype)
        if not (same_form if boxes else space == first):
            raise LevelError(f"games: {what} of {name} are {space}, those of {games[0]} {first}")
    if not isinstance(first, gym.spaces.Box):
        return first
    low = np.min([space.low for space in spaces if isinstance(space, gym.spaces.Box)], axis=0)
    high = np.max([space.high for space in spaces if isinstance(space, gym.spaces.Box)], axis=0)
    return gym.spaces.Box(low, high, dtype=first.dtype.type)

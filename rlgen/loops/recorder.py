"""Returns by level of any loop that plays a policy, in the form that ``rlgen import`` reads."""

from pathlib import Path
from typing import Any

import gymnasium as gym

from rlgen.errors import LevelError
from rlgen.loops.level_env import EnvLike, made
from rlgen.loops.returns_file import Episode, ReturnsFile, checked_pool


class LevelRecorder(gym.Wrapper[Any, Any, Any, Any]):
    """An environment that writes a row for each episode that ends in it.

    The level is what ``info["level"]`` says, as in a ``LevelEnv``, or else the seed with which the
    environment is reset. An episode that is broken off by a reset is not written. Of one policy
    rows are needed from training levels and from held-out ones: two recorders, whose file may be
    the same.

    Args:
        env: An environment, mostly a ``LevelEnv``, or what makes one.
        file: A CSV file, which is not there yet, or which another recorder of this process writes.
        pool: "train", "validation" or "test".
        step: Steps for which the policy has been trained; ``env.get_wrapper_attr("at")(step)`` says
            it anew. All recorders of a file say it, or none does.
        **columns: Of the import, for all rows: ``seed`` or ``run``, by which runs are told apart,
            and ``agent``, ``network``, ``family``, ``n_train_levels``, ``regulariser``,
            ``condition``, ``oracle`` and ``random``.

    Raises:
        LevelError: If the file is there already, a name is unknown, or a level is not told.

    Example:
        >>> from tempfile import mkdtemp
        >>> from rlgen.loops.level_env import LevelEnv
        >>> file = Path(mkdtemp()) / "returns.csv"
        >>> levels = LevelEnv("CartPole-v1", [7])
        >>> env = LevelRecorder(levels, file, pool="test", agent="ppo", seed=0)
        >>> _, ended = env.reset(), False
        >>> while not ended:
        ...     *_, terminated, truncated, _ = env.step(0)
        ...     ended = terminated or truncated
        >>> print(file.read_text())
        seed,agent,pool,level,episode,return,length,solved
        0,ppo,test,7,0,9.0,9,
        <BLANKLINE>
    """

    def __init__(
        self, env: EnvLike, file: str | Path, *, pool: str, step: int | None = None, **columns: Any
    ):
        super().__init__(made(env))
        self._pool, self._step = checked_pool(pool), step
        self._file = ReturnsFile(file, columns, steps=step is not None)
        self._level: int | None = None
        self._episode = Episode()

    def at(self, step: int) -> None:
        """Say for how many steps the policy of the episodes that follow has been trained.

        Raises:
            LevelError: If the recorder was made without ``step``.
        """
        if self._step is None:
            raise LevelError(f"{self._file.path}: has no column step: give step=0 at first")
        self._step = int(step)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Begin an episode; see Gymnasium."""
        more = {"options": options} if options else {}
        observation, info = self.env.reset(seed=seed, **more)
        level = info.get("level", seed)
        if level is None:
            raise LevelError(
                f"{self._file.path}: the level of an episode is not told: put the recorder around "
                "rlgen.LevelEnv, or reset with the level as seed"
            )
        try:
            self._level, self._episode = int(level), Episode()
        except (TypeError, ValueError):
            raise LevelError(
                f"{self._file.path}: the level of an episode is {level!r}: must be a whole number"
            ) from None
        return observation, info

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """One step; the last of an episode writes its row."""
        observation, reward, terminated, truncated, info = self.env.step(action)
        ended = bool(terminated or truncated)
        self._episode.step(reward, info, ended=ended)
        if ended and self._level is not None:
            self._file.add(self._pool, self._level, self._episode, self._step)
            self._level = None
        return observation, reward, terminated, truncated, info

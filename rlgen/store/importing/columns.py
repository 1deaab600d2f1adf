"""What columns mean: names that others use for them, and what is told of them besides."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rlgen.errors import ImportedFileError, nearest
from rlgen.store.importing.readers import Source

#: Our columns with the names by which they are known elsewhere, in small letters with underscores.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "run": ("run_id", "run_name", "trial", "trial_id", "job", "job_id"),
    "level": ("level_id", "level_name", "level_seed", "env_seed", "map", "maze"),
    "pool": ("split", "set", "subset", "phase", "level_set"),
    "return": (
        *("returns", "ret", "ret_mean", "score", "reward", "rewards", "total_reward"),
        *("episode_return", "episodic_return", "ep_return", "episode_reward", "ep_reward"),
        *("mean_return", "mean_reward", "eval_return"),
    ),
    "agent": ("algo", "algorithm", "method"),
    "network": ("architecture", "arch", "net", "model", "encoder"),
    "family": ("env", "env_id", "env_name", "environment", "game", "task", "domain"),
    "seed": ("train_seed", "training_seed", "run_seed", "random_seed"),
    "pool_seed": (),
    "n_train_levels": (
        *("train_levels", "training_levels", "num_train_levels", "num_training_levels"),
        *("num_levels", "n_levels"),
    ),
    "flip_p": (),
    "regulariser": ("regularizer",),
    "step": (
        *("steps", "timestep", "timesteps", "global_step", "total_steps", "total_timesteps"),
        *("num_timesteps", "env_steps", "env_step", "checkpoint"),
    ),
    "condition": ("perturbation",),
    "episode": ("ep", "episode_id", "episode_number", "episode_index"),
    "episodes": ("n_episodes", "num_episodes"),
    "solved": ("success", "is_success", "successes", "p_solved", "success_rate"),
    "length": ("len", "len_mean", "episode_length", "ep_length", "ep_len", "ep_lengths"),
    "oracle": ("oracle_ret", "oracle_return", "optimal", "optimal_return", "max_return"),
    "random": ("random_ret", "random_return"),
}
#: What no results can be without; a run is told by ``run`` or by ``seed``.
REQUIRED = ("return", "pool")


@dataclass(frozen=True)
class Asked:
    """What the user tells of the files.

    Attributes:
        columns: The files' names of columns, by ours.
        given: Values for all rows of columns that the files do not have.
        pools: One pool for all files, or one for each; none if a column has it.
        pattern: Of the files' paths, with columns in braces: ``logs/{seed}/{pool}/monitor.csv``.
        own_numbers: Whether each pool numbers its levels for itself.
        repeats: Whether equal rows are further episodes, and no copies.
        last: Of a ``monitor.csv`` the last so many episodes; 0 is all of them.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    given: Mapping[str, str] = field(default_factory=dict)
    pools: Sequence[str] = ()
    pattern: str = ""
    own_numbers: bool = False
    repeats: bool = False
    last: int = 100

    def check(self, n_files: int) -> None:
        """Refuse what cannot be meant.

        Raises:
            ImportedFileError: Naming the option and the nearest valid name.
        """
        for option, told in (("--column", self.columns), ("--set", self.given)):
            for name, value in told.items():
                known(name, f"{option} {name}={value}")
        for name in re.findall(r"\{(.*?)\}", self.pattern):
            known(name, f"--pattern {self.pattern}")
        if len(self.pools) not in (0, 1, n_files):
            raise ImportedFileError(
                f"--pool is given {len(self.pools)} times for {n_files} files: give it once, or "
                "once for each file in their order"
            )


def known(name: str, where: str) -> None:
    """Refuse a name that is none of our columns."""
    if name not in COLUMNS:
        raise ImportedFileError(f"{where}: no column {name!r}{nearest(name, COLUMNS)}")


def matched(source: Source, asked: Mapping[str, str]) -> dict[str, str]:
    """Which column of a file is which of ours.

    Args:
        source: The file.
        asked: What the user says of it, by our names.

    Raises:
        ImportedFileError: If the file lacks a column that was named, or two could be the same.
    """
    there = [str(name) for name in source.rows.columns]
    for ours, theirs in asked.items():
        if theirs not in there:
            raise ImportedFileError(
                f"{source.path}: has no column {theirs!r} (--column {ours}={theirs})"
                f"{nearest(theirs, there)}"
            )
    left = [name for name in there if name not in asked.values()]
    found = dict(asked)
    for ours, others in COLUMNS.items():
        if ours in found:
            continue
        exact = [name for name in left if plain(name) == ours]
        close = exact or [name for name in left if plain(name) in others]
        if len(close) > 1:
            names = " and ".join(map(repr, close[:2]))
            raise ImportedFileError(
                f"{source.path}: columns {names} could both be {ours!r}: say which, as with "
                f"--column {ours}={close[0]}"
            )
        if close:
            found[ours] = close[0]
    return found


def plain(name: str) -> str:
    """A name as ``COLUMNS`` spells it."""
    return re.sub(r"[\s\-.]+", "_", name.strip().lower())


def from_path(path: str, pattern: str) -> dict[str, str]:
    """The columns that a file's path tells.

    Args:
        path: As given.
        pattern: See ``Asked``; it may leave out the path's beginning.

    Raises:
        ImportedFileError: If the path is not of this pattern.
    """
    if not pattern:
        return {}
    pieces = re.split(r"\{(.*?)\}", pattern)
    expression, seen = "", set()
    for place, piece in enumerate(pieces):
        if place % 2 == 0:
            expression += re.escape(piece)
        elif piece in seen:
            expression += f"(?P={piece})"
        else:
            seen.add(piece)
            expression += f"(?P<{piece}>[^/]+)"
    found = re.search(f"(?:^|/){expression}$", path)
    if found is None:
        raise ImportedFileError(f"{path}: is not of the pattern {pattern!r} (--pattern)")
    return found.groupdict()

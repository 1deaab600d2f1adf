"""The meaning of columns: common names for them, and the options of an import."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rlgen.analysis.stats.tables import CELL
from rlgen.errors import ImportedFileError, nearest
from rlgen.store.importing.source import Source
from rlgen.util.words import counted

#: Our columns, each with other common names for it, in lower case with underscores.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "run": ("run_id", "run_name", "trial", "trial_id", "job", "job_id"),
    "level": ("level_id", "level_name", "level_seed", "env_seed", "map", "maze"),
    "group": (),
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
#: Columns that are read only where the user names them (--column): what others call a group may be
#: anything, and intervals depend on it.
NAMED = ("group",)
#: The columns that identify a run.
RUN = [*CELL, "run", "seed", "pool_seed"]
#: The columns that identify what is averaged.
LEVEL = [*RUN, "pool", "condition", "step", "level_id"]
#: Numbers that are averaged like returns; nan where missing.
AVERAGED = ("solved", "length", "oracle", "random")
#: Columns that are required, besides ``run`` or ``seed``.
REQUIRED = ("return", "pool")


@dataclass(frozen=True)
class ImportOptions:
    """The options of an import: what the user says about the files.

    Attributes:
        columns: The files' names of columns, by our names.
        constants: Values for all rows, for columns that the files lack.
        pools: One pool for all files, or one per file; none if a column says it.
        pattern: Of the files' paths, with columns in braces, and ``*`` for any name or part of one:
            ``logs/{seed}/{pool}/*.monitor.csv``.
        own_numbers: Whether each pool has its own numbering of levels.
        repeats: Whether equal rows are further episodes rather than copies.
        last: The number of last episodes to take from a ``monitor.csv``; 0 takes all.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    pools: Sequence[str] = ()
    pattern: str = ""
    own_numbers: bool = False
    repeats: bool = False
    last: int = 100

    def check(self, n_files: int) -> None:
        """Refuse invalid options.

        Raises:
            ImportedFileError: Naming the option and the nearest valid name.
        """
        for option, names in (("--column", self.columns), ("--set", self.constants)):
            for name, value in names.items():
                refuse_unknown(name, f"{option} {name}={value}")
        for name in re.findall(r"\{(.*?)\}", self.pattern):
            refuse_unknown(name, f"--pattern {self.pattern}")
        if len(self.pools) not in (0, 1, n_files):
            raise ImportedFileError(
                f"--pool is given {len(self.pools)} times for {counted(n_files, 'file')}: give it "
                "once, or once per file in their order"
            )


def refuse_unknown(name: str, where: str) -> None:
    """Refuse a name that is not one of our columns."""
    if name not in COLUMNS:
        raise ImportedFileError(f"{where}: no column {name!r}{nearest(name, COLUMNS)}")


def matched(source: Source, chosen: Mapping[str, str]) -> dict[str, str]:
    """Match a file's columns to ours.

    Args:
        source: The file.
        chosen: The columns that the user named, by our names.

    Raises:
        ImportedFileError: If the file lacks a named column, or two columns match one of ours.
    """
    there = [str(name) for name in source.rows.columns]
    for ours, theirs in chosen.items():
        if theirs not in there:
            raise ImportedFileError(
                f"{source.path}: has no column {theirs!r} (--column {ours}={theirs})"
                f"{nearest(theirs, there)}"
            )
    left = [name for name in there if name not in chosen.values()]
    columns = dict(chosen)
    for ours, others in COLUMNS.items():
        if ours in columns or ours in NAMED:
            continue
        exact = [name for name in left if plain(name) == ours]
        close = exact or [name for name in left if plain(name) in others]
        if len(close) > 1:
            names = " and ".join(map(repr, close[:2]))
            raise ImportedFileError(
                f"{source.path}: columns {names} could both be {ours!r}: choose one with "
                f"--column {ours}={close[0]}"
            )
        if close:
            columns[ours] = close[0]
    return columns


def plain(name: str) -> str:
    """Normalise a name to the spelling of ``COLUMNS``."""
    return re.sub(r"[\s\-.]+", "_", name.strip().lower())


def from_path(path: str, pattern: str) -> dict[str, str]:
    """Extract columns from a file's path.

    Args:
        path: As on the command line.
        pattern: See ``ImportOptions``; it may omit the beginning of the path.

    Raises:
        ImportedFileError: If the path does not match the pattern.
    """
    if not pattern:
        return {}
    pieces = re.split(r"\{(.*?)\}", pattern)
    expression, groups = "", set()
    for place, piece in enumerate(pieces):
        if place % 2 == 0:
            expression += "[^/]*".join(map(re.escape, piece.split("*")))
        elif piece in groups:
            expression += f"(?P={piece})"
        else:
            groups.add(piece)
            expression += f"(?P<{piece}>[^/]+)"
    match = re.search(f"(?:^|/){expression}$", path)
    if match is None:
        raise ImportedFileError(f"{path}: does not match the pattern {pattern!r} (--pattern)")
    return match.groupdict()

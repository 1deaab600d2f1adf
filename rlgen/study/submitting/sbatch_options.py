"""Options of ``sbatch`` that a user adds to ours: which are ours to set, and how they are written.

What they mean is for Slurm to say: sites have their own, and versions theirs.
"""

from collections.abc import Iterable, Sequence

from rlgen.errors import RlgenError

#: Options that are set for every task, by their long names: the short name and the reason.
OURS = {
    "array": ("a", "--tasks says how many tasks there are"),
    "signal": ("", "--grace says how long before its end a task is told"),
    "requeue": ("", "every task is queued again when it is taken away"),
    "no-requeue": ("", "every task is queued again when it is taken away"),
    "output": ("o", "the logs of all tasks are in the store"),
    "error": ("e", "the logs of all tasks are in the store"),
    "open-mode": ("", "a task that is queued again goes on in its log"),
    "chdir": ("D", "tasks run where this command runs"),
    "parsable": ("", "this command says which jobs it has submitted"),
    "wrap": ("", "the script is written by this command"),
    "wait": ("W", "this command does not wait"),
    "test-only": ("", "--dry-run shows what would be submitted"),
}
#: Variables with which a user's environment would overrule a script.
VARIABLES = {f"SBATCH_{name.upper().replace('-', '_')}" for name in OURS} | {"SBATCH_ARRAY_INX"}

#: Beginnings of the long names of options that ask for more than a report needs, and short names.
_LARGE = (
    *("cpus-per", "ntasks", "nodes", "gpu", "gres", "mem-per-gpu", "exclusive", "distribution"),
    *("cores-per", "sockets-per", "threads-per", "extra-node", "tres-per", "dependency"),
)
_LARGE_SHORT = "cnNGBmd"


def options(words: Sequence[str]) -> list[list[str]]:
    """Each option with the words that are its value.

    Args:
        words: As typed.

    Raises:
        RlgenError: Naming a word that is no option, cannot be written into a script, or is ours.

    Example:
        >>> options(["--time=1:00:00", "-c", "4"])
        [['--time=1:00:00'], ['-c', '4']]
    """
    options: list[list[str]] = []
    for word in words:
        if not word.isprintable():
            raise RlgenError(f"option {word!r} of sbatch: holds a character that is not printable")
        if word.startswith("-"):
            _refuse_ours(word)
            options.append([word])
        elif not options:
            raise RlgenError(f"{word!r}: only options of sbatch, such as --time=8:00:00, follow --")
        else:
            options[-1].append(word)
    return options


def of_a_report(options: Iterable[Sequence[str]]) -> list[Sequence[str]]:
    """Those of a study's options that its report needs too: one core is enough, and no GPU."""
    return [option for option in options if not _is_large(option[0])]


def directives(options: Iterable[Sequence[str]]) -> list[str]:
    """The lines of a script that give it options."""
    return [" ".join(("#SBATCH", *map(_quoted, option))) for option in options]


def _name(word: str) -> str:
    """The long name of an option, or its letter."""
    long = word.startswith("--")
    return word[2:].partition("=")[0] if long else word[1:2]


def _refuse_ours(word: str) -> None:
    name = _name(word)
    for own, (short, why) in OURS.items():
        # sbatch takes the beginning of a long name for all of it.
        if name and (name == short or (word.startswith("--") and own.startswith(name))):
            raise RlgenError(f"option {word!r} of sbatch: rlgen submit sets --{own}: {why}")


def _is_large(word: str) -> bool:
    name = _name(word)
    return name.startswith(_LARGE) if word.startswith("--") else name in _LARGE_SHORT


def _quoted(word: str) -> str:
    """As ``sbatch`` reads it in a script: it knows quotes and backslashes, and no variables."""
    if word and all(c.isalnum() or c in "-_=.,:/@%+*[]~" for c in word):
        return word
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'

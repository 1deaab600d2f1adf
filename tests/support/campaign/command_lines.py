"""Command lines of any words and options: answered, or refused in a line."""

from contextlib import ExitStack
from unittest import mock

import click

from campaign import subjects
from campaign.acts import act, faults
from campaign.protocols import VALID
from campaign.subjects import rng_of
from rlgen.errors import RlgenError

#: What would take minutes, and which these cases only reach.
HEAVY = (
    "rlgen.study.driver.compute",
    "rlgen.study.driver.work",
    "rlgen.study.cost.price",
    "rlgen.diagnostics.calibration.calibrate.calibrate",
)
TEXTS = (
    *(
        "",
        " ",
        "x",
        "-1",
        "0",
        "1",
        "3",
        "1e9",
        "nan",
        "inf",
        "0:3",
        "3:0",
        "100:104",
        "0:1,5",
        ":",
    ),
    *("maze-basic", "maze-basic[size=5]", "CartPole-v1", "no-such-v0", "module:Name", "a=b", "="),
    *("size=5", "size=x", "ppo", "mlp-512-128", "plain", "greedy+", "0/2", "2/2", "cpu", "local"),
    *("quickstart", "smoke", "zhang2018", "zhang2018/a", "../x", "/", "/dev/null", "/etc/passwd"),
    *("a\x1b[2J", "a\nb", "\u202e", "x" * 300, "x" * 5000, "/nowhere/at/all", "café", "\udcff"),
)


def cases(folder, numbers):
    """A line for each thing that a case shows and none may show."""
    from rlgen.cli import cli

    store, bundle, imported = (
        make(folder) for make in (subjects.study, subjects.bundle, subjects.imported)
    )
    script = folder / "train.py"
    script.write_text("import stable_baselines3\n")
    (folder / "full").mkdir(exist_ok=True)
    (folder / "full" / "x").write_text("x")
    places = (store, bundle, imported, folder / "study.toml", folder / "returns.csv", script)
    places += (folder, folder / "full", folder / "policy.zip", folder / "gone")
    words = (*map(str, places), *TEXTS)
    whole = [subjects.Snapshot(path) for path in (store, imported)]
    for number in numbers:
        rng = rng_of("lines", number)
        name = sorted(cli.commands)[int(rng.integers(len(cli.commands)))]
        line = (name, *_words(cli.commands[name], words, rng))
        with ExitStack() as stack:
            for target in HEAVY:
                stack.enter_context(mock.patch(target, side_effect=RlgenError(VALID)))
            done = act(*line, cwd=folder / "full")
        said = [word[:100] for word in line]
        for wrong in faults(done):
            yield f"case {number}: {wrong}: {said}"
        for snapshot in whole:
            snapshot.restore()


def _words(command, words, rng):
    """Arguments and some options of a command, mostly with values that it may take."""
    chosen = []
    for parameter in command.params:
        needed = isinstance(parameter, click.Argument)
        if not needed and rng.random() > min(0.5, 3 / len(command.params)):
            continue
        if isinstance(parameter, click.Option):
            chosen.append(parameter.opts[0])
            if parameter.is_flag:
                continue
        if isinstance(parameter.type, click.Choice) and rng.random() < 0.7:
            choices = list(parameter.type.choices)
            chosen.append(str(choices[int(rng.integers(len(choices)))]))
        else:
            chosen.append(words[int(rng.integers(len(words)))])
    if rng.random() < 0.1:
        chosen.append(words[int(rng.integers(len(words)))])
    return chosen

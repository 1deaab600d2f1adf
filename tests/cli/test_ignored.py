"""No option is taken and ignored: each is read, or refused by its name."""

import shutil
from types import SimpleNamespace
from unittest import mock

import click
import pytest
from commands import rlgen

from rlgen.cli import cli

ENV = "evaluate --env maze-basic"
POLICY = "evaluate --env CartPole-v1 --policy x.zip --train-levels 0:3 --test-levels 5:9"
POWER = "power --sd-run 1 --sd-residual 1"

#: Of each command the options that every form of it reads.
READ = {
    "evaluate": "out continue_from jobs shard executor no_wait track as_json quiet protocol env",
    "submit": "protocol slurm out tasks trust seeds budget jobs device grace dry_run "
    "sbatch_options",
    "plan": "protocol out seeds budget jobs as_json",
    "report": "store out as_json",
    "compare": "store other as_json",
    "check": "store max_gaps min_return when confidence junit as_json",
    "tune": "protocol searches trials seeds seed out budget jobs device as_json quiet",
    "import": "files out columns values pools pattern own_numbers repeats as_json",
    "power": "gap store chance as_json sd_run sd_residual sd_level",
    "list": "kind as_json",
    "show": "family level options",
    "calibrate": "out family options pools seeds jobs executor as_json quiet",
    "lint": "list_rules as_json",
    "audit": "store family steps grid strict as_json",
    "card": "store out",
    "view": "store other levels runs trust serve",
    "export": "store out figures tables",
    "bundle": "store file weights as_json",
    "compact": "store undo as_json",
    "verify": "store strict as_json",
    "schema": "",
    "probe": "target probes env trust as_json",
}
#: Command lines in which another option would be ignored, and the option that is named.
REFUSED = {
    ("evaluate", "agent"): ["evaluate quickstart --agent ppo", "evaluate quickstart --agent="],
    ("evaluate", "policies"): ["evaluate quickstart --policy x.zip"],
    ("evaluate", "network"): ["evaluate quickstart --network linear", f"{POLICY} --network linear"],
    ("evaluate", "train_levels"): ["evaluate quickstart --train-levels 0:3"],
    ("evaluate", "trained_on"): [
        "evaluate quickstart --trained-on 0:3",
        f"{ENV} --trained-on 0:3",
        f"{ENV} --trained-on 0:3 --test-levels 3:9",
    ],
    ("evaluate", "test_levels"): [
        "evaluate quickstart --test-levels 0:3",
        f"{ENV} --test-levels 3",
    ],
    ("evaluate", "validation_levels"): [
        "evaluate quickstart --validation-levels 0:3",
        f"{ENV} --validation-levels 0:3",
    ],
    ("evaluate", "sizes"): ["evaluate quickstart --sizes 10"],
    ("evaluate", "steps"): ["evaluate quickstart --steps 10", f"{POLICY} --steps 10"],
    ("evaluate", "conditions"): ["evaluate quickstart --condition plain"],
    ("evaluate", "episodes"): ["evaluate quickstart --episodes 3"],
    ("evaluate", "options"): ["evaluate quickstart --option size=5"],
    ("evaluate", "seeds"): [f"{POLICY} --seeds 0:3"],
    ("evaluate", "budget"): [f"{ENV} --budget cpu", f"{POLICY} --budget cpu"],
    ("evaluate", "trust"): [f"{ENV} --trust x.zip"],
    ("evaluate", "device"): [f"{POLICY} --device cpu"],
    ("evaluate", "address"): ["evaluate quickstart --address here:1"],
    ("evaluate", "memory"): ["evaluate quickstart --memory 2"],
    ("evaluate", "gpu"): ["evaluate quickstart --gpu 0.5"],
    ("calibrate", "address"): ["calibrate --address here:1"],
    ("calibrate", "memory"): ["calibrate --memory 2"],
    ("calibrate", "gpu"): ["calibrate --gpu 0.5"],
    ("check", "against"): ["check store --max-gap 1 --against other"],
    ("check", "max_gap_increase"): ["check store --max-gap 1 --max-gap-increase 1"],
    ("import", "last"): ["import table.csv -o out --last 5"],
    ("power", "runs"): [f"{POWER} --budget 9 --train-cost 1 --level-cost 1 --runs 3"],
    ("power", "levels"): [f"{POWER} --budget 9 --train-cost 1 --level-cost 1 --levels 3"],
    ("power", "budget"): [f"{POWER} --gap 1 --budget 9"],
    ("power", "train_cost"): [f"{POWER} --gap 1 --train-cost 9"],
    ("power", "level_cost"): [f"{POWER} --gap 1 --level-cost 9"],
    ("show", "solution"): ["show CartPole-v1 --level 3 --solution", "show maze-basic --solution"],
    ("show", "flip_p"): ["show CartPole-v1 --level 3 --flip-p 1", "show maze-basic --flip-p 1"],
    ("show", "png"): ["show maze-basic --png x.png"],
    ("lint", "paths"): ["lint --rules train.py"],
    ("view", "out"): ["view store --serve -o page.html"],
    ("view", "port"): ["view store --port 8000"],
    ("audit", "train_levels"): ["audit store --train-levels 0:3"],
    ("audit", "test_levels"): ["audit store --test-levels 0:3"],
    ("audit", "options"): ["audit store --option size=3"],
    ("probe", "train_levels"): ["probe store --train-levels 0:3"],
    ("probe", "test_levels"): ["probe store --test-levels 0:3"],
    ("probe", "options"): ["probe store --option size=3"],
    ("audit", "train_range"): ["audit store --train-range 9"],
}


def parameters():
    for name, command in cli.commands.items():
        for parameter in command.params:
            yield name, parameter


def test_of_every_option_it_is_known_when_it_is_read():
    known = {(name, own) for name, options in READ.items() for own in options.split()} | set(
        REFUSED
    )
    named = {(name, parameter.name) for name, parameter in parameters()}
    assert named == known
    assert set(READ) == set(cli.commands)


@pytest.mark.parametrize(
    ("name", "line"), [(key[1], line) for key, lines in REFUSED.items() for line in lines]
)
def test_what_would_be_ignored_is_refused_by_name(name, line, tmp_path):
    (tmp_path / "table.csv").write_text("seed,pool,level,return\n0,train,1,2\n0,test,3,2\n")
    command = line.split()[0]
    (parameter,) = (p for p in cli.commands[command].params if p.name == name)
    out, err = rlgen(*line.split(), code=2, cwd=tmp_path)
    typed = parameter.opts[0] if isinstance(parameter, click.Option) else "SCRIPT"
    # Some families refuse by what they do not have.
    own = {
        "solution": "CartPole-v1 has no planner",
        "flip_p": "flip_p = 1.0: rewards of CartPole-v1",
        **{name: f"executor 'local' takes no {name}" for name in ("address", "memory", "gpu")},
    }
    assert typed in err or own.get(name, typed) in err, err
    assert out == ""
    assert [path.name for path in tmp_path.iterdir()] == ["table.csv"]


def test_last_is_read_where_there_is_a_monitor(tmp_path):
    text = '#{"t_start": 0}\nr,l,t\n' + "".join(f"{i},1,{i}\n" for i in range(9))
    for pool in ("train", "test"):
        (tmp_path / pool).mkdir()
        (tmp_path / pool / "0.monitor.csv").write_text(text)
    files = [f"{pool}/0.monitor.csv" for pool in ("train", "test")]
    line = ["--pattern", "{pool}/{seed}.monitor.csv", "-o", "out", "--last", "1e0"]
    out, _ = rlgen("import", *files, *line, cwd=tmp_path)
    assert "Imported 2 returns of 1 run." in out
    shutil.rmtree(tmp_path / "out")


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("--condition sticky", "--condition 'sticky': unknown perturbation 'sticky' (did"),
        ("--network mlp-64-65", "--network 'mlp-64-65': unknown network"),
        ("--agent ppoo", "--agent 'ppoo': unknown agent"),
        ("--option sizes=3", "--option {'sizes': 3}: maze-basic options: unknown key 'sizes'"),
        ("--option size=5 --option size=7", "--option 'size=7': 'size' is given twice"),
        ("--train-levels 0:3", "--train-levels are named, but not --test-levels"),
        ("--train-levels 0:x --test-levels 9", "--train-levels '0:x': must be like 3, 0:20"),
        ("--train-levels 0:3 --test-levels 9 --sizes 7", "--sizes 7: 7 levels: only 3 are named"),
        ("--seeds 0:x", "--seeds '0:x': must be like"),
        ("--steps 1.5", "'--steps': '1.5' is not a valid integer"),
    ],
)
def test_an_error_names_the_option_that_was_typed(typed, message, tmp_path):
    _, err = rlgen(*ENV.split(), *typed.split(), code=2, cwd=tmp_path)
    assert message in err
    assert "protocol:" not in err
    assert not list(tmp_path.iterdir())


def test_episodes_that_nobody_plays_are_said():
    def done(*, exact):
        certificates = [{"exact": True}, {"exact": exact}]
        result = SimpleNamespace(
            store="s",
            report="r",
            computed=["a"],
            already=[],
            failed={},
            elsewhere=[],
            summary={"certificates": certificates},
        )
        with mock.patch("rlgen.api.evaluate", return_value=result):
            return rlgen(*ENV.split(), "--episodes", "50", "--json")[1]

    assert "--episodes is not read" in done(exact=True)
    assert done(exact=False) == ""

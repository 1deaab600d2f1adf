"""What the documents show is true: their programs run, and they name all there is and no more."""

import json
import os
import re
import tomllib
from pathlib import Path

import click
import pytest
import yaml
from commands import process
from commands import rlgen as run_cli
from planning import tasks_of

import rlgen
from rlgen.agents import AGENTS
from rlgen.cli import cli
from rlgen.networks import NETWORKS
from rlgen.perturbations import PERTURBATIONS
from rlgen.protocol.schema import parse
from rlgen.training.regularisers import REGULARISERS
from rlgen_envs import FAMILIES

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
PROTOCOLS = (ROOT / "protocols" / "README.md").read_text()
DOCUMENTS = {
    path: (ROOT / path).read_text()
    for path in (
        "README.md",
        "envs/README.md",
        "protocols/README.md",
        "rlgen/agents/README.md",
        "rlgen/networks/README.md",
        "rlgen/study/executors/README.md",
    )
}


def blocks(text, language):
    """The fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def replaced(text, changes):
    """The text with each of the changes made, all of which must be there to make."""
    for old, new in changes.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def test_the_example_with_an_atari_game_runs(capsys):
    pytest.importorskip("ale_py")
    brute, *_ = blocks(README, "python")
    changes = {"episodes=300, longest=400": "episodes=2, longest=9", "episodes=10": "episodes=1"}
    exec(compile(replaced(brute, changes | {": 400": ": 9"}), "README", "exec"), {})
    assert "sticky_executed:0.25" in capsys.readouterr().out


@pytest.mark.slow
def test_the_python_example_runs(tmp_path, monkeypatch, capsys):
    """As printed, but for the study's size."""
    _, study, environments = blocks(README, "python")
    small = replaced(
        study,
        {
            '"family": "maze-basic"': '"family": "maze-basic", "family_options": {"size": 6}',
            "[10, 1000]": "[3, 6]",
            '"conv-a", "mlp-512-128"': '"mlp-512-128"',
            "250_000": "1500",
            '"n_test_levels": 200': '"n_test_levels": 8, "n_validation_levels": 4',
            "range(20), jobs=8": "range(2), jobs=2",
            "n_train=100, n_validation=20, n_test=100": "n_train=3, n_validation=2, n_test=4",
        },
    )
    monkeypatch.chdir(tmp_path)
    exec(compile(small, "README", "exec"), {})
    out = capsys.readouterr().out
    assert out.count("ppo/mlp-512-128 trained on") == 2
    assert "sticky_proposed:0.25" in out
    assert "red diamond" in out
    exec(compile(environments, "README", "exec"), {})


@pytest.mark.slow
def test_the_lint_and_the_audit_say_what_is_shown(tmp_path):
    (script,) = blocks(README, "py")
    (tmp_path / "train.py").write_text(script)
    shown = blocks(README, "text")
    assert run_cli("lint", "train.py", code=1, cwd=tmp_path)[0] in shown
    (command,) = re.findall(r"^rlgen (audit --env .*)$", README, re.MULTILINE)
    assert run_cli(*command.split())[0] in shown


@pytest.mark.slow
def test_the_family_example_runs(tmp_path, monkeypatch):
    (example,) = blocks(DOCUMENTS["envs/README.md"], "python")
    names = {}
    exec(compile(example, "envs/README", "exec"), names)
    corridor = names["CORRIDOR"]
    split = rlgen.draw_split(corridor, 5, 0, 5)
    told = rlgen.evaluate_policy(names["walk_right"], corridor, split.test)
    assert told["exact"].all()
    assert set(told["ret_mean"]) <= {1.0, -1.0}


@pytest.mark.slow
def test_the_agent_example_runs(tmp_path):
    """As another distribution, installed beside this one; only its study is smaller."""
    text = DOCUMENTS["rlgen/agents/README.md"]
    (declared,) = blocks(text, "toml")
    project = tomllib.loads(declared)["project"]
    for code in blocks(text, "python"):
        module = tmp_path / re.match(r"# (\S+\.py)", code)[1]
        module.parent.mkdir(exist_ok=True)
        module.write_text(code)
    info = tmp_path / f"{project['name']}-{project['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: rollback\nVersion: 0.1\n")
    with (info / "entry_points.txt").open("w") as file:
        for group, points in project["entry-points"].items():
            file.write(f"[{group}]\n" + "".join(f"{k} = {v}\n" for k, v in points.items()))
    (command,) = re.findall(r"^rlgen (evaluate --env maze.*) --steps 20000$", text, re.MULTILINE)
    command += " --steps 4000 --seeds 0"
    paths = (str(tmp_path), os.environ.get("PYTHONPATH"))
    environment = {"PYTHONPATH": os.pathsep.join(filter(None, paths))}
    out, _ = process(*command.split(), cwd=tmp_path, environment=environment)
    assert "ppo-rollback/conv-a trained on 10 levels of maze-basic" in out
    (card,) = tmp_path.glob("results/*/runs/*/agent.json")
    settings = json.loads(card.read_text())["settings"]
    assert settings["rollback"] == 0.3
    assert settings["precision"] == "float32"


@pytest.mark.slow
def test_the_network_example_runs(tmp_path):
    """In a file of the working folder; only its study is smaller."""
    text = DOCUMENTS["rlgen/networks/README.md"]
    (code,) = blocks(text, "python")
    (tmp_path / "attention.py").write_text(code)
    (command,) = re.findall(r"^rlgen (evaluate --env maze.*) --steps 20000$", text, re.MULTILINE)
    command += " --steps 4000 --seeds 0"
    out, _ = process(*command.split(), cwd=tmp_path)
    assert "ppo/attention:ATTENTION trained on 10 levels of maze-basic" in out
    (card,) = tmp_path.glob("results/*/runs/*/agent.json")
    kept = json.loads(card.read_text())
    assert kept["settings"]["learning_rate"] == 1e-3
    network = kept["policy"]["network"]
    assert (network["name"], network["options"]) == ("attention:ATTENTION", {"width": 32})
    assert len(network["source"]) == 64
    # The run of somebody else, whose code is not run unasked.
    played = ["evaluate", "--env", "maze-basic", "--option", "size=6", "--test-levels", "0:3"]
    played += ["--train-levels", "3:5", "--policy", str(card.parent), "-o", "elsewhere"]
    _, err = process(*played, cwd=tmp_path, code=2)
    assert "made by code of the module attention: if you trust its author, say --trust" in err
    out, _ = process(*played, "--trust", str(card.parent), cwd=tmp_path)
    assert "the 2 levels of maze-basic" in out


def test_the_example_protocol_is_one():
    (text,) = blocks(README, "toml")
    protocol = parse(tomllib.loads(text), "README")
    assert set(protocol.network) <= set(NETWORKS)
    assert set(protocol.agent) <= set(AGENTS)
    assert set(protocol.family) <= set(FAMILIES)


def test_the_protocol_with_further_pools_can_be_planned():
    (text,) = (text for text in blocks(PROTOCOLS, "toml") if "[pools" in text)
    tasks = tasks_of([(parse(tomllib.loads(text), "README"), "README")])
    assert len(tasks) == 6
    for task in tasks:
        assert task.wanted == ("plain", "plain@larger", "plain@tunnels")
        assert [source.kind for source in task.cell.further] == ["extrapolation"] * 2


def options(command):
    return {name for parameter in command.params for name in parameter.opts}


@pytest.mark.parametrize("path", DOCUMENTS)
def test_commands_exist(path):
    text = DOCUMENTS[path]
    shown = re.findall(r"(?:^|`|bin/)rlgen ([a-z]+)((?: [^\s`#&|]+)*)", text, re.MULTILINE)
    assert shown
    for verb, rest in shown:
        assert verb in cli.commands, verb
        # What follows -- is for another program.
        given = set(re.findall(r"(?<= )--?[a-z-]+", rest.partition(" -- ")[0]))
        assert given <= options(cli.commands[verb]) | {"--help"}, (verb, given)


def test_every_command_is_in_the_readme():
    for verb, command in cli.commands.items():
        assert isinstance(command, click.Command)
        assert f"rlgen {verb}" in README


def test_what_a_cluster_starts_can_be_parsed():
    """The command of the container and that of the service."""
    text = DOCUMENTS["rlgen/study/executors/README.md"]
    (manifest,), (unit,) = blocks(text, "yaml"), blocks(text, "ini")
    (container,) = yaml.safe_load(manifest)["spec"]["template"]["spec"]["containers"]
    (command,) = re.findall(r"^ExecStart=\S+/rlgen (.*)$", unit, re.MULTILINE)
    for verb, *arguments in (container["args"], command.split()):
        context = cli.commands[verb].make_context(verb, list(arguments))
        assert context.params["protocol"]


def rows(text):
    """First and second column of the tables of a document, backquoted first column only."""
    return dict(re.findall(r"^\| `([a-z_]+)` \| (.*?) \|", text, re.MULTILINE))


def test_every_option_of_a_family_is_described():
    told = rows(PROTOCOLS.partition("## Options")[2])
    known = set().union(*(type(FAMILIES[name].settings).model_fields for name in FAMILIES))
    assert set(told) == known


def test_names_that_are_shown_exist():
    for name in rlgen.__all__:
        assert getattr(rlgen, name) is not None
    for name in re.findall(r"`rlgen\.(\w+)`", README):
        assert name in {
            *rlgen.__all__,
            "families",
            "agents",
            "networks",
            "recipes",
            "perturbations",
            "regularisers",
            "checks",
            "controls",
            "papers",
            "kinds",
            "executors",
            "figures",
        }
    for text in DOCUMENTS.values():
        for name in re.findall(r"`(sticky_\w+|random_\w+)(?::[\d.]+)?", text):
            assert name in {*PERTURBATIONS, *REGULARISERS, "random_ret"}


def test_every_regulariser_is_described_with_its_default():
    told = dict(re.findall(r"^\| `([a-z0-9_]+):[A-Z]` \| `([\d.]+)`", PROTOCOLS, re.MULTILINE))
    assert set(told) == set(REGULARISERS)
    for name, default in told.items():
        assert float(default) == REGULARISERS[name].strength.default
    (told,) = re.findall(r"met during training \((.*?)\)", PROTOCOLS, re.DOTALL)
    able = {name for name in PERTURBATIONS if PERTURBATIONS[name].regularises}
    assert set(re.findall(r"`(\w+)`", told)) == able


def test_links_lead_somewhere():
    for path, text in DOCUMENTS.items():
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", text):
            assert (ROOT / path).parent.joinpath(target).exists(), (path, target)

"""What the documents show is true: they name all there is and no more, and their examples run."""

import json
import os
import re
import tomllib
from importlib.util import find_spec

import click
import jsonschema
import pytest
import yaml
from commands import process
from documents import ROOT, blocks, documents
from planning import tasks_of
from studies import command as started
from studies import finished

import rlgen
from rlgen.agents import AGENTS
from rlgen.cli import cli
from rlgen.networks import NETWORKS
from rlgen.perturbations import PERTURBATIONS
from rlgen.protocol.schema import parse
from rlgen.store import records
from rlgen.training.regularisers import REGULARISERS
from rlgen_envs import FAMILIES

DOCUMENTS = documents()
PROTOCOLS = DOCUMENTS["protocols/README.md"]
#: Entry points that are named like packages.
GROUPS = {
    "families",
    "recipes",
    "regularisers",
    "checks",
    "controls",
    "figures",
    "kinds",
    "executors",
    "trackers",
}


def code(path, language):
    """The blocks of a language in a document."""
    return [block.text for block in blocks(DOCUMENTS[path]) if block.language == language]


@pytest.mark.slow
def test_the_family_example_runs(tmp_path, monkeypatch):
    (example,) = code("envs/README.md", "python")
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
    path = "rlgen/agents/README.md"
    text = DOCUMENTS[path]
    (declared,) = code(path, "toml")
    project = tomllib.loads(declared)["project"]
    for source in code(path, "python"):
        module = tmp_path / re.match(r"# (\S+\.py)", source)[1]
        module.parent.mkdir(exist_ok=True)
        module.write_text(source)
    info = tmp_path / f"{project['name']}-{project['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: rollback\nVersion: 0.1\n")
    with (info / "entry_points.txt").open("w") as file:
        for group, points in project["entry-points"].items():
            file.write(f"[{group}]\n" + "".join(f"{k} = {v}\n" for k, v in points.items()))
    (typed,) = re.findall(r"^rlgen (evaluate --env maze.*) --steps 20000$", text, re.MULTILINE)
    typed += " --steps 500 --seeds 0"
    paths = (str(tmp_path), os.environ.get("PYTHONPATH"))
    environment = {"PYTHONPATH": os.pathsep.join(filter(None, paths))}
    out, _ = process(*typed.split(), cwd=tmp_path, environment=environment)
    assert "ppo-rollback/conv-a trained on 10 levels of maze-basic" in out
    (card,) = tmp_path.glob("results/*/runs/*/agent.json")
    settings = json.loads(card.read_text())["settings"]
    assert settings["rollback"] == 0.3
    assert settings["precision"] == "float32"


@pytest.mark.slow
def test_the_network_example_runs(tmp_path):
    """In a file of the working folder; only its study is smaller."""
    text = DOCUMENTS["rlgen/networks/README.md"]
    (source,) = code("rlgen/networks/README.md", "python")
    (tmp_path / "attention.py").write_text(source)
    (typed,) = re.findall(r"^rlgen (evaluate --env maze.*) --steps 20000$", text, re.MULTILINE)
    typed += " --steps 500 --seeds 0"
    out, _ = finished(started(*typed.split(), cwd=tmp_path))
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
    _, err = finished(started(*played, cwd=tmp_path), code=2)
    out, _ = finished(started(*played, "--trust", card.parent, cwd=tmp_path))
    assert "made by code of the module attention: if you trust its author, say --trust" in err
    assert "the 2 levels of maze-basic" in out


def test_the_example_protocol_is_one():
    (text,) = code("docs/howto/sweep.md", "toml")
    protocol = parse(tomllib.loads(text), "sweep")
    assert set(protocol.network) <= set(NETWORKS)
    assert set(protocol.agent) <= set(AGENTS)
    assert set(protocol.family) <= set(FAMILIES)


def test_the_protocol_with_further_pools_can_be_planned():
    (text,) = (text for text in code("protocols/README.md", "toml") if "[pools" in text)
    tasks = tasks_of([(parse(tomllib.loads(text), "README"), "README")])
    assert len(tasks) == 6
    for task in tasks:
        assert task.wanted == ("plain", "plain@larger", "plain@tunnels")
        assert [source.kind for source in task.cell.further] == ["extrapolation"] * 2


def options(command):
    return {name for parameter in command.params for name in parameter.opts}


@pytest.mark.parametrize("path", [path for path in DOCUMENTS if path != "CHANGELOG.md"])
def test_commands_exist(path):
    """Those in sentences too; those of blocks are read whole, see ``test_blocks``."""
    text = DOCUMENTS[path]
    shown = re.findall(r"(?:`|bin/)rlgen ([a-z]+)((?: [^\s`#&|]+)*)", text)
    for verb, rest in shown:
        assert verb in cli.commands, verb
        # What follows -- is for another program.
        given = set(re.findall(r"(?<= )--?[a-z-]+", rest.partition(" -- ")[0]))
        assert given <= options(cli.commands[verb]) | {"--help"}, (verb, given)


def test_every_command_is_in_the_reference():
    text = DOCUMENTS["docs/reference/commands.md"]
    for verb, command in cli.commands.items():
        assert isinstance(command, click.Command)
        assert f"| `rlgen {verb}" in text, verb


def test_what_a_cluster_starts_can_be_parsed():
    """The command of the container and that of the service."""
    path = "rlgen/study/executors/README.md"
    (manifest,), (unit,) = code(path, "yaml"), code(path, "ini")
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
    for path, text in DOCUMENTS.items():
        if path == "CHANGELOG.md":
            continue  # what was there
        for name in re.findall(r"`rlgen\.(\w+)", text):
            known = GROUPS | set(rlgen.__all__)
            assert name in known or find_spec(f"rlgen.{name}"), (path, name)
        if not path.startswith("protocols/rlgen_protocols"):
            for name in re.findall(r"`(sticky_\w+|random_\w+)(?::[\d.]+)?", text):
                assert name in {*PERTURBATIONS, *REGULARISERS, "random_ret"}, (path, name)


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


def test_the_readme_is_short_and_its_links_lead_on():
    text = DOCUMENTS["README.md"]
    assert len(text.splitlines()) <= 150
    (picture,) = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", text)
    assert (ROOT / picture).stat().st_size < 60_000
    leading = text.partition("## Go on")[2].partition("\nTo cite")[0]
    assert leading.count("\n- [") == 5


def test_every_public_name_has_an_example():
    sections = dict(
        re.findall(
            r"^## rlgen\.(\w+)\n(.*?)(?=^## |\Z)", DOCUMENTS["docs/reference/api.md"], re.M | re.S
        )
    )
    assert set(sections) == set(rlgen.__all__)
    for name, section in sections.items():
        (example,) = [block.text for block in blocks(section) if block.language == "python"]
        assert "rlgen" in example, name


def test_every_column_of_records_is_described():
    text = DOCUMENTS["docs/reference/records.md"]
    described = [
        set(re.findall(r"^\| `(\w+)` \|", part, re.M)) for part in text.split("`curve.parquet`")
    ]
    assert described == [set(records.RECORDS.names), set(records.CURVES.names)]
    for field in records.RECORDS:
        kind = re.search(rf"^\| `{field.name}` \| (.*?) \|", text, re.M)[1]
        types = {"int64": "whole number", "double": "number", "bool": "true or false"}
        assert kind == types.get(str(field.type), "text"), field


def test_every_code_that_is_cited_is_explained():
    """Of sections, ambiguities, claims and checks; those of other papers are in their folders."""
    method = DOCUMENTS["docs/explanation/method.md"]
    sections = set(re.findall(r"^## (\d+\.\d+) ", method, re.M))
    codes = set(re.findall(r"^\| ([ACK]-\d\d) \|", method, re.M))
    files = [
        *ROOT.glob("rlgen/**/*.py"),
        *ROOT.glob("envs/**/*.py"),
        *ROOT.glob("protocols/**/*.py"),
    ]
    texts = [path.read_text() for path in files]
    cited = "\n".join([*texts, *DOCUMENTS.values()])
    assert set(re.findall(r"\bmethod (\d+\.\d+)", cited)) <= sections
    assert set(re.findall(r"(?<![A-Z]-)(?<![A-Z])\b([ACK]-\d\d)\b", cited)) <= codes


#: Of https://github.com/citation-file-format, what our file makes use of.
PERSON = {
    "type": "object",
    "properties": {"family-names": {"type": "string"}, "given-names": {"type": "string"}},
    "required": ["family-names"],
    "additionalProperties": False,
}
ENTITY = {
    "type": "object",
    "properties": {"name": {"type": "string", "minLength": 1}},
    "required": ["name"],
    "additionalProperties": False,
}
TEXT = {"type": "string", "minLength": 1}
AUTHORS = {"type": "array", "items": {"anyOf": [PERSON, ENTITY]}, "minItems": 1}
CITATION = {
    "type": "object",
    "properties": {
        "cff-version": {"const": "1.2.0"},
        "message": TEXT,
        "title": TEXT,
        "abstract": TEXT,
        "type": {"enum": ["software", "dataset"]},
        "authors": AUTHORS,
        "version": TEXT,
        "license": TEXT,
        "keywords": {"type": "array", "items": TEXT, "minItems": 1, "uniqueItems": True},
        "references": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "type": TEXT,
                    "title": TEXT,
                    "authors": AUTHORS,
                    "year": {"type": "integer"},
                    "url": {"type": "string", "pattern": "^https://"},
                    "identifiers": {"type": "array", "items": {"required": ["type", "value"]}},
                },
                "required": ["authors", "title", "type"],
                "additionalProperties": False,
            },
        },
    },
    "required": ["authors", "cff-version", "message", "title"],
    "additionalProperties": False,
}


def test_the_citation_is_valid_and_of_this_version():
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    jsonschema.validate(cited, CITATION)
    assert cited["version"] == rlgen.__version__
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert cited["license"] == project["license"]
    assert cited["keywords"] == project["keywords"]
    assert cited["abstract"] == project["description"]

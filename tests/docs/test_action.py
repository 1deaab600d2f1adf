"""The action of GitHub that gates by the gap: its inputs are the command's, and its steps run."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from documents import ROOT, blocks, documents

from rlgen.cli import cli

ACTION = yaml.safe_load((ROOT / ".github" / "actions" / "gate" / "action.yml").read_text())
KEPT = ROOT / "protocols" / "results" / "quickstart.tar.xz"


def test_it_is_a_composite_action_whose_inputs_are_the_options_of_the_command():
    assert ACTION["runs"]["using"] == "composite"
    assert all(step["shell"] == "bash" for step in ACTION["runs"]["steps"])
    options = {parameter.opts[0].lstrip("-") for parameter in cli.commands["check"].params}
    assert set(ACTION["inputs"]) == (options - {"json"}) | {"install"}
    for name, one in ACTION["inputs"].items():
        assert one["description"]
        assert ("default" in one) != one.get("required", False), name


def test_no_input_is_part_of_a_script():
    for step in ACTION["runs"]["steps"]:
        assert "${{" not in step["run"]
        for value in step["env"].values():
            name = value.removeprefix("${{ inputs.").removesuffix(" }}")
            assert name in ACTION["inputs"]


def test_the_document_uses_it_as_it_is():
    (text,) = [b.text for b in blocks(documents()["docs/howto/ci-gate.md"]) if b.language == "yaml"]
    (step,) = [
        step
        for step in yaml.safe_load(text)["jobs"]["gap"]["steps"]
        if ".github/actions/gate" in step.get("uses", "")
    ]
    assert set(step["with"]) <= set(ACTION["inputs"])


def gate(folder, **inputs):
    """Run its last step as GitHub does, with ``rlgen`` a program on the path."""
    step = ACTION["runs"]["steps"][-1]
    program = folder / "bin" / "rlgen"
    program.parent.mkdir(exist_ok=True)
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m rlgen "$@"\n')
    program.chmod(0o755)
    values = {name: one.get("default", "") for name, one in ACTION["inputs"].items()}
    values |= {name.replace("_", "-"): value for name, value in inputs.items()}
    environment = {
        key: values[value.removeprefix("${{ inputs.").removesuffix(" }}")]
        for key, value in step["env"].items()
    }
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
        cwd=folder,
        capture_output=True,
        text=True,
        env={
            **os.environ,
            **environment,
            "PATH": f"{program.parent}:{os.environ['PATH']}",
            "GITHUB_STEP_SUMMARY": str(folder / "summary.md"),
        },
        timeout=120,
    )


@pytest.mark.slow
def test_it_fails_where_the_command_does_and_says_why(tmp_path):
    done = gate(tmp_path, store=str(KEPT), max_gap="0.3", junit="gap.xml")
    assert done.returncode == 1, done.stderr
    assert "FAILED  gap of ppo/conv-a trained on 10 levels" in done.stdout
    assert "FAILED  gap" in (tmp_path / "summary.md").read_text()
    assert Path(tmp_path / "gap.xml").read_text().startswith("<?xml")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("inputs", "code"),
    [
        ({"store": str(KEPT), "max_gap": "3\n\n", "min_return": "-2"}, 0),
        ({"store": "$(touch evil)", "max_gap": "3"}, 2),
        ({"store": str(KEPT), "max_gap": "3; touch evil"}, 2),
        ({"store": str(KEPT)}, 2),
    ],
)
def test_its_codes_are_the_commands_and_nothing_in_an_input_is_run(inputs, code, tmp_path):
    done = gate(tmp_path, **inputs)
    assert done.returncode == code, (done.stdout, done.stderr)
    assert not (tmp_path / "evil").exists()

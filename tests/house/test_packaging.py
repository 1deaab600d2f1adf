"""The wheel holds what the tree holds, and nothing that could collide with another package."""

import re
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import distributions, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
PACKAGES = {
    "rlgen": ROOT / "rlgen",
    "rlgen_envs": ROOT / "envs" / "rlgen_envs",
    "rlgen_protocols": ROOT / "protocols" / "rlgen_protocols",
}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    out = tmp_path_factory.mktemp("dist")
    done = subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "-o", str(out), str(ROOT)],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = out.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def tree():
    """Every file of the three packages, under the name it has when installed."""
    return {
        f"{name}/{path.relative_to(folder).as_posix()}": path.read_bytes()
        for name, folder in PACKAGES.items()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_the_wheel_is_the_tree(wheel):
    installed = {n: data for n, data in wheel.items() if ".dist-info/" not in n}
    assert installed == tree()


def test_nothing_else_is_installed(wheel):
    tops = {name.split("/")[0] for name in wheel}
    assert {top for top in tops if not top.endswith(".dist-info")} == set(PACKAGES)


def test_what_is_not_python_is_there(wheel):
    for name in (
        "rlgen/report/templates/page.html",
        "rlgen/view/templates/board.js",
        "rlgen/report/templates/style.css",
        "rlgen_protocols/zhang2018/templates/table.html",
        "rlgen_protocols/zhang2018/reference/table2.csv",
        "rlgen_protocols/zhang2018/reference/table3.csv",
        "rlgen_protocols/quickstart.toml",
        "rlgen_protocols/smoke.toml",
        *(f"{package}/py.typed" for package in PACKAGES),
    ):
        assert name in wheel
    assert any(name.endswith("licenses/LICENSE") for name in wheel)


def test_the_constraints_pin_every_requirement():
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = {}
    for line in lines:
        if line and not line.startswith("#"):
            pinned = Requirement(line)
            (one,) = pinned.specifier
            assert one.operator == "==", line
            pins[pinned.name.lower().replace("_", "-")] = one.version
    hashed = re.findall(r"^([\w.-]+)==(\S+)", (ROOT / ".ci" / "hashes.txt").read_text(), re.M)
    left_out = {"torch": pins["torch"]}
    assert {name: pin for name, pin in pins.items() if name not in left_out} == dict(hashed), (
        "other versions have hashes than are pinned: run .ci/hash"
    )
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*declared["dependencies"], *declared["optional-dependencies"]["test"]]
    for text in wanted:
        requirement = Requirement(text)
        assert any(s.operator == ">=" for s in requirement.specifier), f"{text}: no lower bound"
        assert requirement.specifier.contains(pins[requirement.name.lower()]), text
    # and what these require in turn, where it can be asked
    installed = {d.name.lower().replace("_", "-"): d.version for d in distributions()}
    if any(installed.get(name) != pin for name, pin in pins.items() if name != "torch"):
        pytest.skip("other versions are installed than constraints.txt pins")
    seen, queue = set(), [Requirement(text).name for text in wanted]
    while queue:
        name = queue.pop()
        if name not in seen:
            seen.add(name)
            assert name.lower().replace("_", "-") in pins, f"{name} is not pinned"
            for text in requires(name) or []:
                inner = Requirement(text)
                if inner.marker is None or inner.marker.evaluate({"extra": ""}):
                    queue.append(inner.name)

"""Problems of a store that ``rlgen verify`` names: whole, but not to conclude from."""

import re
import shutil

import pytest
from commands import rlgen as run
from helpers import unsealed

import rlgen
from rlgen.diagnostics.store_health import RULES, problems, run_is_there_twice
from rlgen.store.run_store import RunStore
from rlgen.util import files

pytestmark = pytest.mark.usefixtures("undrawn")


@pytest.fixture
def store(tiny_store, tmp_path):
    return unsealed(shutil.copytree(tiny_store, tmp_path / "study"))


def found(path):
    return list(problems(RunStore(path)))


def codes(path):
    return [each.code for each in found(path)]


def test_large_seeds_are_told_apart(store):
    """As floats the two are equal."""
    first, second, *rest = files.read_json(store / "plan.json")
    seeds = [2**62 - 3, 2**62 - 2]
    for entry, seed in zip((first, second), seeds, strict=True):
        entry["settings"] = first["settings"] | {"seed": seed}
    files.write_json(store / "plan.json", [first, second, *rest])
    assert list(run_is_there_twice(RunStore(store))) == []


def test_a_finished_study_is_healthy(tiny_store):
    assert codes(tiny_store) == []


def test_runs_chosen_on_the_test_pool(store):
    split = next((store / "splits").iterdir()).stem
    RunStore(store).log_access("validation", "selection", split)
    RunStore(store).log_access("test", "certificate", split)
    assert codes(store) == []
    RunStore(store).log_access("test", "selection", split)
    (problem,) = found(store)
    assert (problem.code, problem.name) == ("S101", "chosen-on-test-levels")
    assert "test levels of maze-basic" in problem.reason
    assert problem.file.startswith("access/")


def test_a_manifest_that_was_changed(store):
    path = next((store / "splits").iterdir())
    manifest = files.read_json(path)
    pools = manifest["pools"]
    pools["test"]["fingerprints"][3] = pools["train"]["fingerprints"][0]
    files.write_json(path, manifest)
    (problem,) = found(store)
    assert problem.code == "S102"
    level, other = pools["test"]["ids"][3], pools["train"]["ids"][0]
    assert problem.reason == f"train level {other} is test level {level}"


def test_an_incomplete_plan(store):
    gone, failed, *_ = sorted((store / "runs").iterdir())
    shutil.rmtree(gone)
    assert codes(store) == ["S201"]
    shutil.rmtree(failed)
    RunStore(store).fail(failed.name, "ZeroDivisionError")
    (problem,) = found(store)
    assert problem.file == "plan.json"
    assert "2 of 12 cells are missing, of which 1 failed; the first is ppo/" in problem.reason


def test_weights_need_not_be_kept(store):
    for weights in store.glob("runs/*/policy.safetensors"):
        weights.unlink()
    assert codes(store) == []


def test_missing_conditions(store):
    run_folder = sorted((store / "runs").iterdir())[0]
    files.write_json(run_folder / "conditions.json", ["plain"])
    (problem,) = found(store)
    assert (problem.code, problem.reason) == ("S202", "not under greedy, random_spawn")


def test_a_single_run(store):
    plan = [cell for cell in RunStore(store).plan() if cell["settings"]["seed"] == 0]
    files.write_json(store / "plan.json", plan)
    several = found(store)
    assert [each.code for each in several] == ["S203"] * 4
    assert several[0].reason.startswith("the only run is ppo/mlp-512-128 on ")


def test_policies_made_elsewhere_are_runs_of_one_setting(store):
    plan = RunStore(store).plan()
    for cell in plan:
        own = cell["settings"]["seed"]
        cell["settings"] |= {"policy": f"{own}.zip", "policy_file": f"/{own}.zip"}
        cell["settings"]["policy_hash"] = f"{own:064x}"
    files.write_json(store / "plan.json", plan)
    assert "S203" not in codes(store)


def test_one_run_under_two_ids(store):
    plan = RunStore(store).plan()
    again = plan[0] | {"id": "0" * 16}
    again["settings"] = again["settings"] | {"flip_p": int(again["settings"]["flip_p"])}
    files.write_json(store / "plan.json", [*plan, again])
    (problem,) = [each for each in found(store) if each.code == "S204"]
    assert problem.reason.endswith(f"is there twice, as {plan[0]['id']} and {'0' * 16}")


def test_versions_that_differ(store):
    path = sorted((store / "runs").iterdir())[0] / "provenance.json"
    before = files.read_json(path)
    before["versions"]["torch"] = "0.1"
    files.write_json(path, before)
    (problem,) = found(store)
    assert problem.code == "S301"
    assert re.fullmatch(r"torch is \S+ in 11 runs, 0\.1 in 1 run", problem.reason)


@pytest.mark.slow
def test_verify_names_them_and_fails_only_when_strict(store):
    shutil.rmtree(sorted((store / "runs").iterdir())[0])
    run("report", store)
    out, _ = run("verify", store)
    assert f"{store}: plan.json: S201 incomplete-plan: 1 of 12 cells is missing" in out
    assert run("verify", store, "--strict", code=1)[0] == out
    (problem,) = rlgen.verify(store).problems
    assert problem.code == "S201"
    help_text, _ = run("verify", "--help")
    assert all(code in help_text for code in RULES)


@pytest.mark.parametrize(
    "keys",
    [
        'family = "evil_module:Evil-v0"\n',
        'network = "evil_module:NETWORK"\n',
        'family_options = { wrappers = "evil_module:Wrapper" }\n',
        '[pools.further]\nfamily = "evil_module:Evil-v0"\n',
        '[pools.further]\nfamily_options = { wrappers = "evil_module:Wrapper" }\n',
    ],
)
def test_a_stranger_s_protocol_is_verified_without_its_code(keys, store, monkeypatch):
    (store.parent / "evil_module.py").write_text(f"open({str(store.parent / 'it-ran')!r}, 'w')\n")
    monkeypatch.chdir(store.parent)
    path = store / "protocol.toml"
    named = keys.partition(" ")[0]
    lines = [line for line in path.read_text().splitlines() if not line.startswith(f"{named} ")]
    text = "\n".join(line for line in lines if not line.startswith("pools "))
    pool = "" if keys.startswith("[") else "[pools.near]\nn_levels = 2\n"
    path.write_text(f"{text}\n{keys}{pool}")
    (reason,) = [each.reason for each in found(store) if "named code" in each.reason]
    assert "evil_module" in reason
    assert not (store.parent / "it-ran").exists()

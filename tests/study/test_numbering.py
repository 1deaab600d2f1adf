"""Policies in a store are told apart by what they are, not by what their files are called."""

import json
import shutil
from pathlib import Path

import pytest
from commands import rlgen as command

import rlgen
from rlgen.errors import RlgenError
from rlgen.protocol import suite
from rlgen.protocol.schema import parse
from rlgen.study import driver, progress
from rlgen.study import plan as plans
from rlgen.study.means import Means
from rlgen.study.numbering import numbered
from rlgen.util.toml import load

pytestmark = pytest.mark.usefixtures("undrawn")

STUDY = {
    "name": "s",
    "family": "CartPole-v1",
    "train_levels": "0:2",
    "test_levels": "10:12",
    "episodes": 1,
}
OPTIONS = (
    *("--env", "CartPole-v1", "--train-levels", "0:2", "--test-levels", "10:12"),
    *("--episodes", "1", "-q", "-o", "store"),
)


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    from stable_baselines3 import PPO

    folder = tmp_path_factory.mktemp("models")
    for seed, name in enumerate(("a", "b", "c")):
        PPO("MlpPolicy", "CartPole-v1", seed=seed, device="cpu").save(folder / f"{name}.zip")
    return folder


@pytest.fixture
def here(models, tmp_path):
    for name in ("a", "b", "c"):
        shutil.copy(models / f"{name}.zip", tmp_path / f"{name}.zip")
    return tmp_path


def evaluate(cwd, *policies, store="store"):
    flags = [part for policy in policies for part in ("--policy", policy)]
    out, _ = command("evaluate", *OPTIONS[:-1], store, *flags, cwd=cwd)
    return out


def counted(store):
    """Policy by number of the runs that count."""
    from rlgen.store.preparing import not_counted

    plan = json.loads((store / "plan.json").read_text())
    own = [entry["settings"] for entry in plan if entry["id"] not in not_counted(plan)]
    return {settings["seed"]: settings["policy"].partition("+")[0] for settings in own}


def declared(store):
    protocol = parse(load(store / "protocol.toml"), "protocol")
    return [text.partition("+")[0] for text in protocol.policy], list(protocol.seeds)


@pytest.mark.slow
def test_a_policy_is_added_to_a_store_that_has_one(here):
    evaluate(here, "a.zip")
    evaluate(here, "b.zip")
    assert counted(here / "store") == {0: "a.zip", 1: "b.zip"}
    assert declared(here / "store") == (["a.zip", "b.zip"], [0, 1])
    assert len(list((here / "store" / "runs").iterdir())) == 2
    for again in (["b.zip"], ["a.zip"], ["b.zip", "a.zip"], ["a.zip", "b.zip"]):
        assert "Nothing to compute" in evaluate(here, *again)
    evaluate(here, "c.zip", "b.zip")
    assert counted(here / "store") == {0: "a.zip", 1: "b.zip", 2: "c.zip"}
    both = rlgen.load(here / "store")
    assert both["seed"].nunique() == 3


@pytest.mark.slow
def test_a_list_in_a_protocol_grows(here, monkeypatch):
    monkeypatch.chdir(here)
    rlgen.evaluate(STUDY | {"policy": ["a.zip"]}, "store")
    result = rlgen.evaluate(STUDY | {"policy": ["b.zip", "a.zip"]}, "store")
    assert (len(result.computed), len(result.already)) == (1, 1)
    assert counted(here / "store") == {0: "a.zip", 1: "b.zip"}


@pytest.mark.slow
def test_two_commands_that_add_policies_at_one_moment_give_them_two_numbers(here, monkeypatch):
    monkeypatch.chdir(here)
    rlgen.evaluate(STUDY | {"policy": ["a.zip"]}, "store")
    late = numbered(plans.plan(suite.read(STUDY | {"policy": ["c.zip"]})), Path("store"))
    rlgen.evaluate(STUDY | {"policy": ["b.zip"]}, "store")
    before = {path: path.read_bytes() for path in (here / "store").rglob("*") if path.is_file()}
    with pytest.raises(RlgenError, match=r"'c.zip': another command has added 'b.zip'"):
        driver.compute(late, Path("store"), Means(1), progress.choose(quiet=True))
    assert {path: path.read_bytes() for path in before} == before
    rlgen.evaluate(STUDY | {"policy": ["c.zip"]}, "store")
    assert counted(here / "store") == {0: "a.zip", 1: "b.zip", 2: "c.zip"}


@pytest.mark.slow
def test_a_store_is_the_same_from_another_folder_and_by_another_path(here, monkeypatch):
    evaluate(here, "a.zip")
    inner = here / "inner"
    inner.mkdir()
    (here / "link.zip").symlink_to(here / "a.zip")
    (here / "linked").symlink_to(here)
    shutil.copy(here / "a.zip", here / "copy.zip")
    store = here / "store"
    for cwd, path in (
        (inner, "../a.zip"),
        (inner, here / "a.zip"),
        (here, "./a.zip"),
        (here, "link.zip"),
        (here, here / "linked" / "a.zip"),
        (here, "copy.zip"),
    ):
        assert "Nothing to compute" in evaluate(cwd, path, store=store), path
        assert list(counted(store)) == [0], path


@pytest.mark.slow
def test_a_changed_file_takes_its_own_place_whatever_it_is_called(here):
    evaluate(here, "a.zip")
    evaluate(here, "b.zip")
    shutil.copy(here / "c.zip", here / "a.zip")
    out = evaluate(here, here / "a.zip")
    assert "has been changed since" in out
    assert counted(here / "store") == {0: str(here / "a.zip"), 1: "b.zip"}


@pytest.mark.slow
def test_one_name_in_two_folders_is_two_policies(here):
    inner = here / "inner"
    inner.mkdir()
    shutil.copy(here / "b.zip", inner / "a.zip")
    evaluate(here, "a.zip")
    evaluate(inner, "a.zip", store=here / "store")
    assert len(counted(here / "store")) == 2
    texts, seeds = declared(here / "store")
    assert (texts, seeds) == (["a.zip", str(inner / "a.zip")], [0, 1])


@pytest.mark.slow
def test_what_cannot_be_added_is_refused_in_one_line(here, monkeypatch):
    monkeypatch.chdir(here)
    rlgen.evaluate(STUDY | {"policy": ["a.zip"]}, "store")
    with pytest.raises(RlgenError, match=r"store: key 'test_levels' is .10:12. in the store"):
        rlgen.evaluate(STUDY | {"policy": ["b.zip"], "test_levels": "20:22"}, "store")
    drawn = {key: value for key, value in STUDY.items() if not key.endswith("_levels")}
    drawn |= {"n_train_levels": 2, "n_test_levels": 2, "n_validation_levels": 0}
    rlgen.evaluate(drawn | {"policy": ["a.zip"]}, "drawn")
    with pytest.raises(RlgenError, match=r"'b.zip.* is number 1 beside a.zip.*list those too"):
        rlgen.evaluate(drawn | {"policy": ["b.zip"]}, "drawn")
    rlgen.evaluate(drawn | {"policy": ["a.zip", "b.zip"]}, "drawn")
    rlgen.evaluate(drawn | {"policy": ["a.zip"], "train_pool": "shared"}, "shared")
    result = rlgen.evaluate(drawn | {"policy": ["b.zip"], "train_pool": "shared"}, "shared")
    assert len(result.computed) == 1


@pytest.mark.slow
def test_a_bundle_goes_on_with_a_further_policy_and_a_plan_knows_what_is_there(here):
    evaluate(here, "a.zip")
    command("bundle", "store", "s.tar.xz", cwd=here)
    flags = [*OPTIONS[:-1], "other", "--continue-from", "s.tar.xz"]
    command("evaluate", *flags, "--policy", "b.zip", cwd=here)
    assert counted(here / "other") == {0: "a.zip", 1: "b.zip"}


def test_trust_names_a_file_by_any_path(here):
    with pytest.raises(RlgenError, match="is no policy of this study"):
        plan(here, "b.zip")
    plan(here, here / "a.zip")
    plan(here, "./a.zip")


def plan(here, trusted):
    import contextlib

    with contextlib.chdir(here):
        return plans.plan(suite.read(STUDY | {"policy": "a.zip"}), (str(trusted),))

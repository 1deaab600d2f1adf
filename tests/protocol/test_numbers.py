"""Numbers in protocols as people write them, and studies that nobody can compute."""

import time

import numpy as np
import pytest
from commands import rlgen as command

import rlgen
from rlgen.agents import AGENTS
from rlgen.errors import RlgenError
from rlgen.networks import network_named
from rlgen.protocol import suite
from rlgen.protocol.schema import Protocol, keys, parse
from rlgen.study.plan import plan
from rlgen.util.ranges import parse_seeds, parse_whole

STUDY = {
    "name": "s",
    "family": "maze-basic",
    "n_train_levels": 10,
    "network": "mlp-64-64",
    "steps": 1000,
    "seeds": [0],
}
WHOLE = [
    *("steps", "checkpoint_every", "curve_points", "curve_levels", "evaluated_train_levels"),
    *("episodes", "n_train_levels", "n_validation_levels", "n_test_levels", "seeds"),
]


def test_every_key_that_is_a_whole_number_is_tried():
    schema = Protocol.model_json_schema()["properties"]
    assert {key for key in keys() if "integer" in str(schema[key]) and key != "pools"} >= set(WHOLE)
    others = {key for key in keys() if "'integer'" in str(schema[key])} - set(WHOLE)
    assert others <= {"family_options", "agent_options", "experiments"}


@pytest.mark.parametrize("key", WHOLE)
def test_whole_floats_are_whole_numbers(key):
    ours, theirs = (parse(STUDY | {key: value}, "f") for value in (40, 4e1))
    assert ours == theirs
    assert ours.text() == theirs.text()
    for value in (1.5, float("nan"), float("inf"), True, "4e1"):
        if (key, value) == ("seeds", "4e1"):
            continue  # a range of one
        with pytest.raises(RlgenError, match=f"^f: {key} = "):
            parse(STUDY | {key: value}, "f")
    assert parse(STUDY | {"n_train_levels": [1e1, 20]}, "f").n_train_levels == (10, 20)


def test_in_options_of_families_pools_agents_and_networks_too():
    cells = [
        plan(
            suite.read(
                STUDY
                | {
                    "family_options": {"size": size},
                    "agent_options": {"n_envs": size},
                    "pools": {"p": {"n_levels": size, "family_options": {"size": size}}},
                    "network": f"residual[depth={size / 4}]",
                }
            )
        )
        .tasks[0]
        .cell
        for size in (8, 8.0)
    ]
    assert cells[0].id == cells[1].id
    assert type(cells[1].settings["family_options"]["size"]) is int
    assert type(AGENTS["ppo"].configured({"n_envs": 8.0}, "ppo")["n_envs"]) is int
    assert network_named("residual[depth=2.0]").options["depth"] == 2
    with pytest.raises(RlgenError, match=r"n_envs = 8\.5: must be a whole number"):
        AGENTS["ppo"].configured({"n_envs": 8.5}, "ppo")
    assert parse_seeds("0:1e1") == tuple(range(10))
    for text in ("1.5", "nan", "inf", "1e300", "x"):
        with pytest.raises(ValueError):  # noqa: PT011
            parse_whole(text)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), [1], {"a": 1}])
@pytest.mark.parametrize("key", ["family_options", "agent_options", "pools"])
def test_an_option_that_is_no_value_is_one_line(key, value):
    table = {"p": {"family_options": {"size": value}}} if key == "pools" else {"size": value}
    with pytest.raises(RlgenError) as raised:
        parse(STUDY | {key: table}, "f")
    (line,) = str(raised.value).splitlines()
    assert "size = " in line
    assert "number, true, false or text" in line


@pytest.mark.parametrize(
    "change",
    [
        {"seeds": "0:1000000"},
        {"seeds": "0:1000", "n_train_levels": list(range(1, 200))},
        {"seeds": list(range(200_000))},
    ],
)
def test_more_cells_than_can_be_computed_are_refused_at_once(change):
    begun = time.process_time()
    with pytest.raises(RlgenError, match=r"cells \(seeds .* at most 100,000: name fewer values"):
        plan(suite.read(STUDY | change))
    assert time.process_time() - begun < 2


@pytest.mark.slow
def test_experiments_have_as_many_cells_at_most_and_whole_numbers():
    table = {"name": "s", "experiments": {"probe": {"seeds": "0:1000000"}}}
    with pytest.raises(RlgenError, match=r"1,000,000 cells \(experiments.probe.seeds 1,000,000\)"):
        suite.read(table)
    few = suite.read(table | {"experiments": {"probe": {"seeds": [1e0, 2]}}}).whole
    assert few.experiments["probe"]["seeds"] == (1, 2)


def test_endless_seeds_are_refused_at_once(tmp_path):
    with pytest.raises(RlgenError, match="more than 100,000 seeds"):
        rlgen.evaluate(STUDY, tmp_path / "s", seeds=range(10**12))
    with pytest.raises(RlgenError, match="more than 1,000,000 numbers"):
        rlgen.evaluate(STUDY, tmp_path / "s", seeds="0:1000000000000")
    for levels in ("0:10**12", "0:1000000000000", "0:1e15"):
        _, err = command(
            *f"evaluate --env maze-basic --train-levels {levels} --test-levels 5 -q".split(),
            code=2,
            cwd=tmp_path,
        )
        assert "--train-levels" in err
        assert len(err.splitlines()) == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("conditions", "sticky"),
        ("conditions", "sticky_proposed:2"),
        ("regulariser", "dropouts:0.1"),
        ("network", "mlp-64-65"),
        ("agent", "ppoo"),
        ("family", "maze-basik"),
        ("family", "nomod:X-v0"),
        ("policy", "nofile.zip"),
        ("policy", "nomod:f"),
        ("policy", "strange:nothing"),
        ("policy", "strange:guess"),
        ("paper", "zhang2019"),
    ],
)
def test_a_name_that_cannot_be_is_named_with_its_file_and_key(key, value, tmp_path):
    file = tmp_path / "p.toml"
    study = {**STUDY, key: value}
    if key == "policy":
        study = {k: v for k, v in study.items() if k not in ("steps", "seeds", "network")}
    file.write_text("".join(f"{k} = {v!r}\n" for k, v in study.items()))
    with pytest.raises(RlgenError) as raised:
        plan(suite.read(file))
    assert str(raised.value).startswith(f"{file}: {key} = {value!r}")


def test_numbers_of_numpy_are_numbers():
    theirs = {
        **STUDY,
        "n_train_levels": [np.int64(4), np.int32(8)],
        "seeds": np.arange(3),
        "steps": np.float64(1e3),
        "family_options": {"size": np.int64(7)},
    }
    ours = STUDY | {"n_train_levels": [4, 8], "seeds": [0, 1, 2], "family_options": {"size": 7}}
    assert suite.read(theirs) == suite.read(ours)
    assert suite.read(STUDY, seeds=np.arange(3)) == suite.read(STUDY, seeds=range(3))
    with pytest.raises(RlgenError, match=r"seeds = 0.5"):
        suite.read(STUDY | {"seeds": np.array([0.5])})


@pytest.mark.parametrize("kind", [list, tuple, np.array])
def test_levels_may_be_named_as_a_list(kind):
    named = {"train_levels": kind([7, 3]), "test_levels": kind([1000, 1001])}
    study = {key: value for key, value in STUDY.items() if key != "n_train_levels"} | named
    (protocol, _), *_ = suite.read(study).parts
    assert protocol.named_levels["train"] == (7, 3), "smaller pools are the first of them"
    assert protocol.test_levels == "1000,1001"
    with pytest.raises(RlgenError, match=r"test_levels = .*: must be ids of levels, such as"):
        suite.read(study | {"test_levels": kind(["a", "b"])})

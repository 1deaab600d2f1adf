"""Classic control with its physics as level content, and the summary of Packer et al. 2018."""

import tomllib

import gymnasium as gym
import numpy as np
import pytest
import tomli_w
from planning import cells_of

from rlgen import api
from rlgen.analysis.results import Results
from rlgen.errors import LevelError, ProtocolError
from rlgen.levels import lookup
from rlgen.protocol import suite as suites
from rlgen.report.figures.base import drawn_pools
from rlgen.store.run_store import RunStore
from rlgen_envs import contexts
from rlgen_envs.contexts import ACROBOT, BLOCK, CARTPOLE, MOUNTAIN_CAR, PENDULUM, drawn
from rlgen_protocols.packer2018 import PAPER
from rlgen_protocols.packer2018.contexts import MADE_OF, geometric_mean, summarised

IDS = ["rlgen/CartPole-v0", "rlgen/MountainCar-v0", "rlgen/Acrobot-v0", "rlgen/Pendulum-v0"]
RANGES = {
    "cartpole": CARTPOLE,
    "mountain-car": MOUNTAIN_CAR,
    "acrobot": ACROBOT,
    "pendulum": PENDULUM,
}


@pytest.mark.parametrize("name", RANGES)
def test_parameters_come_from_the_range_of_their_block(name):
    ranges = RANGES[name]
    n = 400
    random = [drawn(ranges, seed, name) for seed in range(n)]
    extreme = [drawn(ranges, BLOCK + seed, name) for seed in range(n)]
    for key, (default, (low, high), (least, most)) in ranges.items():
        assert drawn(ranges, 2 * BLOCK + 7, name)[key] == default
        inside = np.array([told[key] for told in random])
        assert ((low <= inside) & (inside <= high)).all()
        assert abs(inside.mean() - (low + high) / 2) < 4 * (high - low) / (12 * n) ** 0.5
        outside = np.array([told[key] for told in extreme])
        assert ((least <= outside) & (outside <= most)).all()
        assert not ((low < outside) & (outside < high)).any()
        below = (low - least) / (low - least + most - high)
        assert abs((outside <= low).mean() - below) < 4 * (below * (1 - below) / n) ** 0.5


def test_the_papers_numbers():
    """Table 1."""
    assert CARTPOLE["length"] == (0.5, (0.25, 0.75), (0.05, 1.0))
    assert MOUNTAIN_CAR["force"] == (0.001, (0.0005, 0.005), (0.0001, 0.01))
    assert ACROBOT["mass"] == (1.0, (0.75, 1.25), (0.5, 1.5))
    assert dict.fromkeys(("length", "mass"), (1.0, (0.75, 1.25), (0.5, 1.5))) == PENDULUM
    with pytest.raises(LevelError, match="must be from 0 to"):
        contexts.regime(3 * BLOCK)


@pytest.mark.parametrize("env_id", IDS)
def test_a_level_is_decided_by_its_seed(env_id):
    family = lookup.family(env_id)
    family.check([0, 1, 12_345])
    levels = [5, BLOCK + 5, 2 * BLOCK + 5]
    batch = family.vector_env(family.generate(levels), 3)

    def played():
        seen = [batch.reset(options={"level": np.array(levels)})[0]]
        actions = np.zeros_like(batch.action_space.sample())
        seen += [batch.step(actions)[0] for _ in range(5)]
        return np.stack(seen)

    first = played()
    assert np.array_equal(first, played())
    assert not np.array_equal(first[-1, 0], first[-1, 1])


def torque(t):
    return np.array([t % 5 - 2], np.float32)


@pytest.mark.parametrize(
    ("env_id", "plain"),
    [
        ("rlgen/CartPole-v0", "CartPole-v1"),
        ("rlgen/MountainCar-v0", "MountainCar-v0"),
        ("rlgen/Acrobot-v0", "Acrobot-v1"),
        ("rlgen/Pendulum-v0", "Pendulum-v1"),
    ],
)
def test_the_default_is_gymnasiums(env_id, plain):
    lookup.families()
    ours, theirs = gym.make(env_id), gym.make(plain)
    seed = 2 * BLOCK + 3
    assert np.array_equal(ours.reset(seed=seed)[0], theirs.reset(seed=seed)[0])
    for t in range(100):
        action = t % 2 if isinstance(ours.action_space, gym.spaces.Discrete) else torque(t)
        one, other = ours.step(action), theirs.step(action)
        assert np.array_equal(one[0], other[0])
        assert one[1:4] == other[1:4]
        if one[2] or one[3]:
            break


def test_success_is_the_papers():
    lookup.families()
    env = gym.make("rlgen/CartPole-v0")
    env.reset(seed=2 * BLOCK)
    steps, done = 0, False
    while not done:
        # Pushes to where the pole falls: stands for ever.
        told = env.unwrapped.state
        _, _, terminated, truncated, info = env.step(int(told[2] + 0.5 * told[3] > 0))
        steps += 1
        done = terminated or truncated
        assert info["is_success"] == (steps >= 195)
    assert steps == 200


def test_a_pendulum_is_solved_by_standing_for_its_last_hundred_steps():
    lookup.families()
    env = gym.make("rlgen/Pendulum-v0")
    env.reset(seed=2 * BLOCK)
    env.unwrapped.state = np.array([0.3, 0.0])

    def played(falls_at):
        """Whether each step was told as solved; upright as far as a controller of our own can."""
        told = []
        for t in range(200):
            angle, speed = env.unwrapped.state
            if t == falls_at:
                env.unwrapped.state = np.array([np.pi, 0.0])
                angle = speed = 0.0
            elif t == falls_at + 1:
                env.unwrapped.state = angle, speed = np.array([0.0, 0.0])
            info = env.step(np.array([-15 * angle - 4 * speed], np.float32))[4]
            told.append(info["is_success"])
        return told

    assert played(500) == [t >= 99 for t in range(200)]
    env.reset(seed=2 * BLOCK)
    env.unwrapped.state = np.array([0.3, 0.0])
    assert played(120)[110:] == [True] * 10 + [False] * 80


def test_the_summary_by_hand():
    shares = {
        "DD": {0: 1.0, 1: 0.9},
        "DR": {0: 0.5, 1: 0.5},
        "DE": {0: 0.25, 1: 0.0},
        "RR": {0: 0.8, 1: 0.6},
        "RE": {0: 1.0, 1: 1.0, 2: 0.3},
    }
    told = summarised(shares)
    assert told["default"].mean == pytest.approx(0.95)
    assert told["interpolation"].mean == pytest.approx(0.7)
    assert told["extrapolation"].mean == pytest.approx((0.125 ** (1 / 3) + 0) / 2)
    half = 12.7062047 * 0.05  # Student's quantile at one degree of freedom times the error
    assert told["default"].high - told["default"].mean == pytest.approx(half)
    assert summarised({"DD": {0: 1.0}})["default"].reason == "one seed has no interval"
    assert "no seed" in summarised({})["extrapolation"].reason
    assert geometric_mean([0.2, 0.2, 0.2]) == pytest.approx(0.2)


@pytest.fixture
def suite(tmp_path):
    """A small suite of both parts."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    texts = {
        "suite": {
            "name": "tiny",
            "paper": "packer2018",
            "parts": ["d", "r"],
            "family": "rlgen/CartPole-v0",
            "test_levels": f"{BLOCK}:{BLOCK + 3}",
            "network": "mlp-64-64",
            "agent_options": {"n_envs": 8, "batch_size": 64},
            "seeds": [0, 1],
            "steps": 300,
            "curve_points": 1,
            "curve_levels": 1,
            "episodes": 1,
        },
        "d": {"train_levels": f"{2 * BLOCK}:{2 * BLOCK + 3}", "validation_levels": "0:3"},
        "r": {"train_levels": "0:2", "validation_levels": "10:13"},
    }
    for name, keys in texts.items():
        (folder / f"{name}.toml").write_text(tomli_w.dumps(keys))
    return folder


@pytest.mark.slow
def test_one_store_holds_both_parts_and_its_page_the_three_numbers(suite, tmp_path, undrawn):
    half = api.evaluate(suite / "d.toml", tmp_path / "s", jobs=1)
    assert "no seed has been trained on all ranges" in half.report.read_text()
    whole = api.evaluate(suite, tmp_path / "s", jobs=1)
    assert len(whole.already) == len(whole.computed) == 2
    page = whole.report.read_text()
    assert 'id="packer2018-contexts"' in page
    (drawn,) = PAPER.sections(Results.load(RunStore(tmp_path / "s")), {})
    assert list(drawn.data["number"]) == list(MADE_OF)
    assert drawn.data["mean"].notna().all()
    again = api.evaluate(suite / "r.toml", tmp_path / "s", jobs=1)
    assert not again.computed


@pytest.mark.parametrize(
    ("part", "keys"),
    [
        ("r", {"train_levels": "0:3"}),  # of as many levels as the other part
        ("r", {"n_train_levels": 1}),  # not all that it names
        ("r", {"validation_levels": "2:5"}),  # of which the other part has one
    ],
)
def test_runs_that_could_not_be_told_apart_are_refused(suite, part, keys):
    path = suite / f"{part}.toml"
    path.write_text(tomli_w.dumps({**tomllib.loads(path.read_text()), **keys}))
    with pytest.raises(ProtocolError, match=r"key '(train|validation)_levels' is"):
        _ = suites.read(suite).whole


def test_an_option_says_the_range_in_place_of_the_block():
    inside, outside = (drawn(CARTPOLE, 5, "cartpole", where) for where in ("R", "E"))
    assert inside == drawn(CARTPOLE, 5, "cartpole")
    assert 5 <= inside["force"] <= 15 < max(outside["force"], 15.1)
    assert not 5 < outside["force"] < 15
    family = lookup.family("rlgen/CartPole-v0[regime=D]")
    env = family.env(family.generate([5]))
    env.reset(options={"level": 5})
    assert env.env.unwrapped.force_mag == CARTPOLE["force"][0]
    with pytest.raises(LevelError, match="regime = 'X'"):
        lookup.family("rlgen/CartPole-v0[regime=X]").check([0])


@pytest.mark.slow
@pytest.mark.parametrize("name", ["cartpole", "pendulum"])
def test_one_protocol_holds_all_ranges_and_its_page_the_three_numbers(tmp_path, name, undrawn):
    ((protocol, _),) = suites.read(f"packer2018-{name}-regimes").parts
    few = {"n_train_levels": (3,), "n_validation_levels": 0, "n_test_levels": 2, "seeds": (0, 1)}
    few |= {"steps": 300, "curve_points": 1, "curve_levels": 1, "episodes": 1}
    few |= {"evaluated_train_levels": 2, "conditions": ("plain",), "agent_options": {}}
    keys = protocol.model_dump() | few
    for pool in keys["pools"].values():
        pool["n_levels"] = 2
    done = api.evaluate(keys, tmp_path / "s", jobs=1)
    assert not done.failed
    kinds = {
        (cell["family"][-2], pool): own["kind"]
        for cell in done.summary["cells"]
        for pool, own in cell["pools"].items()
    }
    assert kinds == {
        ("D", "random"): "extrapolation",
        ("D", "extreme"): "extrapolation",
        ("R", "random"): "in distribution",
        ("R", "extreme"): "extrapolation",
    }
    pools = drawn_pools(Results.load(RunStore(tmp_path / "s")))
    # To agents of the one range levels of R are in distribution, to those of the other not.
    assert [label for _, label, _ in pools[2:]] == ["random", "extreme (extrapolation)"]
    (drawn_section,) = PAPER.sections(Results.load(RunStore(tmp_path / "s")), {})
    assert list(drawn_section.data["number"]) == list(MADE_OF)
    assert drawn_section.data["mean"].notna().all()


@pytest.mark.parametrize("name", ["cartpole", "pendulum"])
def test_the_parts_names_are_those_of_the_protocols_that_they_were(name):
    for part in ("d", "r"):
        alone = suites.read(f"packer2018-{name}-{part}").whole
        assert alone.name == f"packer2018-{name}-{part}"
        together = suites.read(f"packer2018-{name}/{part}").whole
        assert together.name == f"packer2018-{name}"
        ids = [[cell.id for cell in cells_of(p, "x")] for p in (alone, together)]
        assert ids[0] == ids[1]

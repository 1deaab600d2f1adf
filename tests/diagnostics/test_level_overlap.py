"""Training levels among the test levels: pools of which it is known how much they share."""

import hashlib
import json
import shutil
import sys
from dataclasses import dataclass

import gymnasium as gym
import numpy as np
import pytest
from commands import imported, rlgen
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from rlgen.diagnostics.level_overlap import Question, audit, audit_store, grids, views
from rlgen.errors import DamagedStoreError, LevelError, StoreError
from rlgen.levels.family import Family, Levels
from rlgen.protocol.schema import parse
from rlgen.store.run_store import RunStore
from rlgen.util import files
from rlgen.util.hashing import digest
from rlgen.util.seeding import stream
from rlgen_envs import FAMILIES

ONE = Question(grid=False)


@dataclass(frozen=True)
class FrameLevels(Levels):
    """Levels of which one knows nothing but their ids."""

    ids: np.ndarray

    def take(self, index):
        return FrameLevels(self.ids[index])

    def joined(self, others):
        return FrameLevels(np.concatenate([self.ids, *(other.ids for other in others)]))

    def fingerprints(self):
        return [hashlib.sha256(str(i).encode()).hexdigest() for i in self.ids]

    def content_hash(self):
        return hashlib.sha256(str(self.ids.tolist()).encode()).hexdigest()


class FrameEnv(gym.Env):
    """First the frame, of which levels may share one; after a step the level's own id."""

    observation_space = gym.spaces.Box(0, 255, (8,), np.uint8)

    def __init__(self, family):
        self.family, self.action_space = family, family.action_space

    def reset(self, *, seed=None, options=None):
        self.level, self.time = options["level"], 0
        return self._shown(self.family.frame(self.level)), {}

    def step(self, action):
        self.time += 1
        return self._shown(self.level), 0.0, self.time == self.family.length, False, {}

    def _shown(self, number):
        shown = np.frombuffer(np.int64(number).tobytes(), np.uint8)
        if self.family.dictionary:
            return {"seen": shown, "words": "none", "pair": (shown[:2], 1)}
        return shown


class Frames(Family):
    """``unique`` of the levels show what no other shows, the rest one of ``n`` frames.

    So a level is among ``N`` others with probability ``p (1 - (1 - p/n)^N)``, ``p = 1 - unique``.
    """

    name, version, noop, options = "frames", 1, None, {}
    observation_space = FrameEnv.observation_space

    def __init__(self, n, unique, *, length=100, dictionary=False, space=None, moody=False):
        self.n, self.unique, self.length, self.dictionary = n, unique, length, dictionary
        self.action_space = space or gym.spaces.Discrete(3, start=5)
        self.moody, self.looks = moody, 0

    def frame(self, level):
        self.looks += 1
        rng = stream(level, "frames")
        if self.moody:
            return self.looks
        return 2**40 + level if rng.random() < self.unique else int(rng.integers(self.n))

    def known(self, size):
        common = 1 - self.unique
        return common * (1 - (1 - common / self.n) ** size)

    def configure(self, options):
        return self

    def generate(self, ids, flip_p=0.0):
        return FrameLevels(np.asarray(ids, np.int64).reshape(-1))

    def capacity(self):
        return None

    def env(self, levels, *, render_mode=None):
        return FrameEnv(self)

    def vector_env(self, levels, num_envs):
        raise NotImplementedError

    def text(self, levels, actions=None):
        raise NotImplementedError

    def picture(self, levels, actions=None):
        raise NotImplementedError

    def return_bounds(self, flip_p=0.0):
        return 0.0, 0.0


@pytest.mark.parametrize(("n", "unique"), [(50, 0.0), (50, 0.76), (4000, 0.2)])
def test_a_known_overlap_is_found(n, unique):
    family = Frames(n, unique)
    told = audit(family, range(1000), range(100_000, 101_000), ONE)["across"]
    assert told["low"] <= family.known(1000) <= told["high"]
    assert told["least"] == pytest.approx(family.known(1000), abs=0.05)
    assert told["total"] == 1000


@pytest.mark.slow
def test_intervals_hold_the_known_overlap():
    """Of an actual family, level by level; the sampling theory is in simulations.py."""
    family = Frames(40, 0.4)
    held = whole_held = 0
    for study in range(100):
        first = 10_000 * study
        train, test = range(first, first + 30), range(first + 1000, first + 1080)
        told = audit(family, train, test, Question(grid=False, train_range=120))
        # Given these training levels, what share of all levels shows what they show?
        frames = {family.frame(i) for i in train}
        truth = (1 - family.unique) * len([f for f in frames if f < family.n]) / family.n
        held += told["across"]["low"] <= truth <= told["across"]["high"]
        whole = told["range"]
        assert whole["low"] <= whole["least"] <= whole["most"] <= whole["high"]
        whole_held += whole["low"] <= family.known(120) <= whole["high"]
    assert held >= 90
    assert whole_held >= 90


def test_more_observations_tell_levels_apart():
    family = Frames(10, 0.0)
    pools = range(50), range(50, 100)
    assert audit(family, *pools, ONE)["across"]["count"] == 50
    two = audit(family, *pools, Question(observations=2, grid=False))
    assert two["across"]["count"] == 0
    assert two["within"]["train"]["repeated"] == 0
    assert audit(family, *pools, ONE)["within"]["train"]["distinct"] == 10
    # the same level is the same, however far one looks
    own = audit(family, range(20), range(10, 30), Question(observations=30, grid=False))
    assert own["across"]["count"] == own["same_ids"] == 10
    assert own["across"]["pairs"][0] == {"test": 10, "train": 10}


def test_episodes_may_end_before():
    short, long = Frames(1, 0.0, length=2), Frames(1, 0.0, length=3)
    levels = short.generate([1])
    marks = [views.show(f, levels, observations=n).marks[0] for f in (short, long) for n in (3, 9)]
    assert marks[0] == marks[1] == marks[2] != marks[3]


def test_other_observations_and_actions():
    box = gym.spaces.Box(-1, 1, (2,), np.float32)
    family = Frames(10, 0.0, dictionary=True, space=box)
    told = audit(family, range(20), range(20, 40), Question(observations=3))
    assert told["across"]["count"] == 0
    assert told["symmetric"] is told["nearest"] is None
    assert audit(family, range(20), range(20, 40))["across"]["count"] == 20 - sum(
        family.frame(i) not in {family.frame(j) for j in range(20)} for i in range(20, 40)
    )
    for space in (box, family.action_space, gym.spaces.MultiDiscrete([3, 4])):
        first, again = (views.action_sequence(space, 5, 3) for _ in range(2))
        assert np.array_equal(first, again)
        assert all(space.contains(action) for action in first)
        assert not np.array_equal(first, views.action_sequence(space, 5, 4))
    discrete = gym.spaces.Discrete(3, start=5)
    assert {int(a) for a in views.action_sequence(discrete, 50, 0)} == {5, 6, 7}
    assert all(discrete.contains(a) for a in views.action_sequence(discrete, 50, 0))


def test_an_id_that_decides_nothing_is_told():
    assert audit(Frames(10, 0.0), range(5), range(5, 9), ONE)["stable"]
    assert not audit(Frames(10, 0.0, moody=True), range(5), range(5, 9), ONE)["stable"]


def test_structures_do_not_collide():
    def mark(observation):
        digest = hashlib.sha256()
        views._feed(digest, observation)
        return digest.hexdigest()

    different = [
        np.zeros(4, np.uint8),
        np.zeros(4, np.int8),
        np.zeros((2, 2), np.uint8),
        np.zeros(1, np.int32),
        (np.zeros(2, np.uint8), np.zeros(2, np.uint8)),
        {"a": np.zeros(4, np.uint8)},
        {"b": np.zeros(4, np.uint8)},
        "0",
        0,
        0.0,
    ]
    assert len({mark(each) for each in different}) == len(different)
    assert mark({"a": 1, "b": 2}) == mark({"b": 2, "a": 1})


PLANES = arrays.arrays(np.uint8, (3, 2, 5, 5), elements=st.integers(0, 1))


@given(PLANES, st.integers(0, 3), st.booleans())
@settings(max_examples=50)
def test_turned_grids_are_one(planes, turn, flip):
    turned = np.rot90(planes, turn, axes=(2, 3))
    turned = turned[..., ::-1] if flip else turned
    cells = grids.codes(np.concatenate([planes, turned]))
    marks = grids.canonical(cells)
    assert marks[:3] == marks[3:]
    # and what cannot be turned into each other is not
    for one in range(3):
        for other in range(3):
            same = any(np.array_equal(cells[one], image) for image in grids.images(cells[other]))
            assert same == (marks[one] == marks[other])


@given(PLANES)
@settings(max_examples=50)
def test_cells_are_equal_where_their_channels_are(planes):
    cells = grids.codes(planes)
    assert cells.shape == (3, 5, 5)
    channels = np.moveaxis(planes, 1, -1).reshape(-1, 2)
    flat = cells.ravel()
    for at in range(0, len(flat), 7):
        assert np.array_equal(flat == flat[at], (channels == channels[at]).all(axis=1))
    # wherever the channels stand, and however many bytes they have
    last = np.moveaxis(planes, 1, -1)
    assert np.array_equal(
        grids.codes(np.ascontiguousarray(last)) == cells[0, 0, 0], cells == cells[0, 0, 0]
    )
    many = grids.codes(np.repeat(planes.astype(np.float64), 3, axis=1)[:, :3])
    assert len(np.unique(many)) <= 2


@given(PLANES, PLANES)
@settings(max_examples=30)
def test_distances_are_counted_in_cells(train, test):
    cells = grids.codes(np.concatenate([train, test]))
    found = grids.nearest(cells[:3], cells[3:])
    by_hand = [min((t != each).any(axis=0).sum() for t in train) for each in test]
    assert found.tolist() == by_hand
    told = grids.distances(cells[:3], cells[3:])
    assert told["cells"] == 25
    assert told["quantiles"]["0"] == min(by_hand)
    assert told["quantiles"]["1"] == max(by_hand)
    assert told["quantiles"]["0.5"] == sorted(by_hand)[1]


def test_a_rectangle_has_four_images():
    grid = np.arange(6, dtype=np.int32).reshape(2, 3)
    assert len({image.tobytes() for image in grids.images(grid)}) == 4
    assert all(image.shape == (2, 3) for image in grids.images(grid))
    square = np.arange(9, dtype=np.int32).reshape(3, 3)
    assert len({image.tobytes() for image in grids.images(square)}) == 8


@pytest.mark.parametrize(
    ("observations", "grid"),
    [
        (np.zeros((2, 7, 9, 9), np.uint8), True),
        (np.zeros((2, 7, 7, 3), np.uint8), True),
        (np.zeros((2, 2, 1, 25), np.uint8), True),
        (np.zeros((2, 10, 10), np.int64), True),
        (np.zeros((2, 10, 10), bool), True),
        (np.zeros((2, 64, 64, 3), np.uint8), False),
        (np.arange(2 * 27 * 27 * 3).reshape(2, 27, 27, 3).astype(np.uint8), False),
        (np.zeros((2, 7, 9, 9), np.float32), False),
        (np.zeros((2, 9), np.uint8), False),
        (np.zeros((0, 7, 9, 9), np.uint8), False),
        (None, False),
    ],
)
def test_grids_are_known_by_their_looks(observations, grid):
    assert grids.is_grid(observations) is grid


@pytest.mark.slow
def test_small_mazes_share_levels():
    family = FAMILIES["maze-basic"].configure({"size": 5})
    told = audit(family, range(1000), range(5000, 6000))
    assert told["across"]["count"] > 0
    assert told["symmetric"]["count"] > told["across"]["count"]
    assert told["nearest"]["quantiles"]["0"] == 0
    assert told["within"]["train"]["repeated"] > 0
    share = told["across"]["count"] / 1000
    assert told["across"]["low"] < share < told["across"]["high"]


def test_large_mazes_do_not():
    told = audit(FAMILIES["maze-tunnel"], range(50), range(5000, 5050), Question(observations=4))
    assert told["across"]["count"] == told["symmetric"]["count"] == 0
    assert told["nearest"]["cells"] == 169
    assert told["nearest"]["quantiles"]["0"] > 10
    assert told["stable"]


def test_what_cannot_be_audited():
    frames = Frames(10, 0.0)
    with pytest.raises(LevelError, match="0 training levels: must be from 1"):
        audit(frames, [], [1])
    with pytest.raises(LevelError, match="0 test levels"):
        audit(frames, [1], [])
    with pytest.raises(LevelError, match="at least the 3 training levels"):
        audit(frames, range(3), [4], Question(train_range=2))
    with pytest.raises(LevelError, match=r"--grid: observations of shape \(8,\)"):
        audit(frames, [1], [2], Question(grid=True))
    with pytest.raises(LevelError, match="--grid: observations of frames are not arrays"):
        audit(Frames(1, 0.0, dictionary=True), [1], [2], Question(grid=True))


# -- the command ----------------------------------------------------------------------------------

ONES = ("--train-levels", "0", "--test-levels", "1")
SMALL = ("--env", "maze-basic", "--option", "size=5")
LEAK = (*SMALL, "--train-levels", "0:1000", "--test-levels", "5000:6000")


@pytest.mark.slow
def test_the_command_reports_and_is_strict():
    out, err = rlgen("audit", *LEAK)
    assert err == ""
    assert "maze-basic, 1,000 training levels and 1,000 held-out levels" in out
    assert "held-out levels that look like a training level: " in out
    assert "up to rotation and reflection" in out
    strict, _ = rlgen("audit", *LEAK, "--strict", code=1)
    assert strict == out
    clean = ("audit", "--env", "maze-tunnel", "--train-levels", "0:20", "--test-levels", "30:50")
    assert "0 of 20, 0 % [0 %, 16.8 %]" in rlgen(*clean, "--strict")[0]


@pytest.mark.slow
def test_the_command_in_json():
    told = json.loads(rlgen("audit", *LEAK, "--json", "--steps", 2, "--train-range", 5000)[0])
    assert told["observations"] == 2
    assert told["range"]["levels"] == 5000
    assert told["options"]["size"] == 5
    assert told["across"]["total"] == 1000
    plain = json.loads(rlgen("audit", *LEAK, "--json", "--no-grid")[0])
    assert plain["nearest"] is None
    assert plain["across"]["count"] >= told["across"]["count"]


@pytest.mark.slow
def test_a_store_is_audited(tiny_store, tmp_path):
    told = json.loads(rlgen("audit", tiny_store, "--json", "--strict")[0])
    splits = {path.stem for path in (tiny_store / "splits").iterdir()}
    assert {each["split"] for each in told} == splits
    assert {each["pool"] for each in told} == {"validation", "test"}
    assert all(each["across"]["count"] == 0 for each in told)
    out, _ = rlgen("audit", tiny_store)
    n = 2 * len(splits)
    assert f"{n} comparisons of training and held-out pools: in 0 of them" in out
    assert out.count(" levels: maze-basic") == 3, "the worst; all are in the JSON"
    copy = tmp_path / "copy"
    shutil.copytree(tiny_store, copy)
    (path, *others) = sorted((copy / "splits").iterdir())
    for other in others:
        other.unlink()
    manifest = files.read_json(path)
    manifest["pools"]["test"]["ids"][0] = manifest["pools"]["train"]["ids"][0]
    files.write_json(path, manifest)
    with pytest.raises(DamagedStoreError, match="its name is not the hash of its levels"):
        audit_store(copy)

    def write(content):
        for file in (copy / "splits").iterdir():
            file.unlink()
        files.write_json(copy / "splits" / f"{digest(content)}.json", content)

    write(manifest)
    out, _ = rlgen("audit", copy, "--strict", code=1)
    assert "is training level" in out
    manifest["version"] += 1
    write(manifest)
    with pytest.raises(StoreError, match="version"):
        audit_store(copy)
    write({"family": "maze-basic"})
    with pytest.raises(DamagedStoreError, match="pools: Field required"):
        audit_store(copy)
    write({"family": "maze-basic", "pools": {"train": {"ids": [1]}}})
    with pytest.raises(DamagedStoreError, match="is not a split manifest"):
        audit_store(copy)
    (path,) = (copy / "splits").iterdir()
    path.unlink()
    with pytest.raises(StoreError, match="has no splits yet"):
        audit_store(copy)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "give a STORE or --env"),
        (["results", "--env", "maze-basic"], "give a STORE or --env"),
        (["none/such"], "none/such: does not exist"),
        (["."], "is not an rlgen store"),
        ([".", "--train-levels", "0:5"], "--train-levels goes with --env"),
        (["--env", "maze-basic"], "--env needs --train-levels and --test-levels"),
        (["--env", "maze-basik", "--train-levels", "0", "--test-levels", "1"], "'maze-basic'"),
        (
            [*SMALL, "--train-levels", "x", "--test-levels", "1"],
            "'x': must be like 3, 0:20 or 0,2,5:8",
        ),
        ([*SMALL, "--train-levels", "5:5", "--test-levels", "1"], "the range 5:5 is empty"),
        ([*SMALL, "--train-levels", "-1", "--test-levels", "1"], "ids must be at least 0"),
        ([*SMALL, "--train-levels", "0:99999999999999", "--test-levels", "1"], "more than 1,000"),
        ([*SMALL, "--train-levels", "0,0:2", "--test-levels", "1"], "a level is named twice"),
        ([*SMALL, "--train-levels", "0:9", "--test-levels", "9", "--steps", "0"], "not in the"),
        (
            [*SMALL, "--train-levels", "0:9", "--test-levels", "9", "--train-range", "2"],
            "--train-range 2: must be at least the 9",
        ),
        (["--env", "maze-basic", "--train-levels", "0"], "--env needs"),
        (
            ["--env", "maze-basic", "--option", "sise=4", *ONES],
            "did you mean 'size'?",
        ),
    ],
)
def test_mistakes_get_one_answer(arguments, told, tmp_path):
    out, err = rlgen("audit", *arguments, code=2, cwd=tmp_path)
    assert told in err
    assert out == ""


@pytest.mark.slow
def test_help_comes_without_heavy_libraries():
    assert not imported("audit", "--help") & {"torch", "gymnasium", "numpy", "pandas"}
    assert not imported("audit", *LEAK) & {"torch", "stable_baselines3", "matplotlib"}
    out, _ = rlgen("audit", "--help")
    assert "  rlgen audit --env " in out
    assert "\\b" not in out


@pytest.mark.parametrize(
    ("family", "options"), [("this:Env-v0", {}), ("CartPole-v1", {"wrappers": "this:d"})]
)
def test_a_store_does_not_choose_what_is_imported(tmp_path, tiny, family, options):
    store = RunStore.create(tmp_path / "store", parse(tiny, "tiny"), [])
    pools = {pool: {"ids": [1]} for pool in ("train", "test")}
    told = {"family": family, "options": options, "version": 1, "flip_p": 0.0, "pools": pools}
    store.save_split(told, digest(told))
    with pytest.raises(StoreError, match=r"modules that it names.*say --env"):
        audit_store(store.path)
    assert "this" not in sys.modules

"""Zips written by four versions of stable-baselines3, against what these versions themselves play.

``tests/support/write_sb3_zips.py`` wrote them, with libraries that are named there.
"""

import json
import sys
import tarfile
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium import spaces
from scipy import special

from rlgen.errors import PolicyError
from rlgen.levels import lookup
from rlgen.policies import loading, normalise
from rlgen.policies.layered import Differentiable

WRITTEN = Path(__file__).parent / "written"
KINDS = json.loads((WRITTEN / "kinds.json").read_text())
CASES = [(version, kind) for version in KINDS for kind in KINDS[version]]
#: What no policy of today is, by kind, and what of it is said.
REFUSED = {
    "own-extractor": r"holds features_extractor_class = \S*OwnExtractor, which neither .*--trust",
    "own-policy": r"its policy_class holds \S*OwnPolicy, which neither .*--trust",
    "own-activation": r"holds activation_fn = \S*Double, which neither .*--trust",
    "own-function": r"holds activation_fn = a function of its author's own, .*--trust",
    "ppo-gsde-net": r"sde_net_arch.* not in stable-baselines3 2.*saved with stable-baselines3 1\.",
}
#: Where Python itself has changed: code of other versions cannot be run.
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
CONTRIB = ("tqc", "qrdqn", "trpo", "maskable", "recurrent", "ars", "crossq")
LOW, HIGH = np.float32([-1, -2]), np.float32([1, 3])
PICTURE = spaces.Box(0, 255, (36, 36, 1), np.uint8)
VECTOR = spaces.Box(-10, 10, (4,), np.float32)
SPACES = {
    "vector": VECTOR,
    "picture": PICTURE,
    "number": spaces.Discrete(5),
    "numbers": spaces.MultiDiscrete([3, 2]),
    "bits": spaces.MultiBinary(4),
    "dict": spaces.Dict({"view": PICTURE, "place": VECTOR, "key": spaces.Discrete(3)}),
}


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    """The folder of a version's zips, and what it played."""
    folders = {}

    def get(version):
        if version not in folders:
            folders[version] = tmp_path_factory.mktemp("written")
            with tarfile.open(WRITTEN / f"sb3-{version}.tar.xz") as archive:
                archive.extractall(folders[version], filter="data")
            with np.load(folders[version] / "expected.npz") as expected:
                Replay.expected[version] = dict(expected)
        return folders[version], Replay.expected[version]

    return get


class Replay(gym.Env):
    """The first observation of a seed is that which all versions were shown."""

    metadata = {"render_modes": ["rgb_array"]}  # noqa: RUF012
    expected = {}  # noqa: RUF012

    def __init__(self, version, observations, actions, render_mode=None):
        self.render_mode = render_mode
        self.observation_space = SPACES[observations]
        box = spaces.Box(LOW, HIGH, dtype=np.float32)
        self.action_space = box if actions == "box" else spaces.Discrete(3)
        prefix = f"observations/{observations}/"
        shown = self.expected[version].items()
        self.shown = {k.removeprefix(prefix): v for k, v in shown if k.startswith(prefix)}

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        first = {key: part[(seed or 0) % 64] for key, part in self.shown.items()}
        return first[""] if list(first) == [""] else first, {}

    def step(self, action):
        return self.reset()[0], 0.0, True, False, {}


gym.register("rlgen-test/Replay-v0", Replay)


def family_of(version, observations, actions):
    options = {"version": version, "observations": observations, "actions": actions}
    return lookup.family("rlgen-test/Replay-v0").configure(options)


def first_observations(family):
    env = family.env(family.generate(range(64)))
    return np.stack([env.reset(options={"level": i})[0] for i in range(64)])


def played(policy, observations):
    """Greedy actions; with memory, in eight episodes of eight steps."""
    if policy.memoryless:
        return policy.act(observations, policy.start(64), None)[0]
    steps, state = [], policy.start(8)
    for step in observations.reshape(8, 8, *observations.shape[1:]):
        actions, state = policy.act(step, state, None)
        steps.append(actions)
    return np.concatenate(steps)


@pytest.mark.filterwarnings("ignore:.*is a policy for masks")
@pytest.mark.parametrize(("version", "kind"), CASES)
def test_a_zip_plays_as_its_own_version(unpacked, version, kind):
    """In all of 64 states, or it is refused with the reason."""
    if kind.split("-")[0] in CONTRIB:
        pytest.importorskip("sb3_contrib")
    folder, expected = unpacked(version)
    family = family_of(version, *KINDS[version][kind])
    path = str(folder / f"{kind}.zip")
    reason = REFUSED.get(kind)
    if (version, kind) == ("1.6.2", "ars-unsquashed"):
        reason = "outputs are squashed and not scaled .*saved with stable-baselines3 1.6.2, Python"
    if reason:
        with pytest.raises(PolicyError, match=reason) as error:
            loading.load(f"{path}+none", family)
        assert "\n" not in str(error.value)
        return
    policy = loading.load(f"{path}+none", family)
    ours = first_observations(family)
    actions, theirs = played(policy, ours), expected[f"{kind}/actions"]
    same = np.isclose(actions, theirs, atol=1e-5).reshape(64, -1).all(axis=1)
    assert same.sum() == 64
    if f"{kind}/probabilities" in expected:
        probabilities, _ = policy.distribution(ours, None)
        assert np.allclose(probabilities, expected[f"{kind}/probabilities"], atol=1e-5)


def scores_of(layered, observations, dtype=torch.float64):
    """Scores of a network that was taken apart, float64."""
    for part in (layered.inputs, layered.trunk, layered.head):
        part.to(dtype)
    with torch.no_grad():
        features = layered.trunk(layered.inputs(torch.from_numpy(observations).to(dtype)))
        return layered.head(features).double().numpy()


@pytest.mark.filterwarnings("ignore:.*is a policy for masks")
@pytest.mark.parametrize(
    ("version", "kind"),
    [(v, kind) for v, kind in CASES if KINDS[v][kind][1] == "discrete" and kind not in REFUSED],
)
def test_its_network_taken_apart_acts_as_it_does(unpacked, version, kind):
    """Logits, or action values where the policy is greedy."""
    if kind.split("-")[0] in CONTRIB:
        pytest.importorskip("sb3_contrib")
    folder, expected = unpacked(version)
    family = family_of(version, *KINDS[version][kind])
    policy = loading.load(f"{folder / kind}.zip+none", family)
    assert isinstance(policy, Differentiable)
    layered, ours = policy.layered(), first_observations(family)
    assert layered.softmax == policy.stochastic
    assert (layered.lstm is None) == policy.memoryless
    if layered.lstm is not None:
        layered.lstm.double()
        before = layered.trunk.double()(torch.from_numpy(ours).double())
        scores = layered.head.double()(layered.lstm(before[None])[0][0]).detach().numpy()
        shown = policy.distribution(ours[:1], policy.start(1))[0]
        assert np.allclose(special.softmax(scores[:1], axis=1), shown, atol=1e-6)
        return
    scores = scores_of(layered, ours)
    if layered.softmax:
        probabilities = policy.distribution(ours, None)[0]
        assert np.abs(special.softmax(scores, axis=1) - probabilities).max() < 1e-6
    else:
        assert np.array_equal(scores.argmax(axis=1), expected[f"{kind}/actions"])
    narrow = scores_of(policy.layered(), ours, torch.float32)
    assert np.allclose(narrow, scores, atol=1e-4 * np.abs(scores).max())
    for parameter in layered.head.parameters():
        parameter.data.zero_()
    assert np.array_equal(played(policy, ours), expected[f"{kind}/actions"]), "it is a copy"


@pytest.mark.parametrize(("kind", "model"), [("vector", "a2c-default"), ("dict", "ppo-dict")])
@pytest.mark.parametrize("version", KINDS)
def test_it_is_taken_apart_with_its_statistics(unpacked, version, kind, model):
    folder, _ = unpacked(version)
    if (version, kind) == ("1.0", "dict"):
        return
    family = family_of(version, kind, "discrete")
    policy = loading.load(f"{folder / model}.zip+{folder / kind}-vecnormalize.pkl", family)
    ours = first_observations(family)
    probabilities = policy.distribution(ours, None)[0]
    for dtype in (torch.float32, torch.float64):
        scores = scores_of(policy.layered(), ours, dtype)
        assert np.abs(special.softmax(scores, axis=1) - probabilities).max() < 1e-6
    bare = loading.load(f"{folder / model}.zip+none", family).layered()
    assert np.abs(scores_of(bare, ours) - scores).max() > 1e-3


@pytest.mark.parametrize("version", KINDS)
@pytest.mark.parametrize("kind", ["own-extractor", "own-policy", "own-activation", "own-function"])
def test_what_a_user_made_plays_if_it_is_trusted(unpacked, version, kind):
    """Where the code in it is this Python's; code of another Python would crash it."""
    folder, expected = unpacked(version)
    family = family_of(version, "vector", "discrete")
    path = str(folder / f"{kind}.zip")
    if version != "2.9.2" or PYTHON != "3.11":
        # Of 1.0 the zip does not say which Python wrote it.
        told = "cannot be unpickled" if version == "1.0" else "holds code of Python .* cannot run"
        with pytest.raises(PolicyError, match=told) as error:
            loading.load(f"{path}+none", family, trusted=[path])
        assert "\n" not in str(error.value)
        return
    policy = loading.load(f"{path}+none", family, trusted=[path])
    assert np.array_equal(played(policy, first_observations(family)), expected[f"{kind}/actions"])


@pytest.mark.parametrize("kind", ["vector", "dict"])
@pytest.mark.parametrize("version", KINDS)
def test_statistics_normalise_as_their_own_version(unpacked, version, kind):
    folder, expected = unpacked(version)
    if (version, kind) == ("1.0", "dict"):
        assert not (folder / "dict-vecnormalize.pkl").exists(), "1.0 has no dictionaries"
        return
    family = family_of(version, kind, "discrete")
    space = family.observation_space
    statistics = normalise.read(folder / f"{kind}-vecnormalize.pkl", space)
    ours, name = first_observations(family), ""
    if kind == "dict":
        ours, name = space.unpack(ours)["place"], "place"
    told = expected[f"{kind}-normalised"]
    assert (np.abs(told) == 2).any(), "some are clipped"
    assert np.allclose(statistics.normalised(ours, name), told, atol=1e-6)

"""One Policy: what a user writes, and what is said about a class of an older version."""

import pkgutil
from importlib import import_module

import numpy as np
import pytest

import rlgen
import rlgen.agents.controls
import rlgen.diagnostics.detectors
import rlgen.policies
from rlgen.errors import PolicyError
from rlgen.levels import lookup
from rlgen.policies import fitting, functions, loading
from rlgen.policies.base import Categorical, Policy, sample
from rlgen.policies.observing import ObservingPolicy
from rlgen.util.seeding import stream

BASIC = lookup.family("maze-basic")
ROWS = np.zeros((4000, 3))


class Drawn(Policy):
    def distribution(self, observations, state):
        return np.tile([0.2, 0.7, 0.1], (len(observations), 1)), state


class Walk(Policy):
    """Right, then down, and so on; it has no probabilities."""

    stochastic = False

    def start(self, n):
        return np.zeros(n, np.int64)

    def act(self, observations, state, rng):
        return state, 1 - state


class Lazy(Policy):
    """Uniform among two actions, without saying so."""

    def act(self, observations, state, rng):
        n = len(observations)
        return np.zeros(n, np.int64) if rng is None else rng.integers(2, size=n), state


def test_a_policy_with_probabilities_draws_from_them():
    policy = Drawn()
    assert isinstance(policy, Categorical)
    assert policy.memoryless
    actions, _ = policy.act(ROWS, None, stream(0, "draws"))
    assert np.bincount(actions) / len(ROWS) == pytest.approx([0.2, 0.7, 0.1], abs=0.03)
    assert np.array_equal(actions, sample(policy.distribution(ROWS, None)[0], stream(0, "draws")))
    assert (policy.act(ROWS, None, None)[0] == 1).all()


def test_a_policy_without_probabilities_is_played_and_not_computed():
    assert not isinstance(Walk(), Categorical)
    assert not Walk().memoryless
    table = rlgen.evaluate_policy(Walk(), BASIC, range(3), ["plain", "greedy"], episodes=2)
    assert not table["exact"].any()
    assert (table["ret_var"] == 0).all()
    drawn = rlgen.evaluate_policy(Lazy(), BASIC, range(6), ["plain", "greedy"], episodes=8)
    spread = drawn.groupby("condition")["ret_var"].max()
    assert spread["greedy"] == 0
    assert spread["plain"] > 0
    with pytest.raises(rlgen.RlgenError, match="temperature needs action probabilities, and this"):
        rlgen.evaluate_policy(Lazy(), BASIC, [0], "temperature:2")


def test_a_wrapper_is_what_it_wraps():
    def shifted(observations):
        return observations + 1

    for policy in (Drawn(), Walk(), Lazy()):
        for draws in (False, True):
            wrapper = ObservingPolicy(policy, shifted, draws=draws)
            assert isinstance(wrapper, Categorical) == isinstance(policy, Categorical)
            assert wrapper.memoryless == (policy.memoryless and not draws)
            assert wrapper.stochastic == policy.stochastic
            assert np.array_equal(
                wrapper.act(ROWS, wrapper.start(len(ROWS)), stream(1, "x"))[0],
                policy.act(ROWS + 1, policy.start(len(ROWS)), stream(1, "x"))[0],
            )


class Floats(Policy):
    def act(self, observations, state, rng):
        return np.zeros(len(observations), np.float32), state


class Far(Policy):
    def act(self, observations, state, rng):
        return np.full(len(observations), 7), state


class Rows(Policy):
    def act(self, observations, state, rng):
        return np.zeros((len(observations), 2), np.int64), state


class Neither(Policy):
    pass


@pytest.mark.parametrize(
    ("policy", "says"),
    [
        (Floats(), "Floats: its actions are continuous; those of maze-basic are discrete"),
        (Far(), r"Far returns the actions \[7, 7\]; maze-basic has 5 actions, from 0"),
        (Rows(), r"Rows returns actions of shape \(2,\); .* are one number for each observation"),
        (Neither(), r"Neither: a policy defines distribution\(observations, state\)"),
    ],
)
def test_actions_that_do_not_fit_are_refused_before_playing(policy, says):
    with pytest.raises(PolicyError, match=says):
        rlgen.evaluate_policy(policy, BASIC, [0])


OLD_ACT = """
import rlgen
class Mine(rlgen.Policy):
    def act(self, observations, memory):
        return observations, memory
mine = Mine()
"""
OLD_PROBABILITIES = """
import rlgen
class Mine(rlgen.Policy):
    def probabilities(self, observations):
        return observations
mine = Mine()
"""


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("old_act", OLD_ACT, r"Mine: act\(observations, memory\) is now distribution.* rename it"),
        ("old_p", OLD_PROBABILITIES, r"Mine: probabilities\(observations\) is now distribution"),
        ("old_m", "from rlgen import MemorylessPolicy", "rlgen.MemorylessPolicy is now rlgen.Pol"),
        ("old_c", "from rlgen import ContinuousPolicy", r"act\(observations, state, rng\), which"),
    ],
)
def test_a_policy_of_an_older_version_is_told_what_to_write(
    name, text, says, tmp_path, monkeypatch
):
    (tmp_path / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(PolicyError, match=says):
        loading.load(f"{name}:mine", BASIC)


def test_there_are_at_most_ten_classes_of_policies():
    """Wrappers exist once; what differs by data is no class of its own."""
    for package in (rlgen.policies, rlgen.agents.controls, rlgen.diagnostics.detectors):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            import_module(module.name)
    known, pending = set(), [Policy]
    while pending:
        one = pending.pop()
        known.add(one)
        pending += [sub for sub in one.__subclasses__() if sub.__module__.startswith("rlgen.")]
    assert len(known) <= 10, sorted(each.__name__ for each in known)


class Restless:
    """Another action, or another number, at each call."""

    def __init__(self, size, one_hot):
        self.calls, self.size, self.one_hot = 0, size, one_hot

    def __call__(self, observations):
        self.calls += 1
        answer = np.eye(5)[self.calls % 5] if self.one_hot else np.full(self.size, self.calls * 0.1)
        return np.tile(answer, (len(observations), 1))


def test_a_policy_that_answers_differently_each_time_is_refused(tmp_path, monkeypatch):
    says = "gives different answers for the same observations: return action probabilities"
    restless = Restless(5, one_hot=True)
    with pytest.raises(PolicyError, match=f"FunctionPolicy {says}"):
        rlgen.evaluate_policy(restless, BASIC, [0])
    noise = stream(0, "chance")

    def noisy(observations):
        weights = noise.random((len(observations), 5))
        return weights / weights.sum(axis=1, keepdims=True)

    with pytest.raises(PolicyError, match=says):
        rlgen.evaluate_policy(noisy, BASIC, [0])
    with pytest.raises(PolicyError, match=r"different answers .* where its generator is None"):
        rlgen.evaluate_policy(Restless(1, one_hot=False), "Pendulum-v1", [0], episodes=1)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "restless_of_mine.py").write_text(
        "import numpy as np\nCALLS = []\ndef act(observations):\n    CALLS.append(0)\n"
        "    return np.tile(np.eye(5)[len(CALLS) % 5], (len(observations), 1))\n"
    )
    study = {"name": "s", "family": "maze-basic", "policy": "restless_of_mine:act"}
    levels = {"train_levels": "0:2", "test_levels": "10:12"}
    with pytest.raises(PolicyError, match=f"policy = .*restless_of_mine:act.* {says}"):
        rlgen.evaluate(study | levels, tmp_path / "store")
    assert not (tmp_path / "store").exists()


def test_rounding_is_no_different_answer():
    weights = stream(0, "chance").random((BASIC.observation_space.shape[0] * 81, 5))
    calls = []

    def rounded(observations):
        calls.append(0)
        scores = observations.reshape(len(observations), -1) @ weights + len(calls) * 1e-9
        observations[...] = 0  # its own copy
        odds = np.exp(scores - scores.max(axis=1, keepdims=True))
        return odds / odds.sum(axis=1, keepdims=True)

    policy = functions.from_function(rounded, BASIC)
    fitting.check(policy, BASIC, BASIC.generate([3]), "rounded")
    assert len(calls) == 2


def test_a_policy_that_ends_the_program_is_an_error_of_its_own(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    ends = "import sys\ndef act(observations):\n    sys.exit(3)\n"
    (tmp_path / "ending_of_mine.py").write_text(ends)
    (tmp_path / "ended_of_mine.py").write_text(ends + "act(0)\n")
    study = {"name": "s", "family": "maze-basic", "train_levels": "0:2", "test_levels": "10:12"}
    for name, says in [
        ("ending_of_mine", "ending_of_mine:act': the policy ends the program .SystemExit: 3"),
        ("ended_of_mine", "act.* SystemExit: 3"),
    ]:
        with pytest.raises(PolicyError, match=says):
            rlgen.evaluate(study | {"policy": f"{name}:act"}, tmp_path / "store")

    def late(observations):
        if len(observations) > 2:
            raise SystemExit("enough")
        return np.eye(5)[[0] * len(observations)]

    class Late(Policy):
        def act(self, observations, state, rng):
            raise SystemExit

    for policy, says in [
        (late, "ends the program .SystemExit: enough"),
        (Late(), "Late: ends the program"),
    ]:
        with pytest.raises(PolicyError, match=says):
            rlgen.evaluate_policy(policy, BASIC, range(3))
    assert not (tmp_path / "store").exists()

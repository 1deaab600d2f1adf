"""What every probe must do: ours, those of papers, and those of other distributions."""

import math
import struct
from functools import cache

import numpy as np
import pytest
from probing import SPLIT, rearranged, untrained

from rlgen.agents.cloning import clone
from rlgen.policies.functions import uniform_policy
from rlgen.probes import PROBES
from rlgen.probes.base import LOOKS_AT, NEEDS, Identity
from rlgen.probes.measuring import measure, why_not
from rlgen.probes.subject import Subject

#: Those of papers take as long as they say.
NAMES = [
    pytest.param(name, marks=() if name in PROBES.own else pytest.mark.slow) for name in PROBES
]
pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated")


@pytest.fixture(scope="module")
def cloned():
    """A network after a little training."""
    policy = clone(SPLIT.family, SPLIT.train, "mlp-64-64", 0, steps=60)
    return Subject(policy, SPLIT, "a clone")


@pytest.fixture(scope="module")
def remembering():
    return untrained("mlp-64-64", SPLIT, lstm=8)


#: The case whose answer is known, which takes some probes seconds to make.
identity = cache(lambda name: PROBES[name].identity_case())


@pytest.fixture
def subject(request, cloned, remembering):
    """One that the probe can look into."""
    name = request.node.callspec.params["name"]
    for each in (cloned, remembering):
        if not why_not(PROBES[name], each):
            return each
    return identity(name).subject


def bits(measurement):
    return {n: struct.pack("d", each.value) for n, each in measurement.numbers.items()}


def weights(subject):
    parts = getattr(subject.policy, "parts", {})
    return [t.clone() for part in parts.values() for t in part.state_dict().values()]


@cache
def measured(name, subject):
    """A measurement at which several tests look, and the weights before and after it."""
    before = weights(subject)
    return measure(name, subject, seed=3), before, weights(subject)


@pytest.mark.parametrize("name", NAMES)
def test_a_probe_says_what_it_is(name):
    probe = PROBES[name]
    assert probe.card
    assert "\n" not in probe.card
    assert probe.looks_at in LOOKS_AT
    assert probe.needs <= {*NEEDS}
    assert probe.cost
    assert all(meaning for meaning in probe.numbers.values())
    assert callable(probe.run)


@pytest.mark.parametrize("name", NAMES)
def test_numbers_are_those_declared_and_finite_or_nan_with_a_reason(name, subject):
    measurement, _, _ = measured(name, subject)
    assert list(measurement.numbers) == list(PROBES[name].numbers)
    for number, one in measurement.numbers.items():
        assert math.isfinite(one.value) != bool(one.reason), number
    assert any(math.isfinite(one.value) for one in measurement.numbers.values())
    assert not measurement.refused
    assert measurement.seconds > 0


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_gives_the_same_bits(name, subject):
    assert bits(measured(name, subject)[0]) == bits(measure(name, subject, seed=3))


@pytest.mark.parametrize("name", NAMES)
def test_it_changes_nothing_about_the_policy(name, subject):
    _, before, after = measured(name, subject)
    assert all((a == b).all() for a, b in zip(before, after, strict=True))


@pytest.mark.parametrize("name", NAMES)
def test_the_order_of_levels_and_states_does_not_matter(name, subject):
    other = measure(name, rearranged(subject), seed=3)
    assert bits(measured(name, subject)[0]) == bits(other)


@pytest.mark.parametrize("name", NAMES)
def test_the_case_whose_answer_is_known(name):
    case = identity(name)
    assert isinstance(case, Identity)
    assert case.expected.keys() <= PROBES[name].numbers.keys()
    assert case.expected
    numbers = measure(name, case.subject).numbers
    for number, value in case.expected.items():
        assert numbers[number].value == pytest.approx(value, abs=case.tolerance), number


@pytest.mark.parametrize("name", NAMES)
def test_it_refuses_by_name_what_it_cannot_look_into(name):
    subject = Subject(uniform_policy(SPLIT.family), SPLIT, "my:function")
    measurement = measure(name, subject)
    looks_inside = bool(PROBES[name].needs & {"torch", "recurrent"})
    assert measurement.refused.startswith("my:function: ") == looks_inside
    if looks_inside:
        assert {one.reason for one in measurement.numbers.values()} == {measurement.refused}
        assert np.isnan([one.value for one in measurement.numbers.values()]).all()

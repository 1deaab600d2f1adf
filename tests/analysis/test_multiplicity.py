"""Many p-values, and equivalence: worked examples, scipy, and their laws."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

from rlgen.analysis.stats import equivalence, multiplicity
from rlgen.util.seeding import stream

NAN = float("nan")
P = hnp.arrays(float, st.integers(1, 12), elements=st.floats(0, 1))


def test_adjusted_as_worked(worked_examples):
    told = worked_examples["multiplicity"]
    # In another order, to see that the answers come back in the order of the questions.
    mixed = np.array([3, 0, 4, 1, 2])
    p = np.array(told["p"])[mixed]
    assert multiplicity.holm(p) == pytest.approx(np.array(told["holm"])[mixed])


@given(P)
def test_holm_lies_between_none_and_bonferroni(p):
    adjusted = multiplicity.holm(p)
    assert (adjusted >= p).all()
    assert (adjusted <= np.minimum(len(p) * p, 1) + 1e-12).all()
    order = np.argsort(p)
    assert (np.diff(adjusted[order]) >= 0).all()


def test_holm_keeps_the_family_wise_error():
    p = stream(0, "holm").random((2000, 14))
    wrong = [(multiplicity.holm(row) < 0.05).any() for row in p]
    assert np.mean(wrong) == pytest.approx(0.05, abs=0.015)


def test_a_missing_p_counts_and_stays_missing():
    adjusted = multiplicity.holm([0.01, NAN, 0.2])
    assert np.isnan(adjusted).tolist() == [False, True, False]
    assert adjusted[0] == multiplicity.holm([0.01, 1.0, 0.2])[0]
    assert multiplicity.holm([]).shape == (0,)
    with pytest.raises(ValueError, match="0 to 1"):
        multiplicity.holm([0.5, 1.5])


def test_tost_as_worked(worked_examples):
    told = worked_examples["tost"]
    found = equivalence.tost(told["diff"], told["se"], told["margin"], told["df"])
    assert found == pytest.approx((told["p_lower"], told["p_upper"], told["p_upper"]))


def test_tost_is_two_t_tests():
    x = 0.05 + 0.2 * stream(0, "tost").standard_normal(25)
    found = equivalence.tost(x.mean(), x.std(ddof=1) / 5, 0.1, 24)
    assert found.p_lower == pytest.approx(stats.ttest_1samp(x, -0.1, alternative="greater").pvalue)
    assert found.p_upper == pytest.approx(stats.ttest_1samp(x, 0.1, alternative="less").pvalue)
    assert found.p == max(found.p_lower, found.p_upper)


def test_tost_with_a_known_difference():
    assert equivalence.tost(0.05, 0.0, 0.1) == (0, 0, 0)
    assert equivalence.tost(0.1, 0.0, 0.1) == (0, 1, 1)
    assert equivalence.tost(-0.3, 0.0, 0.1) == (1, 0, 1)
    assert equivalence.tost(0.0, 0.05, 0.1).p == pytest.approx(stats.norm.sf(2))


@pytest.mark.parametrize(
    "bad",
    [(NAN, 0.1, 0.1, 5), (0.0, NAN, 0.1, 5), (0.0, -1.0, 0.1, 5), (0, 0.1, 0, 5), (0, 1, 1, 0)],
)
def test_tost_of_nothing_is_nan(bad):
    assert np.isnan(equivalence.tost(*bad)).all()

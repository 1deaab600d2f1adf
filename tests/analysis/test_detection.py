"""Checks scored as detectors: worked examples, other people's code, and what is no number."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

from rlgen.analysis.stats import detection
from rlgen.util.seeding import stream

NAN, INF = float("nan"), float("inf")
#: Few distinct values, so that ties are common.
DROPS = hnp.arrays(float, st.integers(2, 12), elements=st.integers(-3, 6).map(lambda v: v / 4))


def pair(rng, n1=20, n0=15, shift=0.7):
    return shift + rng.standard_normal(n1), rng.standard_normal(n0)


# Area under the curve


def test_auc_as_worked(worked_examples):
    told = worked_examples["auc_delong"]
    found = detection.auc(told["drop_pos"], told["drop_neg"])
    assert (found.value, found.se) == pytest.approx((told["auc"], told["se"]))
    assert 0 < found.low < found.value < found.high < 1
    assert (found.n_positive, found.n_negative) == (3, 2)


@given(DROPS, DROPS)
def test_auc_is_the_mann_whitney_statistic(positive, negative):
    told = stats.mannwhitneyu(positive, negative).statistic / (len(positive) * len(negative))
    found = detection.auc(positive, negative)
    assert found.value == pytest.approx(told)
    assert 0 <= found.low <= found.value + 1e-12
    assert found.value - 1e-12 <= found.high <= 1


@given(DROPS, DROPS)
def test_the_other_way_round_is_the_complement(positive, negative):
    one, other = detection.auc(positive, negative), detection.auc(negative, positive)
    assert one.value == pytest.approx(1 - other.value)
    assert one.se == pytest.approx(other.se)
    assert (one.low, one.high) == pytest.approx((1 - other.high, 1 - other.low))


@given(DROPS, DROPS)
def test_auc_knows_the_order_only(positive, negative):
    assert detection.auc(np.exp(positive), np.exp(negative)) == detection.auc(positive, negative)


def test_delong_error_is_that_of_new_populations():
    rng = stream(0, "auc")
    found = [detection.auc(*pair(rng, 40, 30)) for _ in range(500)]
    spread = np.std([f.value for f in found])
    assert np.sqrt(np.mean([f.se**2 for f in found])) == pytest.approx(spread, rel=0.1)


@pytest.mark.parametrize(("area", "size"), [(0.5, 20), (0.8, 10), (0.95, 20)])
def test_the_interval_covers(area, size):
    rng, shift = stream(1, "auc", size), np.sqrt(2) * stats.norm.ppf(area)
    found = [detection.auc(*pair(rng, size, size, shift)) for _ in range(400)]
    assert np.mean([f.low <= area <= f.high for f in found]) >= 0.93


def test_three_against_three_apart_are_not_certain():
    found = detection.auc([1, 2, 3], [0, 0.1, 0.2])
    assert (found.value, found.se, found.high) == (1.0, 0.0, 1.0)
    assert found.low == pytest.approx(0.501, abs=1e-3)
    assert "apart" in found.reason
    below = detection.auc([0, 0.1, 0.2], [1, 2, 3])
    assert (below.value, below.low) == (0.0, 0.0)
    assert below.high == pytest.approx(1 - found.low)
    lower = [detection.auc(np.ones(n), np.zeros(n)).low for n in (2, 3, 10, 50, 300)]
    assert sorted(lower) == lower
    assert lower[-1] > 0.99
    # The score interval: the observed 1 is 1.96 of Newcombe's standard errors from its end.
    n, a = 3, found.low
    se = np.sqrt(a * (1 - a) / n**2 * (2 * n - 1 - (3 * n - 3) / ((2 - a) * (1 + a))))
    assert (1 - a) / se == pytest.approx(1.959964, abs=1e-6)


def test_rounding_errors_are_ties():
    noise = 1e-13 * stream(0, "noise").standard_normal((2, 30))
    found = detection.auc(*noise)
    assert (found.value, found.se, found.low, found.high) == (0.5, 0.0, 0.5, 0.5)
    assert "equal" in found.reason


@pytest.mark.parametrize(
    ("positive", "negative", "why"),
    [
        ([], [1.0], "no overfitted"),
        ([1.0], [], "no sound"),
        ([1.0, NAN], [0.0, 1.0], "1 of 2 overfitted"),
        ([1.0, 2.0], [INF, 1.0], "1 of 2 sound"),
    ],
)
def test_no_auc_of_nothing(positive, negative, why):
    found = detection.auc(positive, negative)
    assert np.isnan([found.value, found.se, found.low, found.high]).all()
    assert why in found.reason
    assert detection.verdict(found) == "inconclusive"
    assert [len(v) for v in detection.roc(positive, negative)] == [0, 0]


def test_one_agent_has_an_auc_and_no_interval():
    found = detection.auc([1.0], [0.0, 2.0])
    assert found.value == 0.5
    assert np.isnan([found.se, found.low, found.high]).all()
    assert "one agent" in found.reason
    assert detection.verdict(found) == "inconclusive"


# Curve and thresholds


@given(DROPS, DROPS)
def test_the_area_under_the_curve_is_the_auc(positive, negative):
    fpr, tpr = detection.roc(positive, negative)
    assert (fpr[0], tpr[0], fpr[-1], tpr[-1]) == (0, 0, 1, 1)
    assert (np.diff(fpr) >= 0).all()
    assert (np.diff(tpr) >= 0).all()
    area = detection.auc(positive, negative).value
    assert np.trapezoid(tpr, fpr) == pytest.approx(area)


def test_threshold_keeps_its_rate_on_the_agents_that_made_it():
    rng = stream(4, "threshold")
    positive, half = rng.random(2000) < 0.5, rng.random(2000) < 0.5
    drops = np.round(rng.standard_normal(2000) + 2 * positive, 6)
    told = detection.tpr_at_fpr(drops, positive, half)
    sound = drops[~positive & half]
    assert (sound > told.threshold).mean() <= 0.05
    assert (sound >= told.threshold).mean() > 0.05
    assert told.fpr == pytest.approx(0.05, abs=0.03)
    # 1.645 standard deviations above the sound agents' mean
    assert told.tpr == pytest.approx(stats.norm.sf(1.645 - 2), abs=0.06)
    assert told.low < told.tpr < told.high
    assert told.n_positive + told.n_negative == (~half).sum()


def test_threshold_has_not_seen_the_agents_it_is_reported_on():
    drops, positive = np.array([0.0, 5.0, 1.0, 2.0]), np.array([False, False, True, True])
    half = np.array([True, False, False, False])
    told = detection.tpr_at_fpr(drops, positive, half)
    assert (told.threshold, told.tpr, told.fpr) == (0.0, 1.0, 1.0)


def test_all_equal_drops_flag_nobody():
    positive, half = np.arange(20) % 2 == 0, np.arange(20) < 10
    told = detection.tpr_at_fpr(np.zeros(20), positive, half)
    assert (told.tpr, told.fpr) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("drops", "positive", "half"),
    [
        ([1.0, 2.0, 0.0], [1, 1, 0], [0, 0, 0]),
        ([1.0, 2.0, 0.0], [1, 1, 0], [1, 0, 1]),
        ([1.0, NAN, 0.0, 0.0], [1, 1, 0, 0], [1, 0, 1, 0]),
        ([1.0, 2.0, NAN, 0.0], [1, 1, 0, 0], [1, 0, 1, 0]),
        ([], [], []),
    ],
)
def test_no_rate_without_agents(drops, positive, half):
    told = detection.tpr_at_fpr(drops, positive, half)
    assert np.isnan([told.threshold, told.tpr, told.low, told.high, told.fpr]).all()
    assert told.reason


# Rank correlation


def test_ranks_as_worked(worked_examples):
    told = worked_examples["rank"]
    assert detection.kendall(told["x"], told["y"]).value == pytest.approx(told["kendall_tau_b"])
    assert detection.spearman(told["x"], told["y"]).value == pytest.approx(told["spearman"])
    told = worked_examples["rank_ties"]
    assert detection.kendall(told["x"], told["y"]).value == pytest.approx(told["kendall_tau_b"])


def test_fieller_as_worked(worked_examples):
    told = worked_examples["kendall_fieller_ci"]
    # 40 values whose tau is .6: 780 pairs, of which moves by one place turn 156 around.
    order, left = list(range(told["n"])), 156
    for place in range(told["n"]):
        for position in range(told["n"] - 1 - place):
            if left:
                order[position], order[position + 1] = order[position + 1], order[position]
                left -= 1
    found = detection.kendall(range(told["n"]), order)
    assert found.value == pytest.approx(told["tau"])
    assert [found.low, found.high] == pytest.approx(told["ci95"])


@given(
    st.integers(3, 25).flatmap(
        lambda n: st.tuples(*[hnp.arrays(int, n, elements=st.integers(0, 6))] * 2)
    )
)
def test_ranks_are_scipys(columns):
    x, y = columns
    assume(np.ptp(x) and np.ptp(y))
    assert detection.kendall(x, y).value == pytest.approx(stats.kendalltau(x, y).statistic)
    assert detection.spearman(x, y).value == pytest.approx(stats.spearmanr(x, y).statistic)


def test_bootstrap_weights_are_resampled_agents():
    """One bootstrap sample by hand: agents repeated as often as they are weighted."""
    from rlgen.analysis.stats.association import _statistic

    rng = stream(5, "weights")
    x, y = rng.integers(0, 8, (2, 30)).astype(float)
    times = rng.integers(0, 4, 30)
    again = np.repeat(np.arange(30), times)
    for kind, by_scipy in (("kendall", stats.kendalltau), ("spearman", stats.spearmanr)):
        (found,) = _statistic(kind, x, y, [np.arange(30)], times[None].astype(float))
        assert found == pytest.approx(by_scipy(x[again], y[again]).statistic)


def test_clustered_interval_is_seeded_and_counts_runs_not_checkpoints():
    rng = stream(6, "clusters")
    x = rng.standard_normal(30)
    y = x + rng.standard_normal(30)
    runs = np.arange(30)
    alone = detection.kendall(x, y, clusters=runs)
    assert alone == detection.kendall(x, y, clusters=runs)
    assert alone != detection.kendall(x, y, clusters=runs, seed=1)
    fieller = detection.kendall(x, y)
    assert alone.high - alone.low == pytest.approx(fieller.high - fieller.low, rel=0.3)
    # Each run five times over tells nothing new.
    copies = detection.kendall(np.tile(x, 5), np.tile(y, 5), clusters=np.tile(runs, 5))
    assert copies.value == pytest.approx(alone.value, abs=0.05)
    assert copies.high - copies.low == pytest.approx(alone.high - alone.low, rel=0.15)


def test_partial_kendall_sees_within_strata_only():
    rng = stream(7, "strata")
    strata = np.repeat(["a", "b", "c"], 40)
    knob = np.repeat([0.0, 5.0, 10.0], 40)
    x, y = knob + rng.standard_normal((2, 120))
    assert detection.kendall(x, y).value > 0.6
    within = detection.partial_kendall(x, y, strata)
    assert within.low < 0 < within.high
    assert abs(within.value) < 0.15
    same = detection.partial_kendall(x, x + 0.1 * rng.standard_normal(120), strata)
    assert same.value > 0.8


def test_partial_kendall_weighs_pairs_and_leaves_out_what_is_tied():
    x = np.array([1, 2, 3, 1, 2, 3, 4, 7, 7.0])
    y = np.array([1, 2, 3, 4, 3, 2, 1, 1, 2.0])
    strata = [0, 0, 0, 1, 1, 1, 1, 2, 2]
    found = detection.partial_kendall(x, y, strata)
    assert found.value == pytest.approx((3 * 1 + 6 * -1) / 9)
    assert found.n == 7
    one = detection.partial_kendall(x[:7], y[:7], np.zeros(7))
    assert one.value == pytest.approx(detection.kendall(x[:7], y[:7]).value)


@pytest.mark.parametrize("statistic", [detection.kendall, detection.spearman])
@pytest.mark.parametrize(
    ("x", "y", "why"),
    [
        ([], [], "0 agents"),
        ([1.0], [2.0], "1 agent has"),
        ([1.0, 1.0, 1.0], [1.0, 2.0, 3.0], "all x"),
        ([1.0, 2.0, 3.0], [0.0, 0.0, 1e-12], "all y"),
        ([1.0, NAN, 3.0], [1.0, 2.0, NAN], "2 of 3"),
    ],
)
def test_no_order_no_correlation(statistic, x, y, why):
    found = statistic(x, y)
    assert np.isnan([found.value, found.low, found.high]).all()
    assert why in found.reason


def test_a_correlation_without_an_interval_says_why():
    for found, why in (
        (detection.kendall([1, 2, 3, 4], [1, 3, 2, 4]), "too few"),
        (detection.kendall(range(9), range(9)), "all pairs agree"),
        (detection.kendall([1, 2, 3], [1, 3, 2], clusters=[0, 0, 0]), "one cluster"),
    ):
        assert np.isfinite(found.value)
        assert np.isnan([found.low, found.high]).all()
        assert why in found.reason
    tied = detection.partial_kendall([1.0, 1.0, 2.0, 2.0], [1, 2, 3, 4], [0, 0, 1, 1])
    assert np.isnan(tied.value)
    assert "within each stratum" in tied.reason
    with pytest.raises(ValueError, match="3 values of x and 2 of y"):
        detection.kendall([1, 2, 3], [1, 2])


# Drops, labels, verdicts


def test_adjusted_drop_as_worked(worked_examples):
    told = worked_examples["oracle_adjusted_drop"]
    names = ("J", "J_check", "oracle", "oracle_check")
    assert detection.adjusted_drop(*(told[n] for n in names)) == pytest.approx(told["adjusted"])
    drops = detection.adjusted_drop([2.1, NAN], [0.5, 0.5], [2.1, 2.1], [1.1, 1.1])
    assert drops == pytest.approx([0.6, NAN], nan_ok=True)


def test_labels_leave_a_zone_between():
    assert detection.labels([0.25, 0.05, 0.1, NAN, -0.2]).tolist() == [1, -1, 0, 0, -1]
    assert detection.labels([0.2], high=0.15).tolist() == [1]
    assert detection.eligible([0.95, 0.94, NAN]).tolist() == [True, False, False]


def test_verdicts():
    def told(value, se, low, n=20):
        return detection.Auc(value, se, low, 1.0, n, n)

    assert detection.verdict(told(0.95, 0.05, 0.8)) == "detects"
    assert detection.verdict(told(0.95, 0.08, 0.79)) == "inconclusive"
    assert detection.verdict(told(0.5, 0.06, 0.4)) == "does not detect"
    assert detection.verdict(told(0.5, 0.0615, 0.4)) == "inconclusive"
    assert detection.verdict(told(0.54, 0.034, 0.45)) == "does not detect"
    assert detection.verdict(told(0.1, 0.01, 0.08)) == "inconclusive"
    assert detection.verdict(told(0.58, 0.01, 0.56), margin=0.05) == "inconclusive"


def test_all_equal_drops_show_something_only_of_many_agents():
    verdicts = [detection.verdict(detection.auc(np.zeros(n), np.zeros(50))) for n in (2, 13, 14)]
    assert verdicts == ["inconclusive", "inconclusive", "does not detect"]


def test_detection_radius_of_the_controls():
    """The table of method 3.5: adjusted drops of memorisers with radius 0, 1, 2, 4 and all."""
    radii = [0, 1, 2, 4, INF]
    assert detection.detection_radius(radii, [0.40, 0.16, 0.09, 0.04, 0.0]) == 0
    assert detection.detection_radius(radii, [1.44, 1.26, 1.01, 0.63, 0.0]) == 4
    assert detection.detection_radius(radii, [1.4, 1.3, 1.0, 0.6, 2.1]) == INF
    assert np.isnan(detection.detection_radius(radii, [0.0] * 5))
    assert np.isnan(detection.detection_radius(radii, [1.0, 0.5, NAN, 0.1, 0.0]))
    assert np.isnan(detection.detection_radius([], []))

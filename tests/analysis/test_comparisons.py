"""Which of two arms generalises better, on records whose truth is known."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from commands import rlgen as run_cli
from returns import imported, returns
from scipy import stats as scipy_stats

import rlgen
from rlgen.analysis.gate.cells import limit_results
from rlgen.analysis.gate.limits import ERROR, Limits
from rlgen.analysis.results import Results
from rlgen.analysis.stats import comparisons, power
from rlgen.analysis.stats.intervals import Estimate
from rlgen.analysis.stats.matched import Arm
from rlgen.errors import StoreError
from rlgen.report.sections.comparison import comparison, sentence
from rlgen.store.importing import ImportOptions, import_files
from rlgen.store.run_store import RunStore
from rlgen.util.seeding import stream


def records(shifts, seeds=6, levels=40, sizes=(10,), draw=1, noise=0.05):
    """Returns of networks by name, each with its shift of the held-out return."""
    rng = stream(draw, "comparisons")
    train = rng.normal(1.8, 0.1, (seeds, levels))
    test = rng.normal(0, 0.3, (seeds, 1)) + rng.normal(0, 0.5, levels)
    keys = {"family": "f", "agent": "a", "flip_p": 0.0, "regulariser": "none"}
    rows = []
    for size in sizes:
        for network, shift in shifts.items():
            for seed in range(seeds):
                for split, base in (("train", train[seed]), ("test", test[seed] + shift)):
                    for i in range(levels):
                        rows.append(
                            {
                                **keys,
                                "run_id": f"{network}{size}{seed}",
                                "network": network,
                                "n_train_levels": size,
                                "seed": seed,
                                "split": split,
                                "level_id": i + (1000 * seed if split == "train" else 10**6),
                                "condition": "plain",
                                "ret_mean": base[i] + rng.normal(0, noise),
                                "oracle_ret": 2.1,
                                "random_ret": -0.3,
                            }
                        )
    return pd.DataFrame(rows)


def only(frame, **keys):
    (pair,) = comparisons.comparisons(frame, **keys)
    return pair


def test_a_difference_is_found_though_runs_and_levels_vary_more():
    pair = only(records({"x": 0.2, "y": 0.0}))
    assert (pair.first["network"], pair.second["network"]) == ("x", "y")
    assert pair.runs == 6
    assert 0.15 < pair.test.low < 0.2 < pair.test.high < 0.25
    assert pair.gap.high < 0, "what helps on held-out levels alone closes the gap"
    assert pair.p == pair.adjusted < 0.001
    assert pair.better == "first"
    assert (pair.wins, pair.ties, pair.losses) == (40, 0, 0)
    assert pair.improvement.low < pair.improvement.mean <= 1
    assert sentence(pair).startswith("x plays new levels better than y, after 10 levels of f: ")
    assert "higher on 40 and lower on 0 of 40 levels." in sentence(pair)


def test_the_other_way_round_is_the_same():
    frame = records({"x": 0.2, "y": 0.0})
    pair, turned = only(frame), only(frame, order={"network": ["y", "x"]})
    assert turned.first["network"] == "y"
    assert turned.better == "second"
    assert (turned.wins, turned.losses) == (pair.losses, pair.wins)
    assert (turned.test.low, turned.test.high) == pytest.approx((-pair.test.high, -pair.test.low))
    assert sentence(turned) == sentence(pair)


def test_no_difference_is_said_to_be_none_shown():
    pair = only(records({"x": 0.0, "y": 0.0}, noise=0.5))
    assert pair.test.low < 0 < pair.test.high
    assert pair.better == ""
    assert sentence(pair).startswith(
        "Between x and y, after 10 levels of f, no difference is shown"
    )
    smallest = power.achieved(pair.test).mean
    assert smallest > pair.test.high - pair.test.mean, "more than half the interval"
    assert f"{pair.runs} runs each would show a difference of {smallest:.2f} in 80 %" in sentence(
        pair
    )


def test_a_difference_that_cannot_be_is_not_said_to_be_shown():
    pair = only(records({"x": 0.0, "y": 0.0}, noise=0.5))
    smallest = power.achieved(pair.test).mean
    assert sentence(pair, widest=1.01 * smallest) == sentence(pair)
    few = sentence(pair, widest=0.99 * smallest)
    assert few.endswith(f"; {pair.runs} runs each are too few for any difference that is possible.")
    assert few.partition(";")[0] == sentence(pair).partition(";")[0]


def test_what_runs_could_have_shown_is_of_the_corrected_test():
    pair, other, _ = comparisons.comparisons(records({"x": 0.0, "y": 0.0, "z": 0.0}, noise=0.5))
    assert pair.family == other.family == 3
    smallest = power.achieved(pair.test, comparisons.ALPHA / 3).mean
    assert f"would show a difference of {smallest:.2f} in at least 80 %" in sentence(pair)


def test_training_levels_that_all_runs_share_are_a_sample_too():
    frame = records({"x": 0.0, "y": 0.2})
    own = only(frame).gap
    shared = frame.assign(
        level_id=frame["level_id"].where(frame["split"] == "test", frame["level_id"] % 1000)
    )
    rng = stream(0, "harder for y")
    harder = pd.Series(rng.normal(0, 1, 40), range(40))
    train_of_y = (shared["split"] == "train") & (shared["network"] == "y")
    shared.loc[train_of_y, "ret_mean"] += shared.loc[train_of_y, "level_id"].map(harder)
    paired = only(shared).gap
    assert paired.high - paired.low > 3 * (own.high - own.low)
    apart = shared.assign(seed=shared["seed"] + 100 * (shared["network"] == "y"))
    pair = only(apart)
    assert pair.apart
    assert pair.gap.high - pair.gap.low > 3 * (own.high - own.low)


def test_training_and_held_out_returns_are_of_the_same_run_though_seeds_repeat():
    frame = records({"x": 0.0, "y": 0.1}, seeds=9)
    frame["seed"] //= 3
    quality = frame["run_id"].str[-1].astype(int) * 5.0
    frame["ret_mean"] += quality  # in both pools: no gap changes
    validation = frame[frame["split"] == "test"].assign(split="validation")
    validation["level_id"] += 10**6
    everything = pd.concat([validation.iloc[::-1], frame]).sample(frac=1, random_state=3)
    expected = only(frame).gap
    for table in (everything, frame.iloc[::-1]):
        gap = only(table).gap
        assert (gap.low, gap.high) == pytest.approx((expected.low, expected.high))
    assert expected.high - expected.low < 1


def test_equal_returns_are_ties():
    frame = records({"x": 0.0}, noise=0)
    pair = only(pd.concat([frame, frame.assign(network="y", run_id="y" + frame["run_id"])]))
    assert (pair.wins, pair.ties, pair.losses) == (0, 40, 0)
    assert pair.improvement.mean == 0.5
    assert pair.better == ""
    assert "all values are equal" in sentence(pair)


def test_p_is_that_of_the_interval():
    pair = only(records({"x": 0.02, "y": 0.0}, noise=0.3))
    quantile = scipy_stats.t.ppf(0.975, pair.test.df)
    assert pair.test.high - pair.test.mean == pytest.approx(quantile * pair.test.variance**0.5)
    edge = Estimate(quantile * 0.7, 0.0, 1.0, variance=0.49, df=pair.test.df)
    assert comparisons.p_value(edge) == pytest.approx(0.05)


def test_all_pairs_of_a_study_are_one_family():
    frame = records({"x": 0.2, "y": 0.0, "z": 0.01}, sizes=(10, 100), noise=0.4)
    pairs = comparisons.comparisons(frame)
    assert len(pairs) == 6
    smallest = min(pairs, key=lambda pair: pair.p)
    assert smallest.adjusted == pytest.approx(6 * smallest.p)
    assert all(pair.adjusted >= pair.p for pair in pairs)
    assert [own.arm["network"] for own in comparisons.standings(frame)] == ["x", "y", "z"] * 2


@pytest.mark.slow
def test_a_difference_that_is_none_is_seldom_shown():
    shifts = {"x": 0.0, "y": 0.0, "z": 0.0}
    frames = [records(shifts, seeds=4, levels=12, draw=draw) for draw in range(100)]
    shown = [any(pair.better for pair in comparisons.comparisons(frame)) for frame in frames]
    # of 100 studies 5 are expected; 12 or more come about once in 200 times
    assert sum(shown) < 12


def test_what_cannot_be_compared_says_why():
    frame = records({"x": 0.0, "y": 0.0})
    other = frame["network"] == "y"
    for changed, reason in [
        (frame.assign(level_id=frame["level_id"] + other), "the two have other levels"),
        (frame[(frame["split"] == "test") | ~other], "no training or no held-out levels"),
    ]:
        pair = only(changed)
        assert reason in pair.reason
        assert reason in sentence(pair)
        assert pair.better == ""
        assert np.isnan(pair.adjusted)


def test_runs_that_are_no_pairs_are_compared_on_the_held_out_levels_that_they_share():
    frame = records({"x": 0.4, "y": 0.0})
    other, training = frame["network"] == "y", frame["split"] == "train"
    paired = only(frame)
    for changed, reason in [
        (frame.assign(seed=frame["seed"] + 100 * other), "no seed has been run in both"),
        (frame.assign(seed=-1), "no seed has been run in both"),
        (
            frame.assign(level_id=frame["level_id"] + 7 * (other & training)),
            "runs of the same seed have other training levels",
        ),
        (frame.assign(seed=frame["seed"] // 2), "several runs have the same seed"),
    ]:
        pair = only(changed)
        assert pair.apart == reason
        assert f"(not paired: {reason})" in sentence(pair)
        assert (pair.runs, pair.others) == (6, 6)
        assert pair.test.mean == pytest.approx(paired.test.mean)
        assert pair.gap.mean == pytest.approx(paired.gap.mean)
        assert (pair.wins, pair.losses) == (paired.wins, paired.losses)
        # What runs have in common does not cancel.
        assert pair.test.high - pair.test.low > paired.test.high - paired.test.low


def test_runs_without_a_partner_are_counted_or_all_are_compared_unpaired():
    frame = records({"x": 0.2, "y": 0.0})
    second = frame["network"] == "y"
    few = only(frame[~second | (frame["seed"] < 4)])
    assert (few.runs, few.left_out, few.apart) == (4, 2, "")
    assert few.test == only(frame[frame["seed"] < 4]).test
    assert "of 40 levels (2 runs without a partner of the same seed left out)" in sentence(few)
    assert only(frame).left_out == 0
    # Two of six have partners: their difference would be that of two.
    shifted = frame.assign(seed=frame["seed"].where(~second, frame["seed"] + 4))
    apart = only(shifted)
    assert (apart.runs, apart.others, apart.left_out) == (6, 6, 0)
    assert apart.apart == "2 of 6 and 6 runs have a seed in common"
    assert (
        apart.test == only(frame.assign(seed=frame["seed"].where(~second, frame["seed"] + 9))).test
    )


def test_a_difference_that_only_the_correction_hides_says_so():
    (pair,) = comparisons.comparisons(records({"x": 0.2, "y": 0.0}))
    hidden = replace(pair, p=0.02, adjusted=0.06)
    assert sentence(hidden).endswith("; p = 0.020 of this pair alone is 0.060 among all pairs.")
    assert "among all pairs" not in sentence(replace(pair, p=0.2, adjusted=0.6))


def test_one_arm_is_compared_with_nothing():
    assert comparisons.comparisons(records({"x": 0.0})) == []
    assert comparisons.standings(records({"x": 0.0})) == []


def test_studies_are_compared_on_the_levels_that_both_have_played():
    frame = records({"x": 0.2})
    theirs = records({"x": 0.0}, noise=0.06)
    theirs = theirs[theirs["level_id"] != 10**6 + 3]
    (pair,) = comparisons.across(("mine", frame), ("theirs", theirs))
    assert (pair.first["study"], pair.second["study"]) == ("mine", "theirs")
    assert pair.wins + pair.ties + pair.losses == 39
    assert pair.better == "first"
    assert sentence(pair).startswith("a/x of mine plays new levels better than a/x of theirs, ")


def test_studies_without_a_common_level_cannot_be_compared():
    theirs = records({"x": 0.0})
    theirs["level_id"] += 10**7
    (pair,) = comparisons.across(("mine", records({"x": 0.2})), ("theirs", theirs))
    assert pair.better == ""
    assert sentence(pair).endswith("cannot be compared: they have no held-out level in common.")


def test_differences_of_small_returns_have_digits():
    frame = records({"x": 0.2, "y": 0.0})
    ends = ["ret_mean", "oracle_ret", "random_ret"]
    small = only(frame.assign(**{name: frame[name] / 1e3 for name in ends}))
    mean = only(frame).test.mean
    assert f"held-out return +{mean / 1e3:.5f} [" in sentence(small)
    assert f"held-out return +{mean:.2f} [" in sentence(only(frame))


@pytest.mark.slow
def test_the_command_compares_two_stores(tiny, tmp_path, undrawn):
    keys = {**tiny, "n_train_levels": 3, "conditions": "plain", "agent": "cloning"}
    keys |= {"agent_options": {"batch_size": 64}, "seeds": [0, 1, 2]}
    for name, network, test in (("one", "mlp-64-64", 8), ("two", "linear", 8)):
        rlgen.evaluate({**keys, "network": network, "n_test_levels": test}, tmp_path / name, jobs=1)
    one, two = tmp_path / "one", tmp_path / "two"
    out, _ = run_cli("compare", one, two)
    assert "mlp-64-64" in out
    assert f"of {one}" in out
    told = json.loads(run_cli("compare", one, two, "--json")[0])
    (pair,) = told["pairs"]
    assert pair == rlgen.compare(one, two)["pairs"][0]
    assert pair["runs"] == 3
    assert pair["wins"] + pair["ties"] + pair["losses"] == 8
    with pytest.raises(StoreError, match="compared with those of a second store"):
        rlgen.compare(one)
    other = tmp_path / "other"
    rlgen.evaluate({**keys, "family_options": {"size": 7}, "seeds": 0}, other, jobs=1)
    with pytest.raises(StoreError, match=r"family_options of maze-basic is .*: their levels are"):
        rlgen.compare(one, other)


@pytest.mark.slow
def test_no_two_pairs_of_a_study_read_alike(tmp_path):
    """Where several agents have several regularisers, it is said what both arms have."""
    names = [(agent, kept) for agent in ("a", "b", "c") for kept in ("none", "dropout")]
    tables = [
        returns(seed=i).assign(agent=agent, regulariser=kept, network="n")
        for i, (agent, kept) in enumerate(names)
    ]
    store = imported(tmp_path, "s", pd.concat(tables))
    pairs = comparison(Results.load(RunStore(store)))["pairs"]
    words = [pair["sentence"].partition(": held-out return")[0] for pair in pairs]
    words = [each.replace(" plays new levels better than ", " and ") for each in words]
    assert len(set(words)) == len(words) == 15
    both = [each for each in words if ", both with " in each]
    assert len(both) == 9, "six pairs differ in agent and regulariser, which says all"
    assert any("Between a and b" in each and "both with dropout" in each for each in both), both
    lines = run_cli("report", store)[0].splitlines()
    assert [pair["sentence"] for pair in pairs[:12]] == lines[-14:-2]
    assert lines[-2] == "3 more pairs are in the report."


@pytest.mark.slow
def test_the_command_says_under_what_it_compares_if_that_is_not_plain(tmp_path):
    table = returns(0.5).assign(condition="noisy")
    tables = {"other": table, "both": pd.concat([table, table.assign(condition="plain")])}
    store, both = (imported(tmp_path, name, own) for name, own in tables.items())
    out, _ = run_cli("compare", store, both)
    assert out.splitlines()[0] == "Returns are those under noisy."
    out, _ = run_cli("compare", both, both)
    assert "Returns are those" not in out


@pytest.mark.slow
def test_a_study_is_compared_with_what_another_laboratory_measured_of_it(tiny_store, tmp_path):
    table = tmp_path / "theirs.parquet"
    RunStore(tiny_store).records().to_parquet(table)
    import_files([table], tmp_path / "theirs", ImportOptions())
    out, _ = run_cli("compare", tiny_store, tmp_path / "theirs")
    first, *lines = out.splitlines()
    assert first == (
        f"{tmp_path / 'theirs'} was imported: that its levels are those of the same family and "
        "number is taken on trust."
    )
    assert len(lines) == 4
    assert all("all values are equal" in line for line in lines)
    assert rlgen.compare(tmp_path / "theirs", tmp_path / "theirs")["trust"] == ""
    # A gate passes nothing on trust.
    limits = Limits(increase=1)
    for store, baseline, one in (
        (tiny_store, tmp_path / "theirs", "the baseline"),
        (tmp_path / "theirs", tiny_store, "the store"),
    ):
        answers = limit_results(store, limits, baseline)
        assert {answer.verdict for answer in answers} == {ERROR}
        assert all(f"{one} is imported, which does not say" in each.line for each in answers)


def test_levels_that_are_not_known_are_no_common_pool():
    """Results that were imported without levels have the number of none."""
    assert Arm(trained_on=[np.array([3, 4])] * 2).shares_pool
    assert not Arm(trained_on=[np.array([3, 4]), np.array([3, 5])]).shares_pool
    assert not Arm(trained_on=[np.array([-1])] * 2).shares_pool

"""Whether runs together have ended, in words and in verdicts."""

from dataclasses import replace

import numpy as np
import pytest
from made_results import made_results

from rlgen.analysis import convergence
from rlgen.analysis.claims import Claim as PaperClaim
from rlgen.analysis.claims import above, below, decide, within
from rlgen.analysis.convergence import Ending, in_words
from rlgen.analysis.results import Results
from rlgen.analysis.stats.intervals import Estimate, run_mean
from rlgen.analysis.stats.plateau import FLAT, OPTIMAL, RISING, Trend, unknown
from rlgen.analysis.stats.tables import fold
from rlgen.store.run_store import RunStore
from rlgen.util.seeding import stream

LOW, HIGH = run_mean(np.array([0.1, 0.11, 0.09, 0.1])), run_mean(np.array([0.9, 0.91, 0.89, 0.9]))


def run(word, *, remaining=1.0, pace=5e-7, steps=1_000_000):
    return Trend(word, Estimate(0.5), remaining, pace, steps)


DONE = Ending("some levels", (run(FLAT), run(OPTIMAL)))
OPEN = Ending("many levels", (run(FLAT, pace=4e-7), run(RISING, pace=6e-7), run(RISING)))


def test_all_runs_must_have_converged():
    assert DONE.ended
    assert not OPEN.ended
    assert not Ending("", ()).ended
    assert DONE.text == "has ended (2 of 2 runs)"
    assert (DONE.moving, DONE.needed != DONE.needed) == ("", True)


def test_the_steps_that_are_needed_are_those_of_the_mean():
    """Half a return a million steps on average, and one remains."""
    assert OPEN.needed == pytest.approx(3_000_000)
    assert OPEN.text == (
        "has not ended after 1 million steps (converged 1 of 3 runs, still rising 2; at this pace "
        "optimal after about 3 million steps)"
    )
    assert OPEN.moving.startswith("still improving: 2 of 3 runs; at this pace optimal after")
    sinking = Ending("", (run(RISING, pace=-1e-6),))
    assert "no pace from which to tell" in sinking.text
    assert Ending("", (unknown(0, "there is no learning curve"),)).text == (
        "is not known to have ended (there is no learning curve)"
    )


def test_runs_that_do_not_rise_on_average_need_at_least_what_their_fastest_pace_takes():
    paces = np.array([-3e-7, 1e-7, -1e-7, 2e-7, 0.0])
    flat = Ending("", tuple(run("not clear", pace=pace) for pace in paces))
    fastest = paces.mean() + 2.776 * paces.std(ddof=1) / np.sqrt(5)
    assert flat.needed != flat.needed
    assert flat.needed_at_least == pytest.approx(1_000_000 + 1 / fastest, rel=1e-3)
    assert flat.text.endswith(
        "still rising 0; their mean does not rise, and at the fastest that they allow optimal "
        "after about 5.6 million steps at the earliest)"
    )
    assert OPEN.steps < OPEN.needed_at_least < OPEN.needed
    sinking = replace(flat, trends=tuple(replace(each, pace=-1e-6) for each in flat.trends))
    assert sinking.needed_at_least != sinking.needed_at_least
    assert "no pace from which to tell" in sinking.text


def test_no_pace_is_read_from_noise():
    """Runs that gain nothing in truth need no steps that could be said, and one end is said."""
    rng, said = stream(1, "no pace"), 0
    for _ in range(1_000):
        paces = rng.normal(0, 3e-7, 5)
        ending = Ending("", tuple(run("not clear", pace=float(pace)) for pace in paces))
        said += ending.needed == ending.needed
        if ending.needed != ending.needed and ending.pace.mean > 0:
            assert "their mean pace is uncertain, and at the fastest" in ending.text
            assert ending.needed_at_least > ending.steps
    assert said / 1_000 < 0.04, "2.5 % of one side"


def test_the_earliest_end_is_rarely_later_than_the_true_one():
    """With 95 % on both sides it is so for 2.5 % of studies."""
    rng, true_pace, late = stream(0, "earliest end"), 2e-7, 0
    for _ in range(2_000):
        paces = rng.normal(true_pace, 3e-7, 5)
        ending = Ending("", tuple(run("not clear", pace=float(pace)) for pace in paces))
        late += ending.needed_at_least > 1_000_000 + 1 / true_pace
    assert 0.015 <= late / 2_000 <= 0.035


def test_steps_in_words():
    words = [in_words(n) for n in (0, 2048, 999_999, 1e6, 5_320_000, 31_240_000)]
    assert words == ["0", "2,048", "999,999", "1 million", "5.3 million", "31 million"]
    assert in_words(1.26e9) == "1,300 million"


def judged(*parts, every=True):
    claim = PaperClaim("x", "", "", {}, lambda evidence, margins: list(parts), every)
    (decision,) = decide({"x": claim}, None, {"x": ()})
    return decision


@pytest.mark.parametrize(
    ("make", "number", "word"),
    [
        (above, LOW, "refuted"),
        (below, LOW, "supported"),
    ],
)
def test_what_is_not_reached_waits_for_the_end(make, number, word):
    assert judged(make("x", number, 0.5, of=[DONE])).word == word
    waiting = judged(make("x", number, 0.5, of=[DONE, OPEN]))
    assert (waiting.word, waiting.before, waiting.waits) == ("not yet", word, (OPEN,))
    assert waiting.adjusted < 0.05, "that of the first rule"


@pytest.mark.parametrize(("make", "word"), [(above, "supported"), (below, "refuted")])
def test_what_is_reached_waits_for_nothing(make, word):
    decision = judged(make("x", HIGH, 0.5, of=[OPEN]))
    assert (decision.word, decision.before, decision.waits) == (word, word, ())


def test_a_difference_waits_for_the_side_that_is_behind():
    behind, ahead = run_mean(-np.array([0.9, 0.91, 0.89])), HIGH
    assert judged(above("x", ahead, 0.0, of=[OPEN], minus=[DONE])).word == "supported"
    assert judged(above("x", ahead, 0.0, of=[DONE], minus=[OPEN])).word == "not yet"
    assert judged(above("x", behind, 0.0, of=[DONE], minus=[OPEN])).word == "refuted"
    assert judged(above("x", behind, 0.0, of=[OPEN], minus=[DONE])).word == "not yet"
    for number in (ahead, run_mean(np.array([0.01, -0.01, 0.0, 0.005]))):
        assert judged(within("x", number, 0.2, of=[OPEN])).word == "not yet"


def test_one_part_that_has_ended_is_enough_to_refute():
    open_part, ended = above("x", LOW, 0.5, of=[OPEN]), above("y", LOW, 0.5, of=[DONE])
    decision = judged(open_part, ended)
    assert (decision.word, decision.parts[0].what) == ("refuted", "y")
    never = judged(above("x", HIGH, 0.5, of=[OPEN]), replace(open_part, what="z"))
    assert (never.word, never.parts[0].what) == ("not yet", "z")


def test_an_open_claim_is_not_a_waiting_one():
    unsure = run_mean(np.array([0.1, 0.9, 0.5]))
    assert judged(above("x", unsure, 0.5, of=[OPEN])).word == "inconclusive"
    nothing = Estimate(float("nan"), reason="there are no runs yet")
    assert judged(above("x", nothing, 0.5, of=[OPEN])).missing == 1


def test_the_runs_of_a_store_are_judged_by_their_curves(tiny_store):
    results = Results.load(RunStore(tiny_store))
    assert results.trends.keys() == set(results.folded["run_id"].astype(str))
    cell = results.cells[0]
    ending = convergence.of_cell(results, cell)
    assert len(ending.trends) == cell["runs"]
    # Its optimum is known; whether its curve has enough checkpoints is the protocol's to say.
    assert all(one.reason in ("", one.reason) and one.steps > 0 for one in ending.trends)
    best = results.main_records.query("split == 'train'")
    assert (best["optimal"] > best["random"]).all()
    # Curves are of the first four levels; with three all are watched.
    for _, row in best.iterrows():
        raw = RunStore(tiny_store).records().query("condition == 'plain' and split == 'train'")
        first = raw[raw["run_id"] == row["run_id"]]["random_ret"].head(4)
        assert row["watched_random"] == pytest.approx(first.mean())
        assert (row["watched_random"] == row["random"]) == (len(row["level_id"]) == 3)


def test_returns_on_watched_levels_are_compared_with_the_optimum_of_these():
    """It is 3 on those, and 1 on all others."""
    best = np.r_[np.full(50, 3.0), np.ones(150)]
    returns = np.tile(np.where(best > 1, 1.6, 0.2), (3, 1))
    steps = np.arange(0, 2_000_001, 50_000)
    noise = stream(0, "curve").normal(0, 0.01, (3, len(steps)))
    curves = [
        (f"run-{run}", step, "train", min(step / 5e5, 1.6) + noise[run, place])
        for run in range(3)
        for place, step in enumerate(steps)
    ]
    pools, ends = {"train": returns, "test": returns}, {"train": best, "test": best}
    results = made_results(pools, oracle=ends, curves=curves)
    assert {trend.word for trend in results.trends.values()} == {OPTIMAL}, "as if all were watched"
    watched = convergence.watched(results.curves.assign(n_levels=50))
    assert watched == {f"run-{run}": 50 for run in range(3)}
    trends = replace(results, records=fold(results.records, watched)).trends
    assert all(trend.word != OPTIMAL for trend in trends.values())
    assert [trend.remaining for trend in trends.values()] == pytest.approx([1.4] * 3, abs=0.05)

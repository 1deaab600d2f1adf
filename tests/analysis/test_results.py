"""Which condition the verdict is about, and what sentences say is missing."""

import numpy as np
import pandas as pd
import pytest
from made_results import made_results

from rlgen.analysis.bounds import CUT, displayed, possible
from rlgen.analysis.results import Results
from rlgen.protocol.json_schema import key_cards
from rlgen.protocol.schema import parse
from rlgen.report.summary import summarise
from rlgen.util.seeding import stream

STUDY = {
    "name": "s",
    "family": "maze-basic",
    "n_train_levels": 10,
    "network": "mlp-64-64",
    "steps": 1,
    "seeds": [0],
}


@pytest.mark.parametrize(
    ("declared", "measured", "main"),
    [
        (["greedy", "plain"], ["greedy", "plain"], "plain"),
        (["plain", "greedy"], ["plain", "greedy"], "plain"),
        (["greedy", "delay:1"], ["delay:1", "greedy"], "greedy"),
        (["greedy", "delay:1"], ["delay:1"], "delay:1"),
    ],
)
def test_the_verdict_is_about_plain_or_the_first_of_the_protocol(declared, measured, main):
    protocol = parse(STUDY | {"conditions": declared}, "p")
    records = pd.DataFrame({"condition": pd.Categorical(measured)})
    assert Results(protocol, records, pd.DataFrame(), [], {}, {}, {}).main == main


def few(mean, runs=5, levels=20):
    """Returns about a mean, ``(S, L)``."""
    return stream(0, "few", f"{mean}", runs, levels).normal(mean, 0.01, (runs, levels))


def sentences(*args, **kwargs):
    """Of the only cell, and of its further pool."""
    (cell,) = summarise(made_results(*args, **kwargs))["cells"]
    return cell["sentence"], next(iter(cell.get("pools", {"": {}}).values())).get("sentence", "")


FURTHER = {"larger": {"kind": "extrapolation", "left_out": ""}}


def test_a_wrong_scale_is_wrong_for_further_pools():
    pools = {"train": few(3.0, levels=10), "test": few(1.0), "larger": few(2.95)}
    bounds = dict.fromkeys(("train", "validation", "test"), (0, 1))
    own, further = sentences(
        pools, facts={"bounds": bounds, "best": 1, "ceiling": None}, pools=FURTHER
    )
    assert "is undecided" in own
    assert "is beyond best = 1: scores are wrong" in own
    assert "; undecided (a return of" in further
    assert "is beyond best = 1: scores are wrong" in further


def test_intervals_are_not_cut_at_a_scale_that_is_wrong():
    bounds = dict.fromkeys(("train", "validation", "test"), (0, 1))
    facts = {"bounds": bounds, "best": 1, "ceiling": None}
    apart = np.concatenate([few(0.2, 1), few(0.8, 1)])
    right = made_results({"train": apart, "test": few(0.1, 2)}, facts=facts)
    wrong = made_results({"train": apart, "test": few(1.2, 2)}, facts=facts)
    (cell,) = right.cells
    assert displayed(right, cell, "return", "train").reason == CUT
    assert possible(right, cell, "return", "gap") == (-1, 1)
    assert displayed(wrong, cell, "return", "train").reason == ""
    assert not any(map(np.isfinite, possible(wrong, cell, "return", "gap")))


def test_a_further_pool_says_how_many_runs_have_played_it():
    pools = {"train": few(0.9, levels=10), "test": few(0.5), "larger": few(0.9, runs=2)}
    _, further = sentences(pools, pools=FURTHER)
    assert further.startswith("larger (extrapolation): return 0.90 of 2 of 5 runs, gap ")
    _, all_runs = sentences(pools | {"larger": few(0.9)}, pools=FURTHER)
    assert all_runs.startswith("larger (extrapolation): return 0.90, gap ")


def test_small_returns_have_digits_and_others_none_more():
    pools = {"train": few(0.004), "test": few(0.001), "larger": few(0.002)}
    tiny = {
        pool: mean + (table - table.mean()) / 10
        for (pool, table), mean in zip(pools.items(), (0.004, 0.001, 0.002), strict=True)
    }
    own, further = sentences(tiny, oracle=0.005, pools=FURTHER)
    assert "memorises: train 0.00400, held-out 0.00100, gap 0.00300 [0.002" in own
    assert "return 0.00200, gap 0.00200 [0.001" in further
    large, _ = sentences({pool: 500 * table for pool, table in tiny.items()}, pools=FURTHER)
    assert ": train 2.00, held-out 0.50, gap 1.50 [1." in large


@pytest.mark.parametrize(
    ("pool", "words"),
    [("train", "on 1 of 10 training levels"), ("test", "on 1 of 20 held-out levels")],
)
def test_levels_on_which_random_play_is_optimal_have_no_score_and_are_counted(pool, words):
    oracle = {"train": np.ones(10), "test": np.ones(20)}
    oracle[pool][3] = 0.0
    pools = {"train": few(0.9, levels=10), "test": few(0.8)}
    sentence, _ = sentences(pools, oracle=oracle)
    assert sentence.endswith(f"({words} random play is optimal).")
    oracle[pool][3] = np.nan
    sentence, _ = sentences(pools, oracle=oracle)
    assert sentence.endswith(f"({words} there is no random or optimal return).")
    sentence, _ = sentences(pools, oracle=np.nan)
    assert "(there is no random or optimal return to compare with" in sentence


@pytest.mark.parametrize(
    ("pools", "reason"),
    [
        ({"train": few(0.9, 1), "test": few(0.5, 1)}, "one run has no interval; add seeds"),
        (
            {"train": few(0.9), "test": few(0.5, levels=1)},
            "one level has no interval for new levels; add levels",
        ),
        ({"train": np.ones((5, 9)), "test": np.zeros((5, 9))}, "all values are equal; add seeds"),
    ],
)
def test_what_gives_an_interval_is_said_only_where_it_can(pools, reason):
    sentence, _ = sentences(pools)
    assert sentence.endswith(f"({reason}).")


def test_documents_say_so():
    assert "about plain, or about the first if plain is not" in key_cards()["conditions"]

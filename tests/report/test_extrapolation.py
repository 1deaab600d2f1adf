"""The first sentence of a study that asks which networks extrapolate."""

import pytest

from rlgen.analysis.stats.tables import CELL
from rlgen.report.sections.extrapolation import answer


def cell(network, verdict, *words, score=0.5, kind="extrapolation", runs=2, n=10):
    """Of the summary; ``words`` are the verdicts on its two pools."""
    numbers = {"normalised": {"pool": {"mean": score}}}
    pools = {
        name: {"kind": kind, "runs": runs, "verdict": word, **numbers}
        for name, word in zip(("larger", "largest"), words, strict=True)
    }
    setting = dict.fromkeys(CELL, "") | {"n_train_levels": n, "network": network}
    return setting | {"verdict": verdict, "pools": pools}


A = [
    cell("a", "generalises", "transfers", "transfers", score=0.9),
    cell("a", "memorises", "transfers", "undecided", score=0.7, n=100),
]
B = [
    cell("b", "memorises", "does not transfer", "does not transfer", score=-0.1),
    cell("b", "memorises", "undecided", "undecided", score=-0.3, n=100),
]


def test_it_ranks_scores_and_counts_verdicts():
    assert answer([*B, *A]) == (
        "Beyond their training levels (larger, largest) networks score 0.80 (a) and −0.20 (b) on "
        "average over 2 settings, where 1 is optimal; transferring: a (in 1); not transferring: "
        "b (in 1); memorising: b (in 2), a (in 1)."
    )


def test_networks_that_do_not_play_them_have_no_score():
    left_out = [
        cell("c", "memorises", "undecided", "undecided", score=None, n=n) for n in (10, 100)
    ]
    assert answer([*A, *left_out]).startswith(
        "Beyond their training levels (larger, largest) networks score 0.80 (a) on average over 2"
    )
    assert answer([*A, *left_out]).endswith("memorising: c (in 2), a (in 1).")


def test_networks_that_lack_settings_are_not_ranked_beside_others():
    words = answer([*A, B[1]])
    assert words.startswith(
        "Beyond their training levels (larger, largest) networks score 0.80 (a) on average over 2 "
        "settings (without b, which lack settings), where 1 is optimal"
    )
    neither = answer([A[0], B[1]])
    assert "no network plays all settings" in neither
    assert "(without a, b, which lack settings)" in neither


def test_it_says_so_where_none_does():
    undecided = [cell(name, "undecided", "undecided", "undecided") for name in "ab"]
    assert answer(undecided).endswith(
        "transferring: none; not transferring: none; memorising: none."
    )


@pytest.mark.parametrize(
    "cells",
    [
        [],
        A,
        [{key: each[key] for key in each if key != "pools"} for each in (*A, *B)],
        [cell(n, "memorises", "transfers", "transfers", kind="in distribution") for n in "ab"],
        [cell(n, "memorises", "undecided", "undecided", runs=0) for n in "ab"],
    ],
    ids=["nothing", "one network", "no pools", "no extrapolation", "not measured"],
)
def test_it_is_silent_where_it_is_not_asked(cells):
    assert answer(cells) == ""

"""Calibration controls: cases whose truth is known, put to the same tests."""

from collections.abc import Callable, Sequence

import pandas as pd

from rlgen.analysis.claims import Claim, Control, Part, below, fact, within
from rlgen.analysis.stats.intervals import run_mean
from rlgen_protocols.izmailov2021.evidence import Evidence
from rlgen_protocols.izmailov2021.known import COVARIANCE, MEAN
from rlgen_protocols.izmailov2021.metrics import MIXED

#: What the moments of the Gaussian are.
MOMENTS = {
    "mean_1": MEAN[0],
    "mean_2": MEAN[1],
    "variance_1": COVARIANCE[0][0],
    "variance_2": COVARIANCE[1][1],
    "covariance": COVARIANCE[0][1],
}
#: Where the page shows whether chains mix.
SECTION = "r-hat"


def _cells(evidence: Evidence, experiment: str, **options: bool) -> pd.DataFrame:
    cells = evidence.results.measured(experiment)
    for key, value in options.items():
        cells = cells[cells[key] == value]
    return cells


def _moments(metropolis: bool) -> Callable[[Evidence, Sequence[float]], list[Part]]:
    def parts(evidence: Evidence, margins: Sequence[float]) -> list[Part]:
        cells = _cells(evidence, "gaussian", metropolis=metropolis)
        return [
            within(name, run_mean(cells[name].to_numpy(float)), margins[0], centre)
            for name, centre in MOMENTS.items()
        ]

    return parts


def _energy(evidence: Evidence, margins: Sequence[float]) -> list[Part]:
    cells = _cells(evidence, "gaussian", metropolis=True)
    ratio = run_mean(cells["energy_ratio"].to_numpy(float))
    return [within("error of the energy at a step over that at half of it", ratio, margins[0], 4)]


def _grid(evidence: Evidence, margins: Sequence[float]) -> list[Part]:
    change = run_mean(_cells(evidence, "softmax")["difference"].to_numpy(float))
    return [within("predictive probability, drawn minus integrated", change, margins[0])]


def _dead(evidence: Evidence, margins: Sequence[float]) -> list[Part]:
    off = _cells(evidence, "dead-inputs")["standard_errors"].to_numpy(float)
    near = [bool(abs(value) <= margins[0]) for value in off]
    return [fact("variance of dead weights", near, f"within {margins[0]:g} standard errors")]


def _mixed(evidence: Evidence, margins: Sequence[float]) -> list[Part]:
    cells = _cells(evidence, "gaussian", metropolis=True)
    return [below("largest R-hat", run_mean(cells["largest_r_hat"].to_numpy(float)), margins[0])]


def _stuck(evidence: Evidence, margins: Sequence[float]) -> list[Part]:
    r_hat = run_mean(_cells(evidence, "two-modes")["r_hat"].to_numpy(float))
    return [below("R-hat", r_hat, margins[0])]


def _claim(
    sentence: str,
    margins: dict[str, float],
    parts: Callable[[Evidence, Sequence[float]], list[Part]],
) -> Claim:
    return Claim(sentence, "known", SECTION, margins, parts)


_MOMENT, _R_HAT = {"error of a moment": 0.1}, {"R-hat": MIXED}
CONTROLS: dict[str, Control] = {
    "IK-01": Control(
        _claim("HMC has the moments of a correlated Gaussian.", _MOMENT, _moments(True)),
        "supported",
    ),
    "IK-02": Control(
        _claim(
            "Half the step leaves a quarter of the energy's error.", {"difference": 0.1}, _energy
        ),
        "supported",
    ),
    "IK-03": Control(
        _claim(
            "HMC predicts as the integral of a softmax regression's posterior does.",
            {"difference of probabilities": 0.01},
            _grid,
        ),
        "supported",
    ),
    "IK-04": Control(
        _claim(
            "Weights of an input that is always 0 have the variance of their prior.",
            {"standard errors": 4.0},
            _dead,
        ),
        "supported",
    ),
    "IK-05": Control(
        _claim("Chains of one Gaussian have a small R-hat.", _R_HAT, _mixed), "supported"
    ),
    "IK-06": Control(
        _claim(
            "Steps ten times as large, which nothing rejects, have these moments too.",
            _MOMENT,
            _moments(False),
        ),
        "refuted",
    ),
    "IK-07": Control(
        _claim("Chains that are stuck in two modes have a small R-hat.", _R_HAT, _stuck), "refuted"
    ),
}

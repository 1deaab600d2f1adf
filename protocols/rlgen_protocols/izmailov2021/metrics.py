"""What is measured of chains and of predictions: R-hat, agreement, calibration, excess loss."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
#: Below this R-hat the chains count as drawn from one distribution.
MIXED = 1.1


def r_hat(means: Floats, variances: Floats, draws: int) -> Floats:
    """Gelman and Rubin's statistic: how much wider all chains are together than each alone.

    Args:
        means: Of each chain, ``(C, ...)``.
        variances: Of each chain with ``draws - 1`` in the denominator, ``(C, ...)``.
        draws: Draws of each chain.

    Returns:
        ``(...)``; 1 or less if chains agree, nan where nothing varies.

    Example:
        >>> chains = np.array([[0.0, 1, 2, 1], [2.0, 3, 1, 2]])
        >>> float(r_hat(chains.mean(1), chains.var(1, ddof=1), 4).round(6))
        1.224745
    """
    within = variances.mean(axis=0)
    between = draws * means.var(axis=0, ddof=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.sqrt(((draws - 1) / draws * within + between / draws) / within))


def agreement(one: Floats, other: Floats) -> float:
    """Share of states ``(N, A)`` in which the most probable actions are equal."""
    return float((one.argmax(axis=-1) == other.argmax(axis=-1)).mean())


def total_variation(one: Floats, other: Floats) -> float:
    """Mean over states of half the sum of absolute differences of probabilities ``(N, A)``."""
    return float(np.abs(one - other).sum(axis=-1).mean() / 2)


@dataclass(frozen=True)
class Scores:
    """Of predictions on labelled states.

    Attributes:
        accuracy: Share of states whose most probable action is optimal.
        nll: Cross-entropy to the uniform distribution on optimal actions, nats.
        excess_nll: The same less the label's entropy: 0 is perfect.
        ece: Expected calibration error of the most probable action.
    """

    accuracy: float
    nll: float
    excess_nll: float
    ece: float


def scores(probabilities: Floats, optimal: NDArray[np.bool_], bins: int = 10) -> Scores:
    """Compare action probabilities ``(N, A)`` with optimal actions ``(N, A)``.

    States count equally. Without states all scores are nan.
    """
    if not len(probabilities):
        return Scores(*[float("nan")] * 4)
    correct = _correct(probabilities, optimal)
    number = optimal.sum(axis=1)
    nll = -(np.log(np.maximum(probabilities, 1e-300)) * optimal).sum(axis=1) / number
    return Scores(
        float(correct.mean()),
        float(nll.mean()),
        float((nll - np.log(number)).mean()),
        _ece(reliability(probabilities, optimal, bins)),
    )


def reliability(probabilities: Floats, optimal: NDArray[np.bool_], bins: int = 10) -> Floats:
    """By bin of the largest probability: its states, mean confidence and accuracy, ``(bins, 3)``.

    Bins are ``[k/bins, (k+1)/bins)``, the last one closed; empty ones have nan.
    """
    confidence = probabilities.max(axis=1)
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    counts = np.bincount(place, minlength=bins)
    sums = [
        np.bincount(place, weights=w, minlength=bins)
        for w in (confidence, _correct(probabilities, optimal))
    ]
    with np.errstate(invalid="ignore"):
        return np.stack([counts, *(total / counts for total in sums)], axis=1)


def _correct(probabilities: Floats, optimal: NDArray[np.bool_]) -> NDArray[np.bool_]:
    correct: NDArray[np.bool_] = optimal[np.arange(len(optimal)), probabilities.argmax(axis=1)]
    return correct


def _ece(table: Floats) -> float:
    table = table[table[:, 0] > 0]
    return float((table[:, 0] * np.abs(table[:, 1] - table[:, 2])).sum() / table[:, 0].sum())

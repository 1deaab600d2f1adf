"""Is a difference small enough to be none? The two one-sided tests (method 2.9)."""

from typing import NamedTuple

import numpy as np
from scipy import special

NAN = float("nan")


class Tost(NamedTuple):
    """P-values of the two one-sided tests.

    Attributes:
        p_lower: Of the difference being ``-margin`` or less.
        p_upper: Of the difference being ``margin`` or more.
        p: The larger one. Below alpha the difference is shown to lie within the margin.
    """

    p_lower: float
    p_upper: float
    p: float


def tost(diff: float, se: float, margin: float, df: float = np.inf) -> Tost:
    """Two one-sided t tests of equivalence (Schuirmann 1987).

    A null result is none without this: "not significant" is also what too few runs look like. The
    margin is declared before the data are seen.

    Args:
        diff: Estimated difference.
        se: Its standard error. With 0 the difference is taken as known.
        margin: Largest absolute difference that counts as none, above 0.
        df: Degrees of freedom of the standard error; infinitely many for the normal distribution.

    Returns:
        nan where a number is nan, or a standard error, margin or df makes no sense: the reason is
        that of the estimate handed in.
    """
    if not (se >= 0 and margin > 0 and df > 0) or diff != diff:
        return Tost(NAN, NAN, NAN)
    if se == 0:
        p_lower, p_upper = float(diff <= -margin), float(diff >= margin)
    else:
        p_lower = float(special.stdtr(df, -(diff + margin) / se))
        p_upper = float(special.stdtr(df, (diff - margin) / se))
    return Tost(p_lower, p_upper, max(p_lower, p_upper))

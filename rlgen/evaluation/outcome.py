"""The outcome of a policy on each of ``L`` levels."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Outcome:
    """The outcome of a policy on each level; each field is float64 ``(L,)``.

    Attributes:
        ret_mean: Expected (or average) undiscounted episode return.
        ret_var: Variance of the episode return.
        p_solved: Probability that an episode ends with the level solved.
        p_timeout: Probability that it ends at the time limit.
        len_mean: Expected number of steps.
    """

    ret_mean: Floats
    ret_var: Floats
    p_solved: Floats
    p_timeout: Floats
    len_mean: Floats

    FIELDS = ("ret_mean", "ret_var", "p_solved", "p_timeout", "len_mean")

    @staticmethod
    def joined(parts: "list[Outcome]") -> "Outcome":
        """Concatenate the outcomes of several batches of levels."""
        return Outcome(
            *(np.concatenate([getattr(p, name) for p in parts]) for name in Outcome.FIELDS)
        )

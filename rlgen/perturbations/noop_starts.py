"""No-op starts."""

import numpy as np

from rlgen.perturbations.base import Channel, Ints, Perturbation, Strength


class NoopStarts(Perturbation):
    """Begin with k do-nothing steps, k uniform from 1 to the strength (K-07).

    The steps count towards the time limit. In a world that stands still while the agent does,
    nothing else changes: there it is a negative control.
    """

    strength = Strength("largest number of no-op steps", 30, 0, 100, integer=True)
    regularises = True
    needs_noop = True

    def channel(self, strength: float, n_actions: int, noop: int) -> Channel:
        """The memory counts the no-ops that are left."""
        del n_actions
        most = int(strength)

        def apply(memory: Ints, proposed: Ints, noise: Ints) -> tuple[Ints, Ints]:
            del noise
            return np.where(memory > 0, noop, proposed), np.maximum(memory - 1, 0)

        start = np.full(most + 1, 1 / max(most, 1))
        start[0] = most == 0
        return Channel(start, np.ones(1), apply)


MEMBER = NoopStarts()

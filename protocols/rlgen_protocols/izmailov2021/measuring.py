"""What is measured of a policy on sets of held-out states, and of HMC's draws on their way."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field

import numpy as np
from torch import Tensor

from rlgen_protocols.izmailov2021.data import DataSet
from rlgen_protocols.izmailov2021.metrics import (
    Floats,
    agreement,
    r_hat,
    scores,
    total_variation,
)
from rlgen_protocols.izmailov2021.posterior import columns

#: Sets of states: all held-out ones, those that light no dead input and those that do, and those of
#: training levels. Synthetic shifts have the names in ``data``.
ALL, UNLIT, LIT, TRAINING = "held-out", "unlit", "lit", "training"
#: Numbers of draws at which the loss of the average is noted, all draws besides.
NOTED = (1, 2, 5, 10, 20, 50, 100, 200, 500)

Numbers = dict[str, dict[str, float]]


@dataclass(frozen=True)
class Sets:
    """The sets of states on which the policies of one data set are compared.

    Attributes:
        of: The data set.
        shifted: Whether synthetic shifts are among them.
        reference: HMC's probabilities by set, once they are measured.
    """

    of: DataSet
    shifted: bool
    reference: dict[str, Floats] = field(default_factory=dict)

    def inputs(self) -> dict[str, Tensor]:
        """Observations as columns, by the sets that have some of their own."""
        train = self.of.train.observe(np.arange(self.of.train.tabular.n_states))
        own = {ALL: columns(self.of.observations), TRAINING: columns(train)}
        if self.shifted:
            own |= {name: columns(one.observations) for name, one in self.of.shifts()}
        return own

    def measure(self, probabilities: Mapping[str, Floats]) -> Numbers:
        """Scores, returns and closeness to the reference, by set.

        Args:
            probabilities: Of the actions, ``(N, A)``, by the sets of ``inputs``.
        """
        numbers: Numbers = {}
        returns: dict[str, float] = {}
        for name, own in probabilities.items():
            states = self.of.train if name == TRAINING else self.of.held_out
            groups = {name: np.ones(len(own), np.bool_)}
            if name == ALL:
                groups |= {UNLIT: ~self.of.lit, LIT: self.of.lit}
            for group, members in groups.items():
                numbers[group] = asdict(scores(own[members], states.optimal[members]))
                if self.reference and members.any():
                    near = self.reference[name][members]
                    numbers[group]["tv"] = total_variation(own[members], near)
                    numbers[group]["agreement"] = agreement(own[members], near)
            if name == TRAINING:
                continue
            # Modes do not see lit dead inputs: they act as before, and exact returns take time.
            if not (returns and np.array_equal(own, probabilities[ALL])):
                returns = self.of.returns(own)
            numbers[name] |= {key: returns[key] for key in ("score", "greedy_score")}
            if name == ALL:
                for group in (UNLIT, LIT):
                    numbers[group]["score"] = returns[f"score_{group}"]
        return numbers


def mean_of(numbers: Sequence[Numbers]) -> Numbers:
    """The mean of each number over several networks."""
    return {
        name: {key: float(np.mean([one[name][key] for one in numbers])) for key in group}
        for name, group in numbers[0].items()
    }


class Running:
    """Sums over one chain's predictions, from which its averages and variances come.

    Attributes:
        draws: How many predictions were added.
        total: Their sum, ``(A, N)``.
        squares: The sum of their squares.
        noted: The sum after each of the first draws whose number is in ``NOTED``.
    """

    def __init__(self) -> None:
        self.draws = 0
        self.total: Floats = np.zeros(())
        self.squares: Floats = np.zeros(())
        self.noted: dict[int, Floats] = {}

    def add(self, chunks: Iterable[Tensor]) -> "Running":
        """Add predictions, ``(m, A, N)`` a chunk."""
        for chunk in chunks:
            own = chunk.numpy()
            for number in NOTED:
                if self.draws < number <= self.draws + len(own):
                    self.noted[number] = self.total + own[: number - self.draws].sum(axis=0)
            self.total = self.total + own.sum(axis=0)
            self.squares = self.squares + (own**2).sum(axis=0)
            self.draws += len(own)
        self.noted[self.draws] = self.total
        return self

    @property
    def mean(self) -> Floats:
        """The chain's average, ``(N, A)``."""
        return np.asarray(self.total.T / self.draws)

    @property
    def variance(self) -> Floats:
        """Of single predictions, ``(N, A)``."""
        mean = self.total / self.draws
        return np.asarray((self.squares.T - self.draws * (mean**2).T) / (self.draws - 1))


def function_r_hat(chains: Sequence[Running]) -> Floats:
    """R-hat of each action's probability in each state, ``(N, A)``."""
    means, variances = (
        np.stack([getattr(chain, name) for chain in chains]) for name in ("mean", "variance")
    )
    return r_hat(means, variances, chains[0].draws)


def by_draws(of: DataSet, chains: Sequence[Running]) -> dict[str, list[float]]:
    """Excess loss of the average on held-out states against the draws of each chain.

    Returns:
        ``draws`` of a chain; ``one`` chain, the mean over chains; and ``all`` chains together.
    """
    optimal, numbers = of.held_out.optimal, sorted(chains[0].noted)

    def loss(total: Floats, draws: int) -> float:
        return scores(total.T / draws, optimal).excess_nll

    return {
        "draws": [float(n) for n in numbers],
        "one": [float(np.mean([loss(c.noted[n], n) for c in chains])) for n in numbers],
        "all": [
            loss(np.sum([c.noted[n] for c in chains], axis=0), n * len(chains)) for n in numbers
        ],
    }

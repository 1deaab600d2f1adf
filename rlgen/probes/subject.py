"""What a probe looks at: a policy, the levels it learnt from, and held-out levels."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from rlgen.errors import PolicyError, RlgenError, one_line
from rlgen.levels.capabilities import Tabular
from rlgen.levels.family import Family, Levels
from rlgen.levels.split import Split
from rlgen.networks import inference
from rlgen.networks.modules import ModuleTrunk
from rlgen.policies import network_policy
from rlgen.policies.base import Categorical, Policy, Probabilities
from rlgen.policies.layered import Differentiable, Layered
from rlgen.probes.base import Unsuitable
from rlgen.probes.states import LONGEST, PLAYED, States, listed, ordered, played
from rlgen.probes.states import episodes as play

Pool = Literal["train", "validation", "test"]
#: States of a pool that probes look at unless they say otherwise.
AT_MOST = 480
#: States on which a module is compared with the policy whose it is, and the largest difference of
#: probabilities, and of logits and action values relative to their size.
COMPARED, SAME = 8, 1e-4


class PolicyModule(nn.Module):
    """A policy's network from observations ``(B, *shape)`` to scores ``(B, A)``.

    Attributes:
        features: From observations to the trunk's features ``(B, F)``.
        head: From features to scores.
    """

    def __init__(self, features: nn.Module, head: nn.Module) -> None:
        super().__init__()
        self.features, self.head = features, head

    def forward(self, observations: torch.Tensor) -> torch.Tensor:
        """The scores, of the dtype of the observations."""
        scores: torch.Tensor = self.head(self.features(observations))
        return scores


class Subject:
    """A policy, and the levels of its training with those held out.

    Args:
        policy: Any policy.
        split: The levels; its family is the one that the policy plays.
        name: What messages call the policy.

    Example:
        >>> subject = Subject(policy, split)  # doctest: +SKIP
        >>> module = subject.module(torch.float64)  # doctest: +SKIP
        >>> logits = module(subject.states("train").tensor())  # doctest: +SKIP
    """

    def __init__(self, policy: Policy, split: Split, name: str = "this policy") -> None:
        self.policy, self.split, self.name = policy, split, name

    @classmethod
    def of_layers(
        cls,
        trunk: nn.Module,
        head: nn.Module,
        split: Split,
        *,
        softmax: bool = True,
        name: str = "this network",
    ) -> "Subject":
        """The subject of any torch modules.

        Args:
            trunk: From float32 observations ``(B, *shape)`` to features ``(B, F)``.
            head: From features to scores ``(B, A)``.
            split: See ``Subject``.
            softmax: Whether scores are logits; otherwise they are action values.
            name: See ``Subject``.
        """
        policy = network_policy.of_layers(ModuleTrunk(deepcopy(trunk)), head, softmax=softmax)
        return cls(policy, split, name)

    @property
    def family(self) -> Family:
        """Of the levels."""
        return self.split.family

    @property
    def is_tabular(self) -> bool:
        """Whether all states can be listed, so that there are labels."""
        return isinstance(self.family, Tabular)

    @property
    def is_recurrent(self) -> bool:
        """Whether what the policy does depends on more than the current observation."""
        return not self.policy.memoryless

    @property
    def gives_logits(self) -> bool:
        """Whether the scores of ``module`` are logits, not action values of a greedy policy.

        Raises:
            Unsuitable: As of ``layered``.
        """
        return self.layered().softmax

    def layered(self) -> Layered:
        """Fresh copies of the policy's network, on the CPU, in evaluation mode.

        Raises:
            Unsuitable: If the policy is no torch network, or one that cannot be taken apart.
        """
        if self.family.box is not None:
            raise self.unsuitable("its actions are continuous, and probes look at action scores")
        if not isinstance(self.policy, Differentiable):
            raise self.unsuitable("it is no torch network")
        try:
            own = self.policy.layered()
        except PolicyError as error:
            raise self.unsuitable(str(error)) from None
        for part in (own.inputs, own.trunk, own.head, own.lstm):
            if part is not None:
                part.to("cpu").eval().requires_grad_(True)
        return own

    def module(self, dtype: torch.dtype = torch.float64) -> PolicyModule:
        """A copy of the network, whose parameters have gradients; ``torch.func`` takes it.

        Its scores are logits; of a greedy policy (DQN, QRDQN, ARS) they are action values, see
        ``gives_logits``.

        Args:
            dtype: Of the weights and of the arithmetic.

        Raises:
            Unsuitable: As of ``layered``; or if the policy has memory; or if the copy does not act
                as the policy does.
        """
        own = self.layered()
        if own.lstm is not None or self.is_recurrent:
            raise self.unsuitable("it has memory: its scores depend on earlier observations")
        module = PolicyModule(nn.Sequential(own.inputs, own.trunk), own.head).to(dtype)
        self._compare(module, dtype, softmax=own.softmax)
        return module

    def features(self, dtype: torch.dtype = torch.float64) -> nn.Module:
        """The trunk alone, from observations ``(B, *shape)`` to features ``(B, F)``.

        Errors as of ``module``.
        """
        return self.module(dtype).features

    def states(self, pool: Pool, at_most: int | None = AT_MOST) -> States:
        """States of a pool: where they can be listed with their labels, else those that it meets.

        Their order, and which they are, depends on what they hold alone; the first so many are
        spread evenly over the levels.

        Args:
            pool: Of the split; training levels are as they were in training, with their flips.
            at_most: How many; None for all.

        Raises:
            Unsuitable: If the pool is empty.
        """
        levels = self.levels(pool)
        if self.is_tabular:
            return listed(self.family, levels, at_most)
        return played(self.policy, self.family, levels, at_most)

    def episodes(
        self, pool: Pool, at_most: int = PLAYED, longest: int = LONGEST
    ) -> list[NDArray[np.generic]]:
        """Observations ``(T, *shape)`` of one episode on each of some levels, see ``states``."""
        met = play(self.policy, self.family, self.levels(pool), at_most, longest)
        return [observations for _, observations in met]

    def probabilities(self, observations: NDArray[np.generic]) -> Probabilities:
        """Action probabilities of the policy itself, whatever it is.

        Args:
            observations: ``(B, *shape)``, of fresh episodes if it has memory.

        Returns:
            float64 ``(B, A)``.

        Raises:
            Unsuitable: If it has none, or has memory.
        """
        if not isinstance(self.policy, Categorical):
            raise self.unsuitable("it has no action probabilities")
        if self.is_recurrent:
            raise self.unsuitable("it has memory: its actions depend on earlier observations")
        own = observations.astype(self.family.observation_space.dtype, copy=False)
        parts = [
            self.policy.distribution(own[rows], self.policy.start(rows.stop - rows.start))
            for rows in _rows(len(observations))
        ]
        return np.concatenate([part for part, _ in parts])

    def levels(self, pool: Pool) -> Levels:
        """The levels of a pool, at least one.

        Raises:
            Unsuitable: If it is empty.
        """
        levels: Levels = getattr(self.split, pool)
        if not len(levels):
            raise self.unsuitable(f"there are no {pool} levels")
        return levels

    def unsuitable(self, reason: str) -> Unsuitable:
        """The error for what this policy cannot be asked, with its name."""
        return Unsuitable(f"{self.name}: {reason}")

    def _compare(self, module: PolicyModule, dtype: torch.dtype, *, softmax: bool) -> None:
        """Refuse a copy that does not act as the policy does: its classes may do more."""
        some = ordered(self.levels("train")).take([0])
        if self.is_tabular:
            observations = listed(self.family, some, COMPARED).observations
        else:
            observations = self._first(some)
        try:
            with torch.no_grad():
                scores = module(torch.from_numpy(observations).to(dtype))
        except RlgenError:
            raise
        except Exception as error:
            # Modules are their authors': many compute in one dtype alone, in words of their own.
            raise self.unsuitable(
                f"its network cannot be computed in {dtype}: {one_line(error)[:200]}"
            ) from None
        if scores.dtype != dtype:
            raise self.unsuitable(f"its network computes in {scores.dtype}, not {dtype}")
        ours = inference.probabilities(scores, softmax=softmax).numpy()
        theirs = self.probabilities(observations)
        if not softmax:
            # The greedy action, unless two are as good as equal.
            values = scores.double().numpy()
            chosen = values[np.arange(len(values)), theirs.argmax(axis=1)]
            close = values.max(axis=1) - chosen <= SAME * np.abs(values).max()
        else:
            close = np.abs(ours - theirs).max(axis=1) <= SAME
        if not close.all():
            raise self.unsuitable(
                "its network, taken apart, does not act as the policy does: its class does more"
            )

    def _first(self, levels: Levels) -> NDArray[np.float32]:
        env = self.family.env(levels)
        observation, _ = env.reset(options={"level": int(levels.ids[0])})
        env.close()
        return np.stack([observation]).astype(np.float32)


def _rows(n: int) -> Iterator[slice]:
    for rows in inference.batches(n):
        yield slice(rows.start, min(rows.stop, n))

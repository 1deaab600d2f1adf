"""Probes: what they are, and what they return."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, Protocol, cast

from rlgen.errors import PolicyError, UnknownNameError

if TYPE_CHECKING:  # so that names are listed without torch
    from rlgen.probes.subject import Subject

#: What a probe's numbers depend on besides the policy (method A, 0.4). Only one that looks at
#: training data alone predicts anything; one that looks at held-out labels explains.
LooksAt = Literal["training data", "held-out observations", "held-out labels"]
LOOKS_AT: tuple[LooksAt, ...] = ("training data", "held-out observations", "held-out labels")
#: What a probe may need of a subject; ``measuring`` checks it before the probe is run.
NEEDS = ("torch", "tabular", "recurrent")


class Unsuitable(PolicyError):  # noqa: N818  # it is no mistake: another probe may suit
    """The reason why a probe cannot look into a policy, with the policy's name."""


@dataclass(frozen=True)
class Measured:
    """A number, or the reason why there is none.

    Attributes:
        value: Finite; nan exactly where there is a reason.
        reason: Why it is nan, in words that follow "not measured: "; else empty.

    Raises:
        ValueError: For a number that is not finite without a reason, or a finite one with one.
    """

    value: float
    reason: str = ""

    def __post_init__(self) -> None:
        if math.isfinite(self.value) == bool(self.reason) or math.isinf(self.value):
            raise ValueError(f"{self.value} with the reason {self.reason!r}")

    @classmethod
    def none(cls, reason: str) -> "Measured":
        """No number, for this reason."""
        return cls(math.nan, reason)


class Run(Protocol):
    """A probe's function.

    It computes in one thread, the same bits for the same subject and seed, draws from
    ``rlgen.util.seeding`` alone, and changes nothing about the subject.
    """

    def __call__(self, subject: "Subject", *, seed: int) -> Mapping[str, Measured]:
        """Each of the probe's numbers, by name.

        Raises:
            Unsuitable: Where the policy cannot be looked into.
        """


@dataclass(frozen=True)
class Identity:
    """A case whose answer is known exactly, by which the probe is tested.

    Attributes:
        subject: To be measured.
        expected: Numbers by name, all or some of the probe's.
        tolerance: The largest difference from them.
    """

    subject: "Subject"
    expected: Mapping[str, float]
    tolerance: float = 1e-9


@dataclass(frozen=True)
class Probe:
    """One measurement of a trained network: a member of ``PROBES``.

    Attributes:
        card: One line of text.
        target: ``"module:function"``, a ``Run``, imported when it is first used.
        identity: ``"module:function"`` of a function without arguments that makes the probe's
            ``Identity``.
        numbers: By the name of each number its unit and meaning.
        looks_at: What it depends on besides the policy.
        cost: In words, such as "18 backward passes".
        needs: Names of ``NEEDS``: "torch", a network without memory that can be differentiated
            (``Subject.module``); "recurrent", a torch policy with memory; "tabular", levels whose
            states can be listed.
        version: Raised whenever the same subject gets other numbers.
        baseline: Whether it is one that others have to beat: measured beside them in every study
            that measures probes.

    Example:
        >>> probe = Probe(
        ...     "weights that are zero",
        ...     "sparsity:run",
        ...     "sparsity:identity",
        ...     {"share": "share of all weights"},
        ...     "training data",
        ...     "none",
        ...     frozenset({"torch"}),
        ... )
        >>> list(probe.numbers)
        ['share']
    """

    card: str
    target: str
    identity: str
    numbers: Mapping[str, str]
    looks_at: LooksAt
    cost: str
    needs: frozenset[str] = field(default_factory=frozenset)
    version: int = 1
    baseline: bool = False

    def __post_init__(self) -> None:
        unknown = [*(self.needs - {*NEEDS}), *({self.looks_at} - {*LOOKS_AT})]
        if unknown or not self.numbers:
            raise ValueError(f"probe {self.target}: {unknown[0] if unknown else 'has no numbers'}")

    @property
    def looks_inside(self) -> bool:
        """Whether it looks into a network, not only at what the policy does."""
        return bool(self.needs & {"torch", "recurrent"})

    @property
    def run(self) -> Run:
        """The function.

        Raises:
            UnknownNameError: If it cannot be imported.
        """
        return cast(Run, _imported(self.target))

    def identity_case(self) -> Identity:
        """The case whose answer is known; errors as of ``run``."""
        return cast(Identity, _imported(self.identity)())


def _imported(target: str) -> Callable[..., Any]:
    module, _, name = target.partition(":")
    try:
        return cast(Callable[..., Any], getattr(import_module(module), name))
    except (ImportError, AttributeError) as error:
        raise UnknownNameError(f"probe {target} cannot be imported: {error}") from None

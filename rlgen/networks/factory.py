"""Networks that a function makes: any torch module, by name, with options and a version."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

from rlgen.errors import ProtocolError
from rlgen.networks.base import Network
from rlgen.util.named_code import source_hash
from rlgen.util.options import configured

if TYPE_CHECKING:  # so that names are listed without numpy
    import gymnasium as gym
    from torch import nn

    from rlgen.levels.capabilities import GraphView
    from rlgen.levels.family import Family
    from rlgen.levels.spaces import Part
    from rlgen.networks.trunk import Trunk


@dataclass(frozen=True)
class Factory(Network):
    """A network that a function makes as a torch module.

    The function takes the observation space, a ``gym.spaces.Box`` of float32, and the options as
    keywords. Dictionaries are packed in vectors. Its
    module maps float32 observations ``(B, *shape)`` to float32 features ``(B, n_features)``, and
    has the attribute ``n_features``. It treats each observation of a batch on its own.

    Attributes:
        name: Name in ``NETWORKS``, under which checkpoints find it again; or ``module:NAME``.
        card: One line of text.
        target: ``"module:function"``, imported when the network is first built.
        options: Keyword arguments of the function, with their defaults; plain values.
        limits: The smallest and the largest value of options that are numbers.
        choices: The values of options that are names.
        pictures: Whether it takes pictures ``(C, H, W)`` only.
        any_size: Whether the same weights take pictures of any height and width.
        hidden: Whether it has hidden units, the outputs of its torch activation modules.
        own_head: Whether the module has a method ``head(n_actions)`` that makes the module from
            its features to scores ``(B, n_actions)``, in place of a linear layer.
        needs_graph: Whether the function takes the graph view of a family too, as ``graph``.
        learning_rate: See ``Network``.
        version: Raised whenever the same options make another network.
        reads: Earlier versions whose weights it takes, and then computes what they did, up to
            rounding; options that came later have their defaults.
        graph: Of the family that it is for, where it needs one; see ``for_family``.

    Example:
        >>> from rlgen.networks import network_named
        >>> network_named("residual[depth=2]").options["depth"]
        2
    """

    name: str
    card: str
    target: str
    options: Mapping[str, Any] = field(default_factory=dict)
    limits: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    pictures: bool = False
    any_size: bool = False
    hidden: bool = False
    own_head: bool = False
    needs_graph: bool = False
    learning_rate: float | None = None
    version: int = 1
    reads: tuple[int, ...] = ()
    graph: "GraphView | None" = None

    def configured(self, options: Mapping[str, Any]) -> "Factory":
        """The same network with other options.

        Raises:
            ProtocolError: For an option that it does not have, or a value of another type or beyond
                its limits or choices.
        """
        own = configured(self.name, options, self.options, self.limits, self.choices)
        return replace(self, options=own)

    @property
    def settings(self) -> dict[str, Any]:
        """See ``Network``; of a network that is named by its module the hash of its source too."""
        own = {"options": dict(self.options), "version": self.version}
        if ":" in self.name:
            # Of no distribution whose author would raise the version.
            own["source"] = source_hash(self.target.partition(":")[0])
        return own

    def check(self, shape: tuple[int, ...], parts: "Sequence[Part]" = ()) -> None:
        """See ``Network``: dictionaries are taken as the vectors in which they are packed."""
        del parts
        if self.pictures and len(shape) != 3:
            raise ProtocolError(
                f"{self.name} needs observations of shape (C, H, W), not {shape}; use an mlp"
            )

    def for_family(self, family: "Family") -> "Factory":
        """See ``Network``."""
        from rlgen.levels.capabilities import Graphed

        if not self.needs_graph:
            return self
        if not isinstance(family, Graphed):
            raise ProtocolError(
                f"{self.name} needs a family whose pictures show a graph; those of {family.name} "
                "show none"
            )
        return replace(self, graph=family.graph)

    def has_hidden_units(self, *, packed: bool) -> bool:
        """See ``Network``."""
        del packed
        return self.hidden

    def build(self, space: "gym.spaces.Box") -> "tuple[Trunk, int]":
        """See ``Network``.

        Raises:
            ProtocolError: If it does not fit the observations, cannot be imported, refuses its
                options, or makes something else than a module with ``n_features``.
        """
        import gymnasium as gym
        import numpy as np

        from rlgen.networks.modules import ModuleTrunk

        self.check(space.shape)
        # What the module receives, whatever the family's own are.
        plain = gym.spaces.Box(
            space.low.astype(np.float32), space.high.astype(np.float32), dtype=np.float32
        )
        module = self._module(plain)
        width = getattr(module, "n_features", None)
        if not isinstance(width, int):
            raise ProtocolError(
                f"{self.name}: {self.target} must return a torch module with an attribute "
                f"n_features, the number of its features"
            )
        return ModuleTrunk(module, own_head=self.own_head), width

    def _module(self, space: "gym.spaces.Box") -> "nn.Module":
        path, _, function = self.target.partition(":")
        try:
            make = getattr(import_module(path), function)
        except (ImportError, AttributeError) as error:
            raise ProtocolError(f"{self.name}: {self.target} cannot be imported: {error}") from None
        own = dict(self.options)
        if self.needs_graph:
            if self.graph is None:
                raise ProtocolError(f"{self.name} needs the graph view of a family")
            own["graph"] = self.graph
        module: nn.Module = make(space, **own)
        return module

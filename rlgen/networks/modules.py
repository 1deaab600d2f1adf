"""Any torch module as a trunk."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Self

import torch
from torch import nn

from rlgen.errors import ProtocolError
from rlgen.networks.trunk import Trunk

#: Modules whose outputs are hidden units.
ACTIVATIONS = (nn.ReLU, nn.Tanh, nn.ELU, nn.LeakyReLU, nn.SiLU, nn.GELU, nn.Sigmoid, nn.Softplus)


class ModuleTrunk(Trunk):
    """A trunk that consists of one module, whatever it is.

    The module receives float32, pictures with the channels innermost in memory. Masks are by the
    names of its activation modules.

    Args:
        module: From float32 observations ``(B, *shape)`` to features.
        own_head: Whether its method ``head`` makes the head.
    """

    def __init__(self, module: nn.Module, *, own_head: bool = False) -> None:
        super().__init__(module)
        self.own_head = own_head
        for name, part in self._activations():
            part.register_forward_hook(partial(self._mask, name))

    def apply(self, fn: Callable[[nn.Module], None]) -> Self:
        """Do nothing: stable-baselines3 would replace the module's initial weights in this way."""
        del fn
        return self

    def forward(self, observations: torch.Tensor) -> torch.Tensor:
        """The features."""
        features = self.inputs(observations)
        narrow = self.precision != torch.float32
        with torch.autocast(features.device.type, dtype=self.precision, enabled=narrow):
            features = self[0](features)
        return torch.as_tensor(features.float())

    def head(self, n_features: int, n_scores: int) -> nn.Module:
        """See ``Trunk``."""
        if not self.own_head:
            return super().head(n_features, n_scores)
        make: Any = self[0].head
        head: nn.Module = make(n_scores)
        return head

    def hidden_shapes(self, shape: tuple[int, ...]) -> dict[int | str, tuple[int, ...]]:
        """Shapes of hidden units by the name of their activation; see ``Trunk``.

        Raises:
            ProtocolError: If an activation is used for hidden units of several shapes.
        """
        shapes: dict[int | str, tuple[int, ...]] = {}

        def note(name: str, _module: nn.Module, _inputs: Any, output: torch.Tensor) -> None:
            here = tuple(output.shape[1:])
            if shapes.setdefault(name, here) != here:
                raise ProtocolError(
                    f"dropout: the network's activation {name} has outputs of shape "
                    f"{shapes[name]} and of shape {here}, which no mask fits"
                )

        parts = list(self._activations())
        hooks = [part.register_forward_hook(partial(note, name)) for name, part in parts]
        try:
            with torch.no_grad():
                device = next((p.device for p in self.parameters()), torch.device("cpu"))
                self(torch.zeros(1, *shape, device=device))
        finally:
            for hook in hooks:
                hook.remove()
        return shapes

    def _activations(self) -> Iterator[tuple[str, nn.Module]]:
        for name, part in self.named_modules():
            if isinstance(part, ACTIVATIONS):
                yield name, part

    def _mask(
        self, name: str, _module: nn.Module, _inputs: Any, output: torch.Tensor
    ) -> torch.Tensor:
        return self._masked(output, name)

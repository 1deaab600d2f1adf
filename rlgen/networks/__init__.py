"""Networks by name: layers as data, and any torch module that a function makes.

To add one: layers as a line in ``layers.ARCHITECTURES``, or in the ``networks`` of the paper that
names them; a module as a ``Factory`` in the table below, or under the entry point
``rlgen.networks`` of another distribution. Importing this package imports no torch.
"""

from dataclasses import replace
from importlib import import_module

from rlgen import papers
from rlgen.errors import ProtocolError, UnknownNameError
from rlgen.networks.base import Network
from rlgen.networks.factory import Factory
from rlgen.networks.layers import ARCHITECTURES, Layers
from rlgen.util.bracketed import named_options
from rlgen.util.named_code import importable
from rlgen.util.registry import Catalogue

__all__ = ["NETWORKS", "Network", "network_named"]

MODULES = (
    Factory(
        "fully-convolutional",
        "dilated 3 x 3 convolutions and global pooling, for pictures of any size",
        "rlgen.networks.fully_convolutional:make",
        {"channels": 16, "layers": 3, "width": 64},
        {"channels": (1, 65_536), "layers": (1, 16), "width": (1, 65_536)},
        pictures=True,
        any_size=True,
        hidden=True,
        learning_rate=2e-3,
    ),
    Factory(
        "residual",
        "dense blocks x + W2 relu(W1 x) on the flattened observation",
        "rlgen.networks.residual:make",
        {"width": 64, "hidden": 64, "depth": 4},
        {"width": (1, 65_536), "hidden": (1, 65_536), "depth": (1, 1000)},
        hidden=True,
        learning_rate=1e-3,
    ),
    Factory(
        "message-passing",
        "graph network on the free cells of levels of any size, with shared weights for all moves",
        "rlgen.networks.message_passing:make",
        {
            "width": 24,
            "rounds": 10,
            "aggregate": "max",
            "update": "mlp",
            "tied": True,
            "head": "pointer",
            "readout": "agent",
        },
        {"width": (1, 65_536), "rounds": (1, 1000)},
        choices={
            "aggregate": ("max", "sum", "mean"),
            "update": ("mlp", "gin"),
            "head": ("pointer", "linear"),
            "readout": ("agent", "attention"),
        },
        pictures=True,
        any_size=True,
        hidden=True,
        own_head=True,
        needs_graph=True,
        learning_rate=4e-3,
        version=2,
        reads=(1,),
    ),
)

NETWORKS: Catalogue[Network] = Catalogue(
    "network",
    {**ARCHITECTURES, **{member.name: member for member in MODULES}},
    group="rlgen.networks",
    further=papers.networks,
)


def network_named(name: str) -> Network:
    """Look up a network in the catalogue, or import it from a module.

    Args:
        name: Its name in ``NETWORKS``, or ``module:NAME`` of one, which imports that
            module; options may follow in brackets, as in ``residual[depth=2]``.

    Raises:
        UnknownNameError: If there is no such network.
        ProtocolError: For an option that it does not have.
    """
    bare, options = named_options(name)
    member = _imported(bare) if ":" in bare else NETWORKS[bare]
    if not isinstance(member, Layers | Factory):
        kind = type(member).__name__
        raise UnknownNameError(f"network {bare!r} is of type {kind}, not Layers or Factory")
    if isinstance(member, Factory):
        return replace(member, name=bare).configured(options)
    if options:
        raise ProtocolError(f"{bare} has no options: its layers are fixed")
    return member


def _imported(name: str) -> object:
    module, _, attribute = name.partition(":")
    importable(module)
    try:
        member = getattr(import_module(module), attribute)
    except Exception as error:
        # The module is the user's: anything can go wrong in it.
        why = " ".join(f"{type(error).__name__}: {error}".split())
        raise UnknownNameError(f"network {name!r} cannot be imported: {why}") from None
    return member

"""The paper's lists of architectures, from which its jobs draw (appendix A.3; method 1.8).

What the architectures are is told by ``agents.networks``.
"""

from rlgen.util.seeding import stream

#: 19 members, of which the first two of Big-ConvNet are the first two of ConvNet. Results are
#: labelled by architecture.
PAPER_FAMILIES: dict[str, tuple[str, ...]] = {
    "ConvNet": ("conv-a", "conv-b", "conv-k2x2", "conv-k2x3", "conv-k2x4"),
    "Big-ConvNet": (
        "conv-a",
        "conv-b",
        "big-128-x3",
        "big-128-x6",
        "big-256-x3",
        "big-256-x6",
        "big-512-x3",
        "big-512-x6",
    ),
    "MLP": (
        "mlp-512-128",
        "mlp-512-512",
        "mlp-1024-1024",
        "mlp-512-128-64",
        "mlp-1024-512-128",
        "mlp-1024x3",
    ),
}


def drawn_from(name: str) -> tuple[str, ...]:
    """The architectures that a protocol's name may mean: its own, or a paper's list of them."""
    return PAPER_FAMILIES.get(name, (name,))


def resolve(name: str, seed: int) -> str:
    """The architecture of one run: of a paper's list the one that its seed draws.

    The same in every setting with the same seed (A-28, A-29).
    """
    choices = drawn_from(name)
    if len(choices) == 1:
        return choices[0]
    return choices[int(stream(seed, "architecture", name).integers(len(choices)))]

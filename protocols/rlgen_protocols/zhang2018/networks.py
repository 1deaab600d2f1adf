"""The paper's architectures (appendix A.3; method 1.8) and the lists from which its jobs draw.

Convolutions have no padding (A-19), and no dense layer stands between the last of them and the
linear policy and value heads (A-20).
"""

from rlgen.networks.layers import Conv, Layers


def _plain(channels: int) -> Layers:
    return Layers((Conv(3, 1, channels), Conv(3, 2, channels)))


def _deep(channels: int, depth: int) -> Layers:
    return Layers((*[Conv(2, 1, channels)] * depth, Conv(3, 2, channels)))


#: The paper's 17 distinct architectures, and the first of them under two other readings of the
#: paper: with padding (A-19) and with a dense layer (A-20).
NETWORKS: dict[str, Layers] = {
    "conv-a": _plain(11),
    "conv-b": _plain(64),
    "conv-k2x2": _deep(64, 2),
    "conv-k2x3": _deep(64, 3),
    "conv-k2x4": _deep(64, 4),
    "big-128-x3": _deep(128, 3),
    "big-128-x6": _deep(128, 6),
    "big-256-x3": _deep(256, 3),
    "big-256-x6": _deep(256, 6),
    "big-512-x3": _deep(512, 3),
    "big-512-x6": _deep(512, 6),
    "mlp-512-128": Layers(dense=(512, 128)),
    "mlp-512-512": Layers(dense=(512, 512)),
    "mlp-1024-1024": Layers(dense=(1024, 1024)),
    "mlp-512-128-64": Layers(dense=(512, 128, 64)),
    "mlp-1024-512-128": Layers(dense=(1024, 512, 128)),
    "mlp-1024x3": Layers(dense=(1024, 1024, 1024)),
    "conv-a-same": Layers((Conv(3, 1, 11, padding=1), Conv(3, 2, 11, padding=1))),
    "conv-a-dense": Layers(_plain(11).convs, (256,)),
}

#: 19 members, of which the first two of Big-ConvNet are the first two of ConvNet. Results are
#: labelled by architecture.
LISTS: dict[str, tuple[str, ...]] = {
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

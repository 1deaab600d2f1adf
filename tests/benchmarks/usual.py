"""The networks of the benchmarks as somebody would write them for stable-baselines3."""

from stable_baselines3.common.torch_layers import BaseFeaturesExtractor
from torch import nn

WIDTHS = {"conv-a": 99, "mlp-512-128": 128}


class Extractor(BaseFeaturesExtractor):
    """The network "conv-a" or "mlp-512-128" on observations of maze-basic."""

    def __init__(self, space, name):
        super().__init__(space, WIDTHS[name])
        conv = [nn.Conv2d(7, 11, 3), nn.ReLU(), nn.Conv2d(11, 11, 3, 2), nn.ReLU(), nn.Flatten()]
        dense = [nn.Flatten(), nn.Linear(567, 512), nn.ReLU(), nn.Linear(512, 128), nn.ReLU()]
        self.layers = nn.Sequential(*(conv if name == "conv-a" else dense))

    def forward(self, observations):
        return self.layers(observations)


def policy(name):
    """Policy arguments of a stable-baselines3 model with that network and linear heads."""
    return {
        "features_extractor_class": Extractor,
        "features_extractor_kwargs": {"name": name},
        "net_arch": [],
        "normalize_images": False,
    }

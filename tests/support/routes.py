"""The routes of first layers, and what they give."""

import torch

from rlgen.util.seeding import stream
from rlgen_envs import FAMILIES

#: One network a route: narrow convolutions, wide ones of two kernels, dense layers.
ROUTES = ["conv-a", "conv-b", "conv-k2x2", "mlp-512-128"]


def played(family, count, steps=60):
    """Observations as training meets them."""
    member = FAMILIES[family]
    env = member.vector_env(member.generate(range(20), 0.3), count)
    observations, _ = env.reset(seed=0)
    rng = stream(0, "actions")
    for _ in range(steps):
        observations = env.step(rng.integers(5, size=count))[0]
    return torch.from_numpy(observations)


def told(trunk, observations):
    """Features and gradients."""
    trunk.zero_grad()
    features = trunk(observations)
    weights = torch.linspace(-1, 1, features.numel()).reshape(features.shape)
    (features * weights).sum().backward()
    return [features.detach(), *(parameter.grad.clone() for parameter in trunk.parameters())]


def assert_close(found, exact):
    for one, other in zip(found, exact, strict=True):
        assert one.shape == other.shape
        scale = max(1.0, float(other.abs().max()))
        assert float((one - other).abs().max()) <= 5e-4 * scale

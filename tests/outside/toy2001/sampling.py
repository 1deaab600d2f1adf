"""What the toy measures."""

from rlgen.util.seeding import stream


def sample(*, seed, size, centre, family):
    """The mean of some normal numbers."""
    values = centre + stream(seed, "toy", family).normal(0, 0.1, size)
    return {"mean": values.mean(), "n": size, "unknown": float("nan"), "values": list(values)}


def fail(*, seed):
    """An experiment that cannot be."""
    raise RuntimeError(f"no {seed}")

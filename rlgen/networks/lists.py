"""Names for several architectures, of which each training seed draws one: papers bring them."""

from rlgen import papers
from rlgen.networks.layers import ARCHITECTURES
from rlgen.util.seeding import stream


def drawn_from(name: str) -> tuple[str, ...]:
    """The architectures that a protocol's name may mean: its own, or a paper's list of them."""
    if name in ARCHITECTURES:
        return (name,)
    for paper in papers.catalogue().values():
        if name in paper.networks:
            break
        if name in paper.network_lists:
            return paper.network_lists[name]
    return (name,)


def resolve(name: str, seed: int) -> str:
    """The architecture of one run: of a paper's list the one that its seed draws.

    The same in every setting with the same seed (A-28, A-29).
    """
    choices = drawn_from(name)
    if len(choices) == 1:
        return choices[0]
    return choices[int(stream(seed, "architecture", name).integers(len(choices)))]

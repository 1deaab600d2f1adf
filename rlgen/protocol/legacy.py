"""Protocols of the first form, which did not name their paper but its claims."""

from rlgen import papers
from rlgen.papers import Paper
from rlgen.protocol.schema import Protocol


def paper_name(protocol: Protocol) -> str:
    """The paper whose claims have the names of those that a protocol declares; else empty."""
    if not protocol.claims:
        return ""
    catalogue = papers.catalogue()
    shared = {name: len(set(protocol.claims) & set(catalogue[name].claims())) for name in catalogue}
    best = max(shared, key=lambda name: shared[name])
    return best if shared[best] else ""


def paper(protocol: Protocol) -> Paper | None:
    """The same, as the paper itself."""
    name = paper_name(protocol)
    return papers.catalogue()[name] if name else None

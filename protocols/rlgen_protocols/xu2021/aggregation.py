"""Sums, means, minima and maxima of the members of segments."""

import torch

from rlgen.errors import ProtocolError, nearest

#: How what comes together is put together.
HOW = ("sum", "mean", "min", "max")


def aggregate(values: torch.Tensor, lengths: torch.Tensor, how: str) -> torch.Tensor:
    """Put the members of each segment together.

    Args:
        values: ``(E, d)``: the members of the first segment, then those of the second, and so on.
        lengths: int64 ``(n,)``; how many members each segment has, ``E`` together.
        how: One of ``HOW``.

    Returns:
        ``(n, d)``; 0 for a segment without members.

    Example:
        >>> aggregate(torch.tensor([[3.0], [1.0]]), torch.tensor([2, 0]), "min").tolist()
        [[1.0], [0.0]]
    """
    put = torch.segment_reduce(values, how, lengths=lengths)
    # Without members minima and maxima are infinite, and means are not numbers.
    return torch.where(lengths[:, None] > 0, put, 0.0)


def check(key: str, how: str) -> None:
    """Refuse what is not in ``HOW``.

    Raises:
        ProtocolError: With the key, the value and the nearest that there is.
    """
    if how not in HOW:
        raise ProtocolError(f"{key} = {how!r}: unknown aggregation{nearest(how, HOW)}")


def pair(key: str, names: str) -> tuple[str, str]:
    """Two of ``HOW``, of neighbours and of the readout, as in "min-sum".

    Raises:
        ProtocolError: For anything else.
    """
    pairs = {f"{one}-{other}": (one, other) for one in HOW for other in HOW}
    if names not in pairs:
        raise ProtocolError(f"{key} = {names!r}: unknown pair{nearest(names, pairs)}")
    return pairs[names]

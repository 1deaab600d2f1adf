"""Exactly reversible multiplication of integers by fractions (Maclaurin et al. 2015).

A fixed-point state that is multiplied by n / d < 1 loses log2(d / n) bits. Kept in an information
buffer they make the product a bijection: the state comes back bit for bit, however often it was
multiplied. Source: D. Maclaurin, D. Duvenaud, R. Adams, "Gradient-based hyperparameter optimization
through reversible learning", https://arxiv.org/abs/1502.03492, algorithm 3; used by MacKay et al.
2018 (https://arxiv.org/abs/1810.10999) and Sander et al. 2021 (https://arxiv.org/abs/2102.07870).

The product is exact as a bijection, not as arithmetic: its low log2(d) bits are those of the
buffer. A radix of 2^48 with d = 2^16 leaves a relative error near 1e-9 of a state near 1.
"""

from collections.abc import Sequence

import torch

#: No entry of a word reaches 2 to this power.
WORD_BITS = 62

#: Of both numerator and denominator, or one a unit.
Numerator = int | torch.Tensor


class InformationBuffer:
    """The bits that reversible products have dropped, one stack of words for each unit.

    Before a product after which some unit's word could reach 2^62, the words of all units are put
    aside and new ones begun; one flag a product says so, and the inverse takes them back.

    Args:
        like: An int64 tensor of the shape and on the device of the states.

    Attributes:
        word: The words in use, int64, 0 or larger; of the shape of the states.
        spilled: Of each product that is not undone, whether words were put aside before it.

    Example:
        >>> state = torch.tensor([1_000_003, -1_000_003])
        >>> buffer = InformationBuffer(state)
        >>> product = buffer.multiply(state, 58982, 65536)
        >>> product
        tensor([ 901693, -895139])
        >>> buffer.undo(product, 58982, 65536), buffer.empty
        (tensor([ 1000003, -1000003]), True)
    """

    def __init__(self, like: torch.Tensor) -> None:
        self.word = torch.zeros_like(like, dtype=torch.int64)
        self._full: list[torch.Tensor] = []
        self.spilled: list[bool] = []

    @classmethod
    def restored(
        cls, tensors: Sequence[torch.Tensor], spilled: Sequence[bool]
    ) -> "InformationBuffer":
        """A buffer of the ``tensors`` and ``spilled`` of another, which stays as it is."""
        *full, word = tensors
        buffer = cls(word)
        buffer.word, buffer._full, buffer.spilled = word, full, list(spilled)
        return buffer

    def multiply(self, state: torch.Tensor, n: Numerator, d: int) -> torch.Tensor:
        """Multiply by n / d and keep what is lost.

        Args:
            state: int64, of any sign.
            n: From 1 to ``d``; an int64 tensor that broadcasts to the states has one a unit.
            d: Denominator, at most 2^31.

        Returns:
            The product, int64, up to ``d`` beside n / d of the state.
        """
        spills = bool((self.word >= (1 << WORD_BITS) // d).any())
        if spills:
            self._full.append(self.word)
            self.word = torch.zeros_like(self.word)
        self.spilled.append(spills)
        word = self.word * d + state % d
        self.word = _floor(word, n)
        return _floor(state, d) * n + word % n

    def undo(self, product: torch.Tensor, n: Numerator, d: int) -> torch.Tensor:
        """The state of which ``multiply`` has last returned this product.

        Args:
            product: int64, bit for bit as it was returned.
            n: As it was there.
            d: Likewise.

        Raises:
            IndexError: If there was no product that is not undone yet.
        """
        spilled = self.spilled.pop()
        word = self.word * n + product % n
        self.word = _floor(word, d)
        state = _floor(product, n) * d + word % d
        if spilled:
            self.word = self._full.pop()
        return state

    @property
    def words(self) -> int:
        """Words a unit, the one in use included."""
        return len(self._full) + 1

    @property
    def tensors(self) -> list[torch.Tensor]:
        """All words, int64, each of the shape of the states."""
        return [*self._full, self.word]

    @property
    def empty(self) -> bool:
        """Whether nothing is kept: so it is after all products have been undone."""
        return not self._full and not self.spilled and not bool(self.word.any())


def to_fixed(values: torch.Tensor, radix_bits: int) -> torch.Tensor:
    """Fixed-point integers nearest to ``values * 2**radix_bits``, int64.

    Raises:
        OverflowError: If a value is not finite or has no place in 64 bits.
    """
    scaled = (values.double() * 2.0**radix_bits).round()
    if not bool((scaled.abs() < 2.0**63).all()):
        bound = 2 ** (63 - radix_bits)
        raise OverflowError(f"a state of {values.abs().max().item():g} is not below {bound}")
    return scaled.long()


def from_fixed(
    state: torch.Tensor, radix_bits: int, dtype: torch.dtype = torch.float64
) -> torch.Tensor:
    """The numbers that fixed-point integers stand for, rounded to a floating-point type."""
    return (state.double() * 2.0**-radix_bits).to(dtype)


def _floor(state: torch.Tensor, divisor: Numerator) -> torch.Tensor:
    """Quotients rounded down: rounded towards 0, negative states do not come back."""
    return torch.div(state, divisor, rounding_mode="floor")

"""What is searched: ranges and choices of a protocol's settings, as text."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rlgen.errors import ProtocolError
from rlgen.util.bracketed import parse_value
from rlgen.util.ranges import whole
from rlgen.util.toml import toml

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

#: Keys of a protocol that may be searched; all others are options of the agent.
KEYS = ("agent", "network", "regulariser")
#: Ends a range whose logarithm is searched evenly.
LOG = "log"

#: Between choices, and not within the brackets of one.
_BETWEEN = re.compile(r",(?![^\[]*\])")

Value = bool | int | float | str


@dataclass(frozen=True)
class Dimension:
    """One setting that is searched.

    Attributes:
        values: The choices; of a range its two ends.
        is_range: Whether values between the two are searched too.
        log: Whether the logarithm is searched evenly.
    """

    values: tuple[Value, ...]
    is_range: bool = False
    log: bool = False

    @property
    def distribution(self) -> "BaseDistribution":
        """As Optuna has it."""
        from optuna import distributions

        if not self.is_range:
            return distributions.CategoricalDistribution(self.values)
        low, high = self.values
        if all(isinstance(value, int) for value in self.values):
            return distributions.IntDistribution(int(low), int(high), log=self.log)
        return distributions.FloatDistribution(float(low), float(high), log=self.log)

    @property
    def text(self) -> str:
        """As ``dimension`` reads it."""
        if self.is_range:
            return ":".join([*(repr(value) for value in self.values), *[LOG] * self.log])
        return ",".join(map(toml_free, self.values))


def toml_free(value: Value) -> str:
    """A choice as it is typed."""
    return value if isinstance(value, str) else toml(value)


def dimension(key: str, text: str | Sequence[Any]) -> Dimension:
    """One setting that is searched.

    Args:
        key: Its name, for messages.
        text: ``"LOW:HIGH"``, ``"LOW:HIGH:log"``, or choices, ``"A,B,C"`` or a list of them. A range
            whose two ends are written without a point is one of whole numbers.

    Raises:
        ProtocolError: If it is neither.

    Examples:
        >>> dimension("learning_rate", "1e-4:1e-2:log").values
        (0.0001, 0.01)
        >>> dimension("batch_size", "64,256").values
        (64, 256)
    """
    if not isinstance(text, str):
        return _choices(key, tuple(text), ", ".join(map(str, text)))
    pieces = text.split(":")
    numbers = [parse_value(piece) for piece in pieces[:2]]
    is_range = len(pieces) in (2, 3) and all(_is_number(number) for number in numbers)
    if not is_range:
        choices = (whole(parse_value(choice.strip())) for choice in _BETWEEN.split(text))
        return _choices(key, tuple(choices), text)
    if len(pieces) == 3 and pieces[2] != LOG:
        raise ProtocolError(f"search: {key} = {text!r}: a range ends with :{LOG} or with nothing")
    low, high = numbers
    if not low < high or (len(pieces) == 3 and low <= 0):
        raise ProtocolError(
            f"search: {key} = {text!r}: the range is LOW:HIGH, from above 0 where it is {LOG}"
        )
    return Dimension((low, high), is_range=True, log=len(pieces) == 3)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _choices(key: str, values: tuple[Any, ...], text: str) -> Dimension:
    plain = all(isinstance(value, bool | int | float | str) and value != "" for value in values)
    if not plain or len(set(values)) < max(2, len(values)):
        raise ProtocolError(
            f"search: {key} = {text!r}: give LOW:HIGH, LOW:HIGH:{LOG}, or two or more different "
            "choices A,B"
        )
    return Dimension(values)


def space(search: Mapping[str, str | Sequence[Any]]) -> dict[str, Dimension]:
    """All that is searched, by key in the order given.

    Raises:
        ProtocolError: If there is nothing to search, or a key has no such values.
    """
    if not search:
        raise ProtocolError("search: name at least one setting, such as ent_coef=0:0.1")
    return {key: dimension(key, text) for key, text in search.items()}

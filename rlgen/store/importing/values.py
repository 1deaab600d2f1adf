"""Conversion of a file's columns to one type each, with every value validated."""

import hashlib
import math
from collections.abc import Callable, Mapping
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rlgen.errors import ImportedFileError, nearest

#: Words for the three pools.
POOLS: Mapping[str, str] = {
    **dict.fromkeys(("train", "training", "seen"), "train"),
    **dict.fromkeys(("validation", "valid", "val", "dev"), "validation"),
    **dict.fromkeys(("test", "testing", "held-out", "heldout", "unseen"), "test"),
    **dict.fromkeys(("eval", "evaluation"), "test"),
}
_TRUTH = {"true": "1", "false": "0", "yes": "1", "no": "0"}
#: The largest magnitude of a return: variances and their squares stay finite.
MOST_RETURN = 1e50
#: Ids of levels are below this; names are hashed into a smaller range.
_MOST = 2**63


class Column:
    """One column of one file, for messages and conversion.

    Args:
        where: The file, and the column's name in it.
        values: As in the file, or one value for all rows.
    """

    def __init__(self, where: str, values: pd.Series) -> None:
        self._where, self._values = where, values
        self._numeric = isinstance(values.dtype, np.dtype) and values.dtype.kind in "iuf"

    @cached_property
    def _words(self) -> tuple[NDArray[np.intp], list[str]]:
        """The code of each row's word, and the distinct words, of which there are usually few."""
        values = self._values
        if not self._numeric:
            values = values.astype(object).where(values.notna(), "")
        # Not ``astype(str)``, which keeps nan as nan.
        text = values.map(str).str.strip()
        codes, words = pd.factorize(text.to_numpy(dtype=object))
        return codes, [str(word) for word in words]

    def _each(self, convert: Callable[[str], object], kind: type) -> pd.Series:
        """Convert every word; an error names the first row with a wrong one."""
        codes, words = self._words
        converted: list[object] = []
        for number, word in enumerate(words):
            try:
                converted.append(convert(word))
            except ValueError as error:
                row = int(np.flatnonzero(codes == number)[0]) + 1
                value = f"{word!r} " if word else "empty: "
                raise ImportedFileError(f"{self._where}, row {row}: {value}{error}") from None
        return pd.Series(np.array(converted, kind)[codes], dtype=kind)

    def texts(self) -> pd.Series:
        """Non-empty names."""
        return self._each(_text, object)

    def numbers(
        self, low: float = -math.inf, high: float = math.inf, *, missing: bool = False
    ) -> pd.Series:
        """Finite numbers within limits; true and false are 1 and 0.

        Args:
            low: The lowest.
            high: The highest.
            missing: Whether an empty field is a number that is not known, nan.
        """
        try:
            # All at once if possible; a wrong value is then searched for word by word.
            numbers = self._values.to_numpy(object).astype(np.float64)
        except (TypeError, ValueError):
            numbers = np.array([np.nan])
        if np.isfinite(numbers).all() and (numbers >= low).all() and (numbers <= high).all():
            return pd.Series(numbers)
        return self._each(
            lambda word: math.nan if missing and not word else _number(word, low, high), float
        )

    def counts(self) -> pd.Series:
        """Whole numbers from 0."""
        return self._each(_count, np.int64)

    def pools(self) -> pd.Series:
        """Each one of "train", "validation" and "test"."""
        return self._each(_pool, object)


def level_ids(names: pd.Series) -> pd.Series:
    """Level ids: the names themselves where all are whole numbers, else hashes of the names.

    A name has the same hash in every import, so that levels can be compared.

    Args:
        names: Of levels.

    Raises:
        ImportedFileError: If two names are one number, such as "1" and "01".
    """
    codes, words = pd.factorize(names.to_numpy(dtype=object))
    texts = [str(word) for word in words]
    own = [number for text in texts if (number := _own_number(text)) is not None]
    if len(own) == len(texts):
        _refuse_two_names(texts, own)
    numbers = own if len(own) == len(texts) else [_hashed(text) for text in texts]
    return pd.Series(np.array(numbers, np.int64)[codes], names.index)


def _refuse_two_names(texts: list[str], numbers: list[int]) -> None:
    names: dict[int, str] = {}
    for text, number in zip(texts, numbers, strict=True):
        name = names.setdefault(number, text)
        if name.removesuffix(".0") != text.removesuffix(".0"):
            raise ImportedFileError(
                f"levels {name!r} and {text!r} are the same number: write one level alike "
                "everywhere, and names of different levels with a letter"
            )


def _own_number(text: str) -> int | None:
    whole = text.removesuffix(".0")
    # Python converts no thousands of digits.
    number = int(whole) if whole.isascii() and whole.isdigit() and len(whole) < 20 else _MOST
    return number if number < _MOST else None


def _hashed(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 2


def _text(word: str) -> str:
    if not word:
        raise ValueError("a name is expected")
    if not word.isprintable():
        raise ValueError("holds a character that cannot be printed")
    return word


def _number(word: str, low: float, high: float) -> float:
    try:
        number = float(_TRUTH.get(word.lower(), word))
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError("is not a number" if word else "a number is expected")
    if not low <= number <= high:
        raise ValueError(f"must be from {low:g} to {high:g}")
    return number


def _count(word: str) -> int:
    number = _number(word, 0, 2**62)
    if number != int(number):
        raise ValueError("must be a whole number")
    # Not via float, which cannot represent all of them.
    return int(word) if word.isdigit() and len(word) < 20 else int(number)


def _pool(word: str) -> str:
    name = word.lower().replace("_", "-").replace(" ", "-")
    if name not in POOLS:
        raise ValueError(f"is not a pool{nearest(name, POOLS)}")
    return POOLS[name]

"""Axes of magnitudes, whose labels are plain text: formulas are not drawn."""

from math import log10

from matplotlib.axis import Axis
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter


def of_magnitudes(axis: Axis, *, most: int = 7, few: bool = False) -> None:
    """Label powers of ten as ``1e-5`` and ``1,000``.

    Args:
        axis: Logarithmic.
        most: How many labels at most.
        few: Whether so few powers are drawn that 3 times each is labelled too.
    """
    axis.set_major_locator(LogLocator(10, subs=(1.0, 3.0) if few else (1.0,), numticks=most))
    axis.set_major_formatter(FuncFormatter(lambda value, _: written(value)))
    axis.set_minor_formatter(NullFormatter())


def written(value: float) -> str:
    """The label of a power of ten, or of a number near 1.

    Example:
        >>> written(1e-18), written(0.1), written(1000.0)
        ('1e-18', '0.1', '1,000')
    """
    power = round(log10(value)) if value > 0 else 0
    if not -3 <= power <= 4:
        return f"1e{power}"
    return f"{value:,.0f}" if value >= 1 else f"{value:.3g}"

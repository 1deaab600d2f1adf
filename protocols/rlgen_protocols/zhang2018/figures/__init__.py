"""The figures and tables of Zhang et al. 2018 in the paper's own form, each beside ours.

One module a form, and a table from item to form. A part of a study, a plain protocol, says with
its key ``item`` which of them it makes. To add an item: its line in ``ITEMS``; a form of its own
is a module with a ``Form``.
"""

from dataclasses import dataclass

from rlgen.analysis.results import Results
from rlgen.protocol.schema import Protocol
from rlgen.report.figures.base import Drawing
from rlgen_protocols.zhang2018 import STRIPS
from rlgen_protocols.zhang2018.figures.bars import Bars
from rlgen_protocols.zhang2018.figures.curves import Curves
from rlgen_protocols.zhang2018.figures.detection import Detection
from rlgen_protocols.zhang2018.figures.layout import Form
from rlgen_protocols.zhang2018.figures.selection import Selection
from rlgen_protocols.zhang2018.figures.stickiness import Stickiness
from rlgen_protocols.zhang2018.figures.strips import StickyStrip, Strips
from rlgen_protocols.zhang2018.figures.tables import Table

__all__ = ["ITEMS", "Item", "draw"]


@dataclass(frozen=True)
class Item:
    """A figure or table of the paper.

    Attributes:
        title: Its heading: number and subject.
        form: How it is drawn.
    """

    title: str
    form: Form

    @property
    def reading(self) -> str:
        """How to read the item."""
        return self.form.reading


_BARS, _DETECTION = Bars(), Detection()

ITEMS: dict[str, Item] = {
    "fig2a": Item("Figure 2a: learning curves by number of training levels", Curves()),
    "fig2b": Item("Figure 2b: final return under randomised rewards", _BARS),
    "fig3a": Item("Figure 3a: stochasticity in training, BASIC", _BARS),
    "fig3b": Item("Figure 3b: stochasticity as a check, BASIC", _DETECTION),
    "fig4": Item("Figure 4: sticky actions as a check", StickyStrip()),
    "fig5": Item("Figure 5: stochasticity in training, BLOCKS", _BARS),
    "fig6": Item("Figure 6: stochasticity in training, TUNNEL", _BARS),
    "fig7": Item("Figure 7: stochasticity as a check, all variants", _DETECTION),
    "fig8-17": Item("Figures 8 to 17: episodes step by step", Strips()),
    "fig18": Item("Figure 18: return by stickiness", Stickiness()),
    "table2": Item("Table 2: MLP and ConvNet", Table("table2.csv")),
    "table3": Item("Table 3: MLP and Big-ConvNet", Table("table3.csv")),
}


def draw(results: Results, part: Protocol, item: str) -> Drawing | None:
    """An item of the paper from the runs of a part.

    Args:
        results: The store's tables.
        part: Its settings say which runs belong to the item; those that have no run yet are gaps
            in the drawing and named in its note.
        item: A key of ``ITEMS``.

    Returns:
        The drawing, or None if nothing of it is there.
    """
    selection = Selection(results, part, results.recorded.get(STRIPS, {}))
    if selection.jobs.empty:
        return None
    return ITEMS[item].form.draw(selection, f"zhang2018-{item}")

"""Cases whose truth is known: what is measured of them must come out so."""

from collections.abc import Sequence

from rlgen.analysis.claims import Claim, Control, Part, above, fact
from rlgen.analysis.results import Results
from rlgen_protocols.graphs.estimates import rows, share
from rlgen_protocols.xu2019.claims import SUM


def _easy(results: Results, margins: Sequence[float]) -> list[Part]:
    table = rows(results.measured("fit"), labels="parity", features="degrees", **SUM)
    if table.empty:
        return []
    right = share(table["train"], int(table["mazes"].iloc[0]))
    return [above("training accuracy, sum with an MLP", right, margins[0])]


def _impossible(results: Results, margins: Sequence[float]) -> list[Part]:
    table = rows(results.measured("fit"), labels="pairs")
    parts = []
    for (aggregation, update), own in table.groupby(["aggregation", "update"], sort=True):
        apart = list(own["train"] > margins[0])
        parts.append(fact(f"training accuracy, {aggregation}, {update}", apart, "above a half"))
    return parts


CONTROLS = {
    "GIN-K1": Control(
        Claim(
            "Sums with an MLP fit the parity of the number of dead ends when cells know their "
            "degree.",
            "true: the degrees of its cells tell each maze from the others",
            "fit",
            {"training accuracy": 0.95},
            _easy,
        ),
        "supported",
    ),
    "GIN-K2": Control(
        Claim(
            "Some variant tells apart pairs of graphs that 1-WL cannot.",
            "false by theorem: 1-WL is the limit of message passing",
            "fit",
            {"training accuracy": 0.5},
            _impossible,
            every=False,
        ),
        "refuted",
    ),
}

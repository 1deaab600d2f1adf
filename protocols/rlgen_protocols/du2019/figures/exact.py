"""What is exact: pairs that nothing tells apart, and networks of finite width."""

import pandas as pd

from rlgen.analysis.results import Results
from rlgen.papers import Section
from rlgen.report.figures.base import INK
from rlgen_protocols.du2019.figures.learning import means
from rlgen_protocols.graphs.panels import (
    COLOURS,
    interval,
    named_places,
    numbered,
    panels,
    points,
    powers,
)


def bridges(results: Results) -> Section | None:
    """Relative difference of rows of pairs, and the error of what is predicted from them."""
    rows = results.measured("bridges")
    if rows.empty:
        return None
    by = ["setting", "blocks", "layers", "jumping"]
    table = [
        {
            **dict(zip(by, key, strict=True)),
            "difference": own["difference"].max(),
            "error": own["nmse"].mean(),
            "error of the subtree kernel": own["wl_nmse"].mean(),
            "seeds": len(own),
        }
        for key, own in rows.groupby(by, sort=True)
    ]
    data = pd.DataFrame(table)
    names = sorted(set(data["setting"]))
    titles = ["rows of a pair", "has it a bridge?"]
    with panels("du2019-bridges", "Pairs with and without a bridge", titles) as picture:
        left, right = picture.axes
        places = [names.index(setting) for setting in data["setting"]]
        # A difference of 0 has no place on a logarithmic axis: it stands at its foot.
        left.plot(places, data["difference"].clip(lower=1e-18), "o", color=COLOURS[0])
        left.axhline(1e-8, color=INK, linestyle="--", linewidth=0.8)
        powers(left)
        left.set_ylim(1e-19, 1e-6)
        left.set_ylabel("largest relative difference")
        right.plot(places, data["error"], "o", color=COLOURS[0])
        right.axhline(1, color=INK, linestyle="--", linewidth=0.8)
        right.set_ylim(0, 1.5)
        right.set_ylabel("test error / variance")
        for axis in picture.axes:
            named_places(axis, names)
    return Section(
        "bridges",
        "Pairs of graphs with and without a bridge",
        "Left the largest relative difference between the rows of the kernel of a dumbbell and a "
        "theta, which refinement cannot tell apart, over all pairs and seeds; each point is an "
        "architecture, and the line is what rounding may do (DU-03; exact zeros stand at the "
        "foot). Right the error of predicting which has a bridge: 1 is guessing.",
        picture.svg,
        data=data,
        of_agents=False,
    )


def width(results: Results) -> Section | None:
    """Distance of the tangent kernels of networks of finite width."""
    rows = results.measured("width")
    if rows.empty:
        return None
    widths = sorted(rows["width"].unique())
    what = {"deviation": "from half of it", "deviation_whole": "from it"}
    data = pd.DataFrame(
        {"width": width, "what": words, **interval(rows[rows["width"] == width][key])}
        for key, words in what.items()
        for width in widths
    )
    with panels("du2019-width", "Networks of finite width", [""], width=5.0) as picture:
        (axis,) = picture.axes
        for colour, words in zip(COLOURS, what.values(), strict=False):
            own = data[data["what"] == words]
            points(axis, widths, means(own), fmt="o-", color=colour, label=words)
        numbered(axis, widths)
        powers(axis)
        axis.set(xlabel="hidden units", ylabel="relative distance")
    return Section(
        "width",
        "Networks of finite width beside the recursion",
        "Relative distance of the tangent kernel of networks with random weights from the "
        "recursion's, of one block and one layer: it becomes half of it, since the authors' code "
        "doubles the kernel. Ridge regression and support vector machines do not see a factor.",
        picture.svg,
        data=data,
        of_agents=False,
    )

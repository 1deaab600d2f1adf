"""Draw the README's picture: ``python docs/picture.py`` writes ``docs/learning-curves.svg``.

It is the figure of learning curves of the quickstart's kept run, as its page has it.
"""

import sys
from pathlib import Path

import matplotlib as mpl

import rlgen

ROOT = Path(__file__).parents[1]
BUNDLE = ROOT / "protocols" / "results" / "quickstart.tar.xz"


def draw(target: Path) -> None:
    """Write the picture; the same bytes each time, with the same version of matplotlib."""
    figure = rlgen.plot.learning_curves(BUNDLE)[0].figure
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "rlgen"}):
        figure.savefig(
            target, format="svg", facecolor="white", bbox_inches="tight", metadata={"Date": None}
        )


if __name__ == "__main__":
    draw(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "learning-curves.svg")

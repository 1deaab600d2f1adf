"""What was run, beside what is planned and what the paper ran; and what is under way."""

from collections.abc import Iterable, Mapping
from typing import Any

from rlgen.analysis.convergence import in_words
from rlgen.analysis.results import Results
from rlgen.errors import ProtocolError
from rlgen.protocol import shipped, suite
from rlgen.util.words import counted

#: The budget at which a paper's suite runs what the paper ran.
BUDGET = "paper"
#: From here on powers of ten are written as such.
LEAST_POWER = 7
_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def progress(results: Results) -> str:
    """The line, without its full stop; empty where there is nothing to say.

    Example: "89 of 259 runs, 4 million steps a run (the paper: 10⁹)".
    """
    if results.imported:
        return ""
    missing = {cell["id"] for cell in results.missing}
    runs = [cell for cell in results.plan if cell.get("records", True)]
    others = [cell for cell in results.plan if not cell.get("records", True)]
    pieces = []
    if runs:
        pieces.append(_of(runs, missing, "run"))
        if steps := _steps(cell for cell in runs if cell["id"] not in missing):
            pieces.append(f"{steps} a run{_of_paper(results)}")
    if others:
        pieces.append(_of(others, missing, "further cell" if runs else "cell"))
    return ", ".join(pieces)


def under_way(results: Results) -> list[dict[str, Any]]:
    """The runs that have not ended: ``label``, last ``step``, of how many ``steps``, ``returns``.

    ``returns`` has the mean return at that step by pool.
    """
    going = []
    for cell in results.missing:
        if rows := results.under_way.get(cell["id"]):
            step = max(row["step"] for row in rows)
            going.append(
                {
                    "label": cell["label"],
                    "step": step,
                    "steps": cell["settings"].get("steps"),
                    "returns": {r["split"]: r["ret_mean"] for r in rows if r["step"] == step},
                }
            )
    return going


def _of(cells: list[dict[str, Any]], missing: set[str], noun: str) -> str:
    done = sum(cell["id"] not in missing for cell in cells)
    return f"{done:,} of {counted(len(cells), noun)}"


def _steps(cells: Iterable[Mapping[str, Any]]) -> str:
    """How long these runs were trained; empty if they were not trained here."""
    trained = [own for cell in cells if not (own := cell["settings"]).get("policy_hash")]
    steps = sorted({int(own.get("steps") or 0) for own in trained} - {0})
    if not steps:
        return ""
    ends = dict.fromkeys((power(steps[0]), power(steps[-1])))
    return f"{' to '.join(ends)} steps"


def _of_paper(results: Results) -> str:
    """The steps of a run of the study's paper, if its suite is shipped and says so."""
    name = f"{results.protocol.name}-"
    suites = [own for own in shipped.suites() if name.startswith(f"{own}-")]
    if not results.protocol.paper or not suites:
        return ""
    try:
        steps = suite.read(max(suites, key=len), budget=BUDGET).whole.steps
    except ProtocolError:  # it has no such budget
        return ""
    return f" (the paper: {power(steps)})"


def power(steps: int) -> str:
    """A number of steps: large powers of ten as such.

    Example:
        >>> power(1_000_000_000), power(4_000_000)
        ('10⁹', '4 million')
    """
    exponent = len(str(steps)) - 1
    if exponent >= LEAST_POWER and steps == 10**exponent:
        return "10" + str(exponent).translate(_SUPERSCRIPTS)
    return in_words(steps)

"""A model card of a study: its answers with intervals, as the Hugging Face hub shows them."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rlgen.analysis import unseen
from rlgen.analysis.results import Results
from rlgen.analysis.stats.estimates import POOLS
from rlgen.analysis.verdicts import count, largest
from rlgen.report.sections.scope import apart, scope
from rlgen.report.summary import summarise
from rlgen.report.tables import ENDS, interval
from rlgen.store.opening import opened

#: Characters that mean something in Markdown or in HTML within it.
_MARKS = r"\`*_{}[]<>()#+!|~&$"
_NAMES = {"train": "training levels", "validation": "validation levels", "test": "held-out levels"}


def card(store: str | Path) -> str:
    """The model card of a store or a bundle, Markdown with a head in YAML.

    Args:
        store: The store.

    Raises:
        StoreError: If it cannot be read.
    """
    with opened(Path(store)) as study:
        results = Results.load(study)
        summary, unit = summarise(results), unseen.unit(results)
    return "".join(f"{line}\n" for line in _lines(summary, unit))


def _lines(summary: Mapping[str, Any], unit: str) -> Iterator[str]:
    cells = summary["cells"]
    yield "---"
    # JSON is YAML, and quotes whatever a name holds.
    yield from (f"{key}: {json.dumps(value)}" for key, value in _head(summary).items())
    yield "---"
    yield ""
    yield f"# {_plain(summary['protocol'])}"
    yield ""
    yield from (f"- {_plain(cell['sentence'])}" for cell in cells)
    yield from (
        f"- {_plain(pair['sentence'])}" for pair in summary.get("comparison", {}).get("pairs", ())
    )
    yield ""
    yield f"Mean return, with 95 % intervals {scope(summary, unit)}{_but(cells)}:"
    yield ""
    yield "| agent | network | family | training levels | runs | training | held-out | gap |"
    yield "|---|---|---|---|---|---|---|---|"
    for cell in cells:
        names = [_plain(str(cell[key])) for key in ("agent", "network", "family")]
        means = cell["conditions"][summary["condition"]]
        estimates = [means[part] for part in ("train", "test", "gap")]
        size = largest(*(each["mean"] for each in estimates))
        numbers = [interval(**{end: each[end] for end in ENDS}, size=size) for each in estimates]
        own = [*names, count(cell["n_train_levels"]), str(cell["runs"]), *numbers]
        yield f"| {' | '.join(own)} |"
    yield ""
    yield _plain(summary["rule"])
    yield ""
    yield (
        f"Made by rlgen {summary['rlgen']} of a study's results (`rlgen card`). A gap is the mean "
        f"return on training levels minus that on held-out levels. {_plain(apart(summary))}"
    )


def _but(cells: Sequence[Mapping[str, Any]]) -> str:
    """That a single policy has none of these intervals."""
    if not any("policy_gap" in cell for cell in cells):
        return ""
    return "; of one policy there are none, and its own interval stands in its sentence"


def _head(summary: Mapping[str, Any]) -> dict[str, Any]:
    """What the hub reads."""
    models = [
        {
            "name": f"{cell['agent']}/{cell['network']}",
            "results": list(_results(cell, cell["conditions"][summary["condition"]])),
        }
        for cell in summary["cells"]
    ]
    return {"tags": ["reinforcement-learning", "generalization", "rlgen"], "model-index": models}


def _results(cell: Mapping[str, Any], means: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The mean return on each pool on which there is one."""
    for pool in POOLS:
        mean = means[pool]["mean"]
        if mean is not None and mean == mean:
            yield {
                "task": {"type": "reinforcement-learning", "name": "reinforcement-learning"},
                "dataset": {"name": f"{cell['family']}, {_NAMES[pool]}", "type": cell["family"]},
                "metrics": [{"type": "mean_reward", "value": round(float(mean), 6)}],
            }


def _plain(text: str) -> str:
    """Text that Markdown shows as it is, on one line."""
    escaped = "".join(f"\\{sign}" if sign in _MARKS else sign for sign in text)
    return " ".join(escaped.split())

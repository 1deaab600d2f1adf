"""A model card of a study: its answers with intervals, as the Hugging Face hub shows them."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rlgen.analysis import unseen
from rlgen.analysis.results import Results
from rlgen.analysis.stats.estimates import POOLS
from rlgen.analysis.verdicts import count, largest, setting, with_ends
from rlgen.report.sections.scope import apart, scope
from rlgen.report.summary import summarise
from rlgen.store.opening import opened
from rlgen.util.words import counted

#: Characters that mean something in Markdown or in HTML within it.
_MARKS = r"\`*_{}[]<>()#+!|~&$"
#: Columns of the table that there are where some cell has another value.
_MORE = {"regulariser": "none", "flip_p": 0}
_HEADS = ("training levels", "runs", "training", "held-out", "gap")
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
    for cell in cells:
        yield f"- {_plain(cell['sentence'])}"
        yield from (f"  - {_plain(pool['sentence'])}" for pool in cell.get("pools", {}).values())
    yield from (
        f"- {_plain(pair['sentence'])}" for pair in summary.get("comparison", {}).get("pairs", ())
    )
    if lacking := _lacking(summary):
        yield f"- {lacking}"
    yield ""
    yield f"Mean return, with 95 % intervals {scope(summary, unit)}{_but(cells)}:"
    yield ""
    keys = ["agent", "network", "family"]
    keys += [key for key, none in _MORE.items() if any(cell[key] != none for cell in cells)]
    heads = [*(key.replace("flip_p", "flip probability") for key in keys), *_HEADS]
    yield f"| {' | '.join(heads)} |"
    yield "|---" * len(heads) + "|"
    for cell in cells:
        names = [_plain(f"{cell[key]:g}" if key == "flip_p" else str(cell[key])) for key in keys]
        means = cell["conditions"][summary["condition"]]
        estimates = [means[part] for part in ("train", "test", "gap")]
        size = largest(*(each["mean"] for each in estimates))
        numbers = [with_ends(e["mean"], e["low"], e["high"], size) for e in estimates]
        own = [*names, count(cell["n_train_levels"]), str(cell["runs"]), *numbers]
        yield f"| {' | '.join(own)} |"
    yield ""
    yield _plain(summary["rule"])
    yield ""
    yield (
        f"Made by rlgen {summary['rlgen']} of a study's results (`rlgen card`). A gap is the mean "
        f"return on training levels minus that on held-out levels. {_plain(apart(summary))}"
    )


def _lacking(summary: Mapping[str, Any]) -> str:
    """How many cells are missing; empty where none is."""
    missing, failed = len(summary["missing"]), len(summary["failed"])
    if not missing:
        return ""
    more = f", {failed} of them failed" if failed else ""
    return f"{counted(missing, 'cell')} {'is' if missing == 1 else 'are'} missing{more}."


def _but(cells: Sequence[Mapping[str, Any]]) -> str:
    """That a single policy has none of these intervals."""
    if not any("policy_gap" in cell for cell in cells):
        return ""
    return "; of one policy there are none, and its own interval stands in its sentence"


def _head(summary: Mapping[str, Any]) -> dict[str, Any]:
    """What the hub reads."""
    cells = summary["cells"]
    short = [f"{cell['agent']}/{cell['network']}" for cell in cells]
    models = [
        {
            "name": name if short.count(name) == 1 else setting(cell),
            "results": list(_results(cell, cell["conditions"][summary["condition"]])),
        }
        for name, cell in zip(short, cells, strict=True)
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

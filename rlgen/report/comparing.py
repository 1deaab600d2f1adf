"""Two studies compared, level by level, or the arms of one."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rlgen.analysis.results import Results
from rlgen.analysis.same_levels import differing
from rlgen.analysis.stats.comparisons import across
from rlgen.errors import StoreError, nearest
from rlgen.report.sections.comparison import plain, rule
from rlgen.store.opening import opened
from rlgen.util import files

#: Said where one of two studies was measured elsewhere.
TRUST = (
    "{} was imported: that its levels are those of the same family and number is taken on trust."
)


def compare(store: str | Path, other: str | Path | None = None) -> dict[str, Any]:
    """Which agents, networks and regularisers of one study, or of two, generalise better.

    Args:
        store: A store or a bundle.
        other: Another, whose runs have seeds, training levels and held-out levels in common with
            it; its arms are compared with those of the first. Without it the arms of the first are
            compared with each other.

    Returns:
        ``rule`` and ``pairs`` as of a summary's ``comparison``, the ``condition`` under which
        returns are compared, and ``trust``, what is taken on trust of imported results, or nothing.

    Raises:
        StoreError: If one cannot be read, or there is nothing to compare.
    """
    with opened(Path(store)) as one:
        results = Results.load(one)
        trust = ""
        if other is None:
            pairs = results.compared.pairs
            if not pairs:
                raise StoreError(
                    f"{store}: has one agent, network and regulariser on each task, which can be "
                    "compared with those of a second store"
                )
        else:
            with opened(Path(other)) as two:
                theirs = Results.load(two)
                _check(results, theirs, str(store), str(other))
                condition = results.main
                if results.imported != theirs.imported:
                    trust = TRUST.format(store if results.imported else other)
                rows = theirs.folded[theirs.folded["condition"] == condition]
                pairs = across(
                    (str(store), results.main_records), (str(other), rows), results.compared.order
                )
            if not pairs:
                raise StoreError(
                    f"{other}: has no family, number of training levels and flip probability in "
                    f"common with {store}"
                )
        value: dict[str, Any] = files.without_nan(
            {
                "condition": results.main,
                "trust": trust,
                "rule": rule(pairs),
                "pairs": [plain(pair, results, pairs) for pair in pairs],
            }
        )
        return value


def _check(one: Results, other: Results, where: str, other_where: str) -> None:
    """Refuse studies whose returns are not of the same levels under the same condition."""
    if one.main not in other.conditions:
        raise StoreError(
            f"{other_where}: has not been evaluated under {one.main!r}, as {where} has"
            f"{nearest(one.main, other.conditions)}"
        )
    if one.imported or other.imported:
        return  # of imported levels nothing is known but their numbers
    families, others = _families(one), _families(other)
    for name in families.keys() & others.keys():
        if key := differing(families[name], others[name]):
            raise StoreError(
                f"{other_where}: {key} of {name} is {others[name].get(key)!r}, and "
                f"{families[name].get(key)!r} in {where}: their levels are others"
            )


def _families(results: Results) -> dict[str, Mapping[str, Any]]:
    """Settings of one cell of each family."""
    cells = [cell["settings"] for cell in results.plan if cell.get("records", True)]
    return {str(settings.get("family")): settings for settings in cells}

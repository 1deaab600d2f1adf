"""The numbers of the report as plain values: the content of ``summary.json``."""

from dataclasses import replace
from typing import Any

from rlgen.analysis import convergence, one_policy, unseen
from rlgen.analysis.bounds import cut, displayed, possible
from rlgen.analysis.further import shifts
from rlgen.analysis.probes import Probed
from rlgen.analysis.results import Results
from rlgen.analysis.stats.choices import TOP, Group
from rlgen.analysis.stats.estimates import POOLS, QUANTITIES, gap_to
from rlgen.analysis.stats.regularisers import Effect, effects
from rlgen.analysis.stats.tables import CELL
from rlgen.analysis.verdicts import largest, number, rule, setting, with_ends
from rlgen.report.sections import probes
from rlgen.report.sections.cards import card
from rlgen.report.sections.certificates import certificates
from rlgen.report.sections.claims import claims
from rlgen.report.sections.comparison import comparison
from rlgen.report.sections.elsewhere import elsewhere
from rlgen.report.sections.extrapolation import answer
from rlgen.report.sections.progress import under_way
from rlgen.util import files
from rlgen.util.version import __version__

#: Increased whenever the meaning of a key changes.
SCHEMA = 1


def summarise(results: Results) -> dict[str, Any]:
    """The summary of a study.

    ``cells`` has one entry for each cell of the grid, over its runs: its keys, ``runs``, and under
    ``train``, ``validation``, ``test`` and ``gap`` the mean episode return with the ends of
    its 95 % interval under the condition ``condition``; the same for normalised scores under
    ``normalised`` and for the probability of solving a level under ``solved``; all conditions
    under ``conditions``; ``training``, how its runs' training ended (``convergence.Ending.plain``);
    ``verdict`` and the ``sentence`` that says it; of a single policy made
    elsewhere ``policy_gap``, with levels as the only samples; what ``cards.card``
    adds; and, in a study with further pools, ``pools`` (``_pools``). ``selection`` has one entry
    for each group of jobs with the same task (``choices.Group``), ``certificates`` one for each run
    (``certificates.certificates``), and ``regularisers`` one for
    each regulariser in each cell (``regularisers.Effect``). ``alarms`` has for each run the step
    at which overfitting was first certain, null where it never was, ``training`` how its learning
    curve ends (``plateau.Trend.plain``). ``imported`` is null, or of
    results from elsewhere what was read and what could not be computed (``elsewhere.elsewhere``).
    ``claims`` is null where the protocol declares none, or as ``claims.claims`` says.
    ``probes``, where networks were probed, as ``probes.probes`` says, and of each cell as
    ``probes.of_cell``.
    ``answer``, where several networks play pools beyond training, says which extrapolate.
    ``comparison``, where several arms play the same levels, as ``comparison.comparison`` says.
    ``groups``, where whole groups of levels are held out, has what is earned on each
    (``unseen.returns``).
    ``under_way``, where there are such, has an entry for each run that has not ended
    (``progress.under_way``).
    ``not_counted``, where there are such, says which stored runs are no part of the answer. null is
    unknown elsewhere; of a seed or a number of training levels -1 is.
    """
    cells = [_cell(results, cell) for cell in results.cells]
    summary = {
        "schema_version": SCHEMA,
        "rlgen": __version__,
        "protocol": results.protocol.name,
        "condition": results.main,
        "imported": elsewhere(results),
        "claims": claims(results),
        "rule": rule(results.protocol.margin),
        "cells": cells,
        "selection": [_group(group) for group in results.groups],
        "certificates": certificates(results),
        "regularisers": [_regulariser(effect) for effect in effects(results.main_records)],
        "alarms": [
            {"run_id": run, "step": results.alarms.get(run)} for run in sorted(results.provenance)
        ],
        "training": [{"run_id": run, **own.plain} for run, own in sorted(results.trends.items())],
        "accesses": [dict(entry) for entry in results.accesses],
        "runs": sorted(results.provenance),
        "missing": [
            cell["label"] for cell in results.missing if cell["id"] not in results.failures
        ],
        "failed": [cell["label"] for cell in results.missing if cell["id"] in results.failures],
        "manifests": sorted(set(results.folded["manifest"])),
    }
    if results.probed:
        probed = Probed(results)
        summary["probes"] = probes.probes(probed)
        summary["cells"] = [c | {"probes": probes.of_cell(probed, c)} for c in cells]
    if extrapolating := answer(cells):
        summary["answer"] = extrapolating
    if groups := list(unseen.returns(results)):
        summary["groups"] = groups
    if going := under_way(results):
        summary["under_way"] = going
    if results.compared.pairs:
        summary["comparison"] = comparison(results)
    if results.not_counted:
        summary["not_counted"] = list(results.not_counted)
    plain: dict[str, Any] = files.without_nan(summary)
    return plain


def _cell(results: Results, cell: dict[str, Any]) -> dict[str, Any]:
    entry: dict[str, Any] = {key: cell[key] for key in CELL} | {"runs": cell["runs"]}
    entry |= _parts(results, cell, results.main, "return")
    for quantity in QUANTITIES:
        if quantity != "return":
            entry[quantity] = _parts(results, cell, results.main, quantity)
    entry["conditions"] = {c: _parts(results, cell, c, "return") for c in results.conditions}
    entry["training"] = convergence.of_cell(results, cell).plain
    verdict = results.verdict(cell)
    entry["verdict"] = verdict.word
    gap = displayed(results, cell, "return", "gap")
    because = verdict.and_because(gap.warning).because
    scope = unseen.scope(results, cell)
    entry["sentence"] = sentence(cell, entry | {"gap": vars(gap)}, verdict.word, because, scope)
    if one_policy.is_one_policy(results, cell):
        gaps = {name: one_policy.gap(results, cell, name) for name in one_policy.COLUMNS}
        entry["policy_gap"] = {
            name: gap.shown | {"reason": gap.reason} for name, gap in gaps.items()
        }
        own = cut(gaps["return"], possible(results, cell, "return", "gap"))
        entry["sentence"] = one_policy.sentence(
            cell,
            results.main,
            entry["conditions"],
            replace(gaps["return"], low=own.low, high=own.high),
            verdict.and_because(own.warning),
            scope,
        )
    if one_policy.made_elsewhere(results, cell):
        entry["sentence"] += one_policy.played_greedily(results.main, entry["conditions"])
    further = {"pools": _pools(results, cell)} if results.pools else {}
    return entry | card(results, cell) | further


def _pools(results: Results, cell: dict[str, Any]) -> dict[str, Any]:
    """The further pools of a cell, by name.

    Returns:
        Of each its ``kind``; ``left_out``, why the cell does not play it; ``runs``, how many have
        been measured; under ``return``, ``normalised`` and ``solved`` the mean of the ``pool`` and
        the ``gap`` to it, with the ends of the interval; all ``conditions``, of returns; the
        ``reason`` why an interval of the gap is missing; ``verdict`` and ``sentence``.
    """
    return {
        shift.pool: {"kind": shift.kind, "left_out": shift.left_out, "runs": shift.runs}
        | {
            quantity: {part: shift.returns[quantity, part].shown for part in ("pool", "gap")}
            for quantity in QUANTITIES
        }
        | {
            "conditions": {
                condition: {
                    part: results.estimate(cell, condition, "return", name).shown
                    for part, name in (("pool", shift.pool), ("gap", gap_to(shift.pool)))
                }
                for condition in results.conditions
            },
            "reason": shift.returns["return", "gap"].reason,
            "verdict": shift.verdict.word,
            "sentence": shift.sentence,
        }
        for shift in shifts(results, cell)
    }


def _group(group: Group) -> dict[str, Any]:
    jobs = group.jobs.astype({"agent": str, "network": str})
    return group.keys | {
        "jobs": jobs.to_dict("records"),
        "mean": group.mean.shown,
        "top": {
            "k": TOP,
            "train": group.top_train.mean,
            "test": group.top_test.mean,
            "luck": group.luck,
            "reason": group.top_test.reason,
        },
        "best_of_k": group.curve.to_dict("list"),
        "validated": {
            "runs": group.chosen,
            "validation": group.validated.validation,
            "test": group.validated.test.shown,
            "reason": group.validated.test.reason,
        },
    }


def _parts(results: Results, cell: dict[str, Any], condition: str, quantity: str) -> dict[str, Any]:
    return {
        part: results.estimate(cell, condition, quantity, part).shown for part in (*POOLS, "gap")
    }


def sentence(
    cell: dict[str, Any], entry: dict[str, Any], word: str, because: str, scope: str = ""
) -> str:
    """The answer for one cell as a sentence; see ``unseen.scope``."""
    gap = entry["gap"]
    train, test = entry["train"]["mean"], entry["test"]["mean"]
    size = largest(train, test, gap["mean"], gap["low"], gap["high"])
    verb = word if word != "undecided" else "is undecided"
    trained = f"{setting(cell)} {verb}"
    why = f" ({because})" if because else ""
    earned = f"train {number(train, size)}, held-out {number(test, size)}"
    earned += f" {scope}" if scope else ""
    return f"{trained}: {earned}, gap {with_ends(gap['mean'], gap['low'], gap['high'], size)}{why}."


def _regulariser(effect: Effect) -> dict[str, Any]:
    parts = ("train", "test", "gap", "score", "remaining")
    estimates = {part: getattr(effect, part).shown for part in parts}
    rest = {"runs": effect.runs, "p": effect.p, "verdict": effect.verdict, "reason": effect.reason}
    left_out = {"left_out": effect.left_out} if effect.left_out else {}
    return {**effect.keys, **estimates, **rest, **left_out}

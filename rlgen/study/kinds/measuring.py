"""The run of a cell about a policy: its records and all that is kept beside them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from rlgen import papers
from rlgen.agents.learner import resolve_device
from rlgen.evaluation.recording import worst_level_trajectories
from rlgen.evaluation.table import table
from rlgen.levels.family import Family, Levels
from rlgen.levels.further import FurtherPool
from rlgen.levels.split import Split
from rlgen.perturbations.condition import Condition
from rlgen.policies.base import Policy
from rlgen.probes.measuring import failed
from rlgen.probes.measuring import measure as measure_probe
from rlgen.probes.subject import Subject
from rlgen.store import provenance, records
from rlgen.store.outputs import PROBES_FILE, parsed, probe_of
from rlgen.study.workspace import Workspace
from rlgen.util import files
from rlgen.util.seeding import library_seed

if TYPE_CHECKING:
    from rlgen.study.kinds.policy_cell import PolicyCell


def measure(cell: "PolicyCell", workspace: Workspace) -> None:
    """Obtain the cell's policy, evaluate it, and write the run's files."""
    folder = workspace.folder
    device = resolve_device(workspace.device)
    clock = provenance.Clock()
    with clock.time("draw_levels"):
        split = cell.split()
        workspace.save_split(split.manifest, split.manifest_hash)
        pools = cell.further_pools(split)
    policy, steps = cell.obtain(workspace, split, device, clock)
    workspace.report("evaluating")
    with clock.time("evaluate"):
        wanted = [name for name in workspace.wanted if not probe_of(name)]
        if wanted or workspace.earlier is None:
            rows = _evaluate(cell, split, pools, policy, steps, wanted, workspace)
            records.write(folder / "records.parquet", rows, records.RECORDS)
        if workspace.earlier is None:
            worst = worst_level_trajectories(policy, split, rows, seed=cell.seed)
            files.write_json(folder / "trajectories.json", worst)
            identity = {"id": cell.id, "kind": cell.kind, "settings": cell.settings}
            files.write_json(folder / "cell.json", identity)
        if workspace.paper:
            paper = papers.catalogue()[workspace.paper]
            for name, content in paper.record(policy, split, cell.seed).items():
                files.write_json(folder / name, content)
    if probes := [probe for name in workspace.wanted if (probe := probe_of(name))]:
        with clock.time("probes"):
            _probe(cell, policy, split, probes, workspace)
    origin = provenance.collect(workspace.command) | {"device": device, "seconds": clock.seconds}
    for family in [split.family, *(pool.family for pool in pools)]:
        origin["versions"] = {**family.made_of, **origin["versions"]}
    if cell.untracked:
        origin["code whose changes are not noticed"] = ", ".join(cell.untracked)
    if policy.masked and not split.family.masked:
        origin["masks"] = "none here, and the policy learned with some: it played without"
    files.write_json(folder / "provenance.json", origin | workspace.origin | {"steps": steps})


def _probe(
    cell: "PolicyCell", policy: Policy, split: Split, probes: Sequence[str], workspace: Workspace
) -> None:
    """Write what probes measure of the policy; one that raises has no numbers, with the reason."""
    subject, measured = Subject(policy, split, cell.label), {}
    for name in probes:
        workspace.report("evaluating")
        try:
            measured[name] = measure_probe(name, subject, seed=cell.seed).plain
        except Exception as error:
            # The run is whole without it, and whatever it is about, it is not lost for a probe.
            measured[name] = failed(name, error).plain
    files.write_json(workspace.folder / PROBES_FILE, files.without_nan(measured))


def _evaluate(
    cell: "PolicyCell",
    split: Split,
    pools: Sequence[FurtherPool],
    policy: Policy,
    steps: int,
    outputs: Sequence[str],
    workspace: Workspace,
) -> pd.DataFrame:
    """The records of one run, level after level within condition within pool."""
    wanted: dict[str, list[Condition]] = {}
    for name in outputs:
        condition, pool = parsed(name)
        wanted.setdefault(pool, []).append(Condition.parse(condition))

    def returns(pool: str, family: Family, levels: Levels, own: str, manifest: str) -> pd.DataFrame:
        return table(
            policy if family is split.family else cell.fitted(policy, family, workspace),
            family,
            levels,
            wanted[own],
            episodes=cell.evaluation.episodes,
            seed=library_seed(cell.seed, "evaluation", pool),
            cache=workspace.cache,
        ).assign(split=pool, manifest=manifest)

    evaluated = {
        "train": split.train.take(slice(0, cell.evaluation.evaluated_train_levels)),
        "validation": split.validation,
        "test": split.test,
    }
    parts = [
        returns(pool, split.family, levels, "", split.manifest_hash)
        for pool, levels in evaluated.items()
        if len(levels) and "" in wanted
    ]
    for each in pools:
        if each.name in wanted:
            workspace.save_split(each.manifest, each.manifest_hash)
            parts.append(
                returns(each.name, each.family, each.levels, each.name, each.manifest_hash)
            )
    return pd.concat(parts, ignore_index=True).assign(
        run_id=cell.id,
        family=cell.family,
        agent=cell.agent,
        network=cell.network,
        n_train_levels=cell.n_train_levels,
        flip_p=cell.flip_p,
        regulariser=cell.regulariser,
        seed=cell.seed,
        pool_seed=cell.pools.pool_seed,
        checkpoint=steps,
    )

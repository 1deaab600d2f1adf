"""Folded records: the same numbers as the record table, without ever holding all of it."""

import shutil

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from helpers import unsealed

import rlgen
from rlgen.analysis.results import Results
from rlgen.analysis.stats import choices, intervals
from rlgen.analysis.stats.estimates import estimates
from rlgen.analysis.stats.scores import normalised_score
from rlgen.analysis.stats.tables import CELL, KEYS, NEEDED, WATCHED, fold, fold_tables
from rlgen.report.summary import summarise
from rlgen.store import records
from rlgen.store.run_store import RunStore


@pytest.fixture(scope="module")
def study(tiny_store):
    return Results.load(RunStore(tiny_store))


@pytest.fixture(scope="module")
def table(tiny_store):
    return rlgen.load(tiny_store)


def ordered(table):
    """The columns that are folded, with their scores, in one order."""
    score = normalised_score(table["ret_mean"], table["oracle_ret"], table["random_ret"])
    names = [*KEYS, "seed", "checkpoint", "manifest", "level_id", "ret_mean", "p_solved"]
    told = table[names].assign(normalised=score)
    return told.sort_values([*KEYS, "level_id"], ignore_index=True)


def test_folding_loses_and_changes_nothing(study, table):
    assert len(study.folded) == 12 * 3 * 3, "runs, conditions, pools"
    arrays = ["level_id", "ret_mean", "p_solved", "normalised"]
    unfolded = study.folded.explode(arrays, ignore_index=True)
    assert unfolded["exact"].all()
    unfolded = unfolded.astype(dict.fromkeys(arrays[1:], float) | {"level_id": int})
    wanted = ordered(table)
    pd.testing.assert_frame_equal(
        unfolded.sort_values([*KEYS, "level_id"], ignore_index=True)[wanted.columns],
        wanted,
        check_exact=True,
    )


def test_file_by_file_is_as_in_memory(study, table):
    # The whole table is in the order of levels; of its files the first levels are known.
    columns = [name for name in study.folded if name not in WATCHED]
    pd.testing.assert_frame_equal(study.folded[columns], fold(table)[columns], check_exact=True)
    assert fold(study.folded) is study.folded


def test_the_order_of_records_does_not_matter(table):
    shuffled = table.sample(frac=1, random_state=0)
    pd.testing.assert_frame_equal(fold(shuffled), fold(table), check_exact=True)


def test_a_run_may_be_in_several_files(tiny_store, tmp_path, study):
    """Conditions that are added later are files of their own."""
    copy = unsealed(shutil.copytree(tiny_store, tmp_path / "store"))
    for folder in (copy / "runs").iterdir():
        rows = pd.read_parquet(folder / "records.parquet")
        later = rows["condition"] == "greedy"
        records.write(folder / "records.parquet", rows[~later], records.RECORDS)
        extra = copy / "extra" / f"{folder.name}-12345678"
        extra.mkdir()
        records.write(extra / "records.parquet", rows[later], records.RECORDS)
    parts = Results.load(RunStore(copy)).folded
    keys = [*KEYS, "ret_mean"]
    texts = dict.fromkeys(KEYS, str)

    def by_key(folded):
        return folded[keys].astype(texts).sort_values(KEYS, ignore_index=True)

    pd.testing.assert_frame_equal(by_key(parts), by_key(study.folded), check_exact=True)


def test_a_summary_is_the_same_from_records_in_memory(study, table, tiny_store):
    plain = Results(
        study.protocol,
        table,
        study.curves,
        study.plan,
        study.provenance,
        study.trajectories,
        study.failures,
        study.accesses,
    )
    assert summarise(plain) == summarise(study)


def test_estimates_are_those_of_the_record_table(study, table):
    """Each cell and condition by itself, from rows that were never folded."""
    told = estimates(study.records).set_index([*CELL, "condition", "quantity", "part"])
    count = 0
    for key, group in ordered(table).groupby([*CELL, "condition"], observed=True):
        for quantity, column in (("return", "ret_mean"), ("normalised", "normalised")):
            pools = {
                pool: [run[column].to_numpy() for _, run in rows.groupby("run_id", observed=True)]
                for pool, rows in group.groupby("split", observed=True)
            }
            wanted = {
                "train": intervals.run_mean(np.array([run.mean() for run in pools["train"]])),
                "validation": intervals.crossed_mean(np.stack(pools["validation"])),
                "test": intervals.crossed_mean(np.stack(pools["test"])),
                "gap": intervals.gap(pools["train"], np.stack(pools["test"])),
            }
            for part, estimate in wanted.items():
                row = told.loc[(*key, quantity, part)]
                for name in ("mean", "low", "high", "variance", "df"):
                    assert row[name] == pytest.approx(getattr(estimate, name), rel=1e-12, abs=1e-12)
                count += 1
    assert count == 4 * 3 * 2 * 4, "cells, conditions, quantities, parts"


def test_jobs_are_those_of_the_record_table(study, table):
    plain = table[table["condition"] == "plain"]
    wanted = plain.groupby(["run_id", "split"], observed=True)["ret_mean"].mean().unstack()
    jobs = choices.job_means(study.main_records).set_index("run_id")
    for pool in ("train", "validation", "test"):
        assert jobs[pool].to_numpy() == pytest.approx(wanted[pool].to_numpy(), abs=1e-12)


def test_an_empty_store_has_no_rows(tmp_path):
    folded = fold_tables([])
    assert folded.empty
    assert set(CELL) <= set(folded.columns)
    assert estimates(folded).empty
    empty = fold_tables([records.RECORDS.empty_table().select(NEEDED)])
    assert list(empty.columns) == list(folded.columns)


def test_older_files_have_nothing_where_a_column_is_missing(tmp_path, table):
    """And names that were written as text are names."""
    rows = table.head(10).astype({"agent": str})[["agent", "level_id", "ret_mean"]]
    rows.to_parquet(tmp_path / "old.parquet")
    (read,) = records.tables([tmp_path / "old.parquet"], records.RECORDS, ["p_solved", "agent"])
    assert read.schema == pa.schema([records.RECORDS.field(n) for n in ("p_solved", "agent")])
    assert read["p_solved"].null_count == 10
    assert read["agent"].to_pylist() == list(rows["agent"])

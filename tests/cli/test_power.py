"""``rlgen power`` as a user meets it."""

import json
import shutil

import pytest
from commands import imported, rlgen

SDS = ("--sd-run", 0.25, "--sd-residual", 0.8)


def test_help_comes_without_heavy_libraries():
    heavy = {"torch", "gymnasium", "numpy", "pandas", "scipy", "matplotlib"}
    assert not imported("power", "--help") & heavy
    out, _ = rlgen("power", "--help")
    assert "  rlgen power --gap" in out
    assert "\\b" not in out


def test_runs_for_a_gap():
    out, _ = rlgen("power", "--gap", 0.2, *SDS)
    assert "A gap of 0.2 needs" in out
    assert "on 1,000 levels" in out
    out, _ = rlgen("power", "--gap", 0.1, "--runs", 3, *SDS)
    assert "With 3 runs no number of levels is enough." in out
    out, _ = rlgen("power", "--gap", 0.2, *SDS, "--sd-level", 1)
    assert "A gap of 0.2 is found on 100 levels by no number of runs." in out
    assert "A gap of 0.2 needs 17 runs on 1,000 levels." in out


def test_what_can_be_detected_as_worked(worked_examples):
    told = worked_examples["mde_table_t"]["mde"]
    out, _ = rlgen("power", "--runs", 5, "--levels", 100, *SDS)
    assert "5 runs on 100 levels detect a gap of 0.436." in out
    found = json.loads(rlgen("power", "--runs", 20, "--levels", 1000, *SDS, "--json")[0])
    assert found["detects"] == pytest.approx(told["S20_L1000"])
    assert found["power"] == 0.8
    assert found["spread"]["run"] == 0.25


def test_the_best_split_as_worked():
    out, _ = rlgen(
        *("power", "--budget", 36000, "--train-cost", 600, "--level-cost", 0.05),
        *("--sd-run", 0.3, "--sd-level", 0.7, "--sd-residual", 0.5),
    )
    assert "36,000 s are best spent on 51 runs" in out or "on 52 runs" in out


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("--gap 1 --sd-run 1e200 --sd-residual 1", "'--sd-run': 1e+200 is not in the range"),
        ("--gap 1e60 --sd-run 1 --sd-residual 1", "'--gap': 1e+60 is not in the range"),
        (
            "--budget 1e30 --train-cost 1e-30 --level-cost 1 --sd-run 1 --sd-residual 1",
            "budget = 1e+30: pays for more than 1,099,511,627,776 runs or levels",
        ),
        (
            "--budget 1e30 --train-cost 1e20 --level-cost 1e-30 --sd-run 1 --sd-residual 1",
            "budget = 1e+30: pays for more than",
        ),
    ],
)
def test_numbers_without_bounds_are_refused(typed, message):
    assert message in rlgen("power", *typed.split(), code=2)[1]


def test_the_largest_numbers_have_an_answer():
    largest = ("--sd-run", 1e50, "--sd-residual", 1e50, "--sd-level", 1e50)
    out, _ = rlgen("power", *largest, "--gap", 1e-50, "--runs", 10**12, "--levels", 10**12)
    assert "by no number of runs" in out


def test_a_study_tells_its_own_spread(tiny_store):
    told = json.loads(rlgen("power", "--store", tiny_store, "--json")[0])
    assert told["spread"]["runs"] == 3
    assert told["detects"] > 0
    out, _ = rlgen("power", "--store", tiny_store, "--gap", 0.5, "--sd-run", 0)
    assert "Standard deviation of the gap 0 between runs" in out
    assert "With 3 runs" in out


def test_a_study_without_runs_says_so(tiny_store, tmp_path):
    shutil.copytree(tiny_store, tmp_path / "s")
    for run in sorted((tmp_path / "s" / "runs").iterdir()):
        shutil.rmtree(run)
    _, err = rlgen("power", "--store", tmp_path / "s", code=2)
    assert "has no standard deviations: there are no runs" in err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "nothing to do: give --gap"),
        (["--runs", 5], "nothing to do: give --gap"),
        (["--gap", 0.2], "give --sd-run and --sd-residual, or a --store"),
        (["--gap", 0, *SDS], "0.0 is not in the range"),
        (["--runs", 1, "--levels", 9, *SDS], "1 is not in the range"),
        (["--power", 1, "--gap", 0.2, *SDS], "1.0 is not in the range"),
        (["--budget", 9, *SDS], "--budget, --train-cost and --level-cost are given together"),
        (
            ["--budget", 9, "--train-cost", 9, "--level-cost", 1, *SDS],
            "budget = 9: two runs on two levels cost 22",
        ),
        (["--store", "none/such"], "none/such: does not exist"),
    ],
)
def test_mistakes_get_one_answer(arguments, told, tmp_path):
    out, err = rlgen("power", *arguments, code=2, cwd=tmp_path)
    assert told in err
    assert out == ""

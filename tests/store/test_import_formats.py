"""``rlgen import``: the dialects and habits of the files that trainers leave."""

import numpy as np
import pandas as pd
import pytest
from commands import rlgen
from returns import returns

from rlgen.errors import RlgenError
from rlgen.store.importing import ImportOptions, import_files, tables
from rlgen.store.importing.columns import from_path
from rlgen.store.importing.source import Source

HEAD = '#{"t_start": 1.5, "env_id": "CoinRun-v0"}\n'


def evaluations(path, steps, values):
    """An ``evaluations.npz`` of three equal episodes an evaluation."""
    path.parent.mkdir(parents=True, exist_ok=True)
    results = np.repeat(np.array(values, float)[:, None], 3, axis=1)
    np.savez(path, timesteps=np.array(steps), results=results)
    return path


def monitor(path, values, head=HEAD + "r,l,t\n", end=""):
    """A ``monitor.csv`` with a row per value."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = "".join(f"{value},10,{place}.5\n" for place, value in enumerate(values))
    path.write_text(head + rows + end)
    return path


def pool_means(store):
    """The mean return of each pool."""
    return store.records().groupby("split")["ret_mean"].mean().to_dict()


@pytest.mark.parametrize(
    ("steps", "values", "step", "mean", "n_replaced"),
    [
        # The run was killed after step 300 and resumed from a checkpoint at step 100.
        ([100, 200, 300, 200, 300], [1, 2, 2, 9, 10], 300, 10, 2),
        ([100, 200, 200], [1, 2, 10], 200, 10, 1),
        # Steps count from zero again: the policy that was evaluated last counts.
        ([100, 200, 300, 100], [1, 2, 3, 10], 100, 10, 3),
        ([100, 200, 300], [1, 2, 10], 300, 10, 0),
    ],
)
@pytest.mark.parametrize("repeats", [False, True])
def test_what_a_resumed_run_evaluated_again_replaces(
    steps, values, step, mean, n_replaced, repeats, tmp_path
):
    files = [
        evaluations(tmp_path / "train" / "evaluations.npz", steps, np.array(values) + 1),
        evaluations(tmp_path / "test" / "evaluations.npz", steps, values),
    ]
    options = ImportOptions(
        pattern="{pool}/evaluations.npz", constants={"run": "only"}, repeats=repeats
    )
    store = import_files(files, tmp_path / "store", options).store
    assert pool_means(store) == {"train": mean + 1, "test": mean}
    assert set(store.records()["checkpoint"]) == {step}
    notes = [note for note in store.declared().notes if "resumed" in note]
    assert len(notes) == (2 if n_replaced else 0)
    assert all(f"{n_replaced} evaluations are replaced" in note for note in notes)


def test_environments_of_a_run_are_not_runs(tmp_path):
    for run in ("a", "b"):
        for pool in ("train", "test"):
            for environment in range(3):
                path = tmp_path / run / pool / f"{environment}.monitor.csv"
                monitor(path, [environment + (pool == "train")] * 4)
    files = sorted(tmp_path.glob("*/*/*.csv"))
    wrong = ImportOptions(pattern="{run}/{pool}/{seed}.monitor.csv")
    with pytest.raises(RlgenError, match=r"are two environments of one run.*\{run\}/\*\.monitor"):
        import_files(files, tmp_path / "store", wrong)
    right = ImportOptions(pattern="{run}/{pool}/*.monitor.csv")
    imported = import_files(files, tmp_path / "store", right)
    assert imported.runs == 2
    assert pool_means(imported.store) == {"train": 2, "test": 1}
    assert set(imported.store.records()["n_episodes"]) == {12}


def test_wildcards_in_patterns():
    assert from_path("logs/7/x-3.npz", "logs/{seed}/*.npz") == {"seed": "7"}
    assert from_path("logs/7/a_train.npz", "{seed}/*_{pool}.npz") == {"seed": "7", "pool": "train"}
    with pytest.raises(RlgenError, match="does not match"):
        from_path("logs/7/deep/x.npz", "logs/{seed}/*.npz")


def test_a_monitor_and_evaluations_of_the_same_run(tmp_path):
    for seed in range(2):
        folder = tmp_path / str(seed)
        monitor(folder / "train" / "0.monitor.csv", [0, 5, 7])
        evaluations(folder / "test" / "evaluations.npz", [100, 200], [1, 3 + seed])
    files = sorted(tmp_path.glob("*/*/*"))
    options = ImportOptions(pattern="{seed}/{pool}/*", last=2)
    imported = import_files(files, tmp_path / "store", options)
    assert imported.runs == 2
    assert pool_means(imported.store) == {"train": 6, "test": 3.5}
    rows = imported.store.records()
    assert set(rows["checkpoint"]) == {200}
    assert set(rows["family"]) == {"CoinRun-v0"}, "which the evaluations do not name"
    assert "measured while agents learned" in imported.store.declared().notes[-1]


@pytest.mark.parametrize(
    ("head", "end"),
    [
        ("", ""),
        ("r,l,t\n", ""),
        (HEAD + "r,l,t\n", HEAD + "r,l,t\n9,10,8.5\n"),
        (HEAD, "r,l,t\n9,10,8.5\n"),
    ],
)
def test_monitors_without_first_lines_and_with_several(head, end, tmp_path):
    train = monitor(tmp_path / "train" / "monitor.csv", [3, 3, 3], head, end)
    test = monitor(tmp_path / "test" / "monitor.csv", [1, 2])
    options = ImportOptions(pattern="{pool}/monitor.csv", constants={"run": "a"})
    store = import_files([train, test], tmp_path / "store", options).store
    assert pool_means(store) == {"train": 4.5 if end else 3, "test": 1.5}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1,2,3,4\n", "has no line of names of columns"),
        (HEAD + "r,l,t\n1,2,3\n1,2\n", "row 2 has 2 fields, and the header 3"),
        (HEAD + "r,l,t\n1,2,3\nr,l,t,level\n", "was appended to with other columns, r,l,t,level"),
        (HEAD + "r,l,t1,2,3\n5,6,7\n", "has no line of names|among the names"),
        (HEAD.strip() + "r,l,t\n1,2,3\n", "not the JSON of a monitor.csv"),
    ],
)
def test_damaged_monitors(text, message, tmp_path):
    path = tmp_path / "monitor.csv"
    path.write_text(text)
    with pytest.raises(RlgenError, match=message):
        import_files([path], tmp_path / "store", ImportOptions())


def test_semicolons_and_decimal_commas(tmp_path):
    path = tmp_path / "r.csv"
    path.write_text("run;pool;level;return\na;train;1;2,5\na;test;2;-1,25\n")
    store = import_files([path], tmp_path / "store", ImportOptions()).store
    assert pool_means(store) == {"train": 2.5, "test": -1.25}
    assert any("decimal commas" in note for note in store.declared().notes)


def wide(path, metrics, steps, runs=("old-sun-1", "new - moon-2")):
    """What the button "export CSV" of a chart of Weights & Biases saves."""
    names, columns = ["Step"], [[str(step) for step in steps]]
    for number, run in enumerate(runs):
        for place, metric in enumerate(metrics):
            for bound in ("", "__MIN", "__MAX"):
                names.append(f"{run} - {metric}{bound}")
                columns.append([str(10 * place + number + step / 100) for step in steps])
    rows = [",".join(f'"{value}"' for value in row) for row in zip(*columns, strict=True)]
    path.write_text(",".join(f'"{name}"' for name in names) + "\n" + "\n".join(rows) + "\n")
    return path


@pytest.mark.slow
def test_wide_exports(tmp_path):
    both = wide(tmp_path / "both.csv", ["eval/mean_reward", "train/mean_reward"], [100, 200])
    imported = import_files([both], tmp_path / "one", ImportOptions())
    assert imported.runs == 2
    assert pool_means(imported.store) == {"test": 2.5, "train": 12.5}
    labels = [entry["label"].rpartition(", run ")[2] for entry in imported.store.plan()]
    assert sorted(labels) == ["new - moon-2", "old-sun-1"]
    # A chart a metric, and a rollout's steps, which are never those of evaluations.
    test = wide(tmp_path / "test.csv", ["eval/mean_reward"], [100, 200])
    train = wide(tmp_path / "train.csv", ["rollout/ep_rew_mean"], [50, 110, 190, 250])
    apart = import_files([test, train], tmp_path / "two", ImportOptions())
    # Those of steps 110 and 190 count at 200; that of 250 is after the last evaluation.
    assert pool_means(apart.store) == {"test": 2.5, "train": 2.0}
    other = wide(tmp_path / "other.csv", ["a/mean_reward", "b/mean_reward"], [100])
    with pytest.raises(RlgenError, match="not clear of which pool 'a/mean_reward' is"):
        import_files([other], tmp_path / "three", ImportOptions())


def test_event_files(tmp_path):
    writing = pytest.importorskip("torch.utils.tensorboard")
    for seed in range(2):
        with writing.SummaryWriter(str(tmp_path / str(seed))) as log:
            for step in (100, 200):
                log.add_scalar("eval/mean_reward", step / 100 + seed, step)
                log.add_scalar("rollout/ep_rew_mean", 5, step - 10)
                log.add_scalar("train/loss", 0.5, step)
    files = sorted(tmp_path.glob("*/events.out.tfevents.*"))
    imported = import_files(files, tmp_path / "store", ImportOptions(pattern="{seed}/*"))
    assert (imported.runs, pool_means(imported.store)) == (2, {"test": 2.5, "train": 5})
    damaged = tmp_path / "events.out.tfevents.1"
    damaged.write_bytes(files[0].read_bytes()[:40] + b"\xff" * 40)
    out, err = rlgen("import", damaged, "-o", tmp_path / "none", code=2)
    assert out == ""
    assert err.count("\n") == 1


@pytest.mark.slow
def test_named_levels_of_an_index_are_columns(tmp_path):
    table = pd.concat(
        [returns(seeds=range(2)).assign(agent=agent) for agent in ("ppo", "dqn")], ignore_index=True
    )
    cells = []
    for number, index in enumerate((["agent"], ["seed", "agent", "level"])):
        file = tmp_path / f"{number}.parquet"
        table.set_index(index).to_parquet(file)
        rows = import_files([file], tmp_path / str(number), ImportOptions()).store.records()
        cells.append(rows.groupby(["agent", "seed"], observed=True)["ret_mean"].mean().to_dict())
    expected = table.groupby(["agent", "seed"])["return"].mean().to_dict()
    assert cells == [pytest.approx(expected)] * 2
    numbered = tmp_path / "n.parquet"
    table[table["level"] % 2 == 0].set_index("seed", append=True).to_parquet(numbered)
    done = import_files([numbered], tmp_path / "n", ImportOptions())
    assert (done.runs, done.ignored) == (4, ())


def test_an_index_with_the_name_of_a_column_is_refused(tmp_path):
    table, file = returns(seeds=range(2)), tmp_path / "r.parquet"
    table.set_index(table["agent"]).to_parquet(file)
    with pytest.raises(RlgenError, match=r"r\.parquet: 'agent' is a level of its index") as error:
        import_files([file], tmp_path / "s", ImportOptions())
    assert "\n" not in str(error.value)
    assert not (tmp_path / "s").exists()


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "latin-1"])
def test_text_in_another_encoding_is_refused_as_such(encoding, tmp_path):
    file = tmp_path / "r.csv"
    returns(seeds=range(2)).assign(agent="né").to_csv(file, index=False, encoding=encoding)
    with pytest.raises(RlgenError, match="it is not UTF-8 text; save it as UTF-8") as error:
        import_files([file], tmp_path / "s", ImportOptions())
    assert "\n" not in str(error.value)
    file.write_bytes(file.read_bytes().decode(encoding).encode("utf-8-sig"))
    rows = tables.csv(Source(file, ""), file.read_bytes()).rows
    assert (rows.columns[0], set(rows["agent"])) == ("seed", {"né"})

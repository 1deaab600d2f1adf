"""``rlgen import``: results from elsewhere, with the same statistics and nothing made up."""

import hashlib
import json
import pickle
import re
import shutil

import numpy as np
import pandas as pd
import pytest
from commands import imported as modules
from commands import rlgen
from html_pages import Parser
from returns import imported, means, returns

import rlgen as face
from rlgen import report
from rlgen.analysis.results import Results
from rlgen.analysis.stats import intervals
from rlgen.errors import RlgenError, StoreError
from rlgen.report.sections.elsewhere import elsewhere
from rlgen.store.importing import ImportOptions, import_files, sb3_files
from rlgen.store.importing.columns import COLUMNS, from_path
from rlgen.store.importing.values import MOST_RETURN, POOLS
from rlgen.store.run_store import RunStore


def files_of(folder):
    """Every file with its content."""
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def gap_of(store):
    """The estimate of the only cell's gap."""
    study = Results.load(RunStore(store))
    (cell,) = study.cells
    return study.estimate(cell, study.main, "return", "gap")


# The same statistics.


@pytest.mark.slow
def test_a_study_of_ours_comes_back_with_the_same_numbers(tiny_store, tmp_path):
    ours = RunStore(tiny_store).records()
    file = tmp_path / "ours.parquet"
    ours.to_parquet(file)
    out = tmp_path / "back"
    done = import_files([file], out, ImportOptions())
    assert done.ignored == ("exact", "manifest", "p_timeout", "ret_var")
    report.write(done.store)
    theirs = json.loads((tiny_store / "summary.json").read_text())
    told = json.loads((out / "summary.json").read_text())
    for mine, original in zip(told["cells"], theirs["cells"], strict=True):
        assert mine["sentence"] == original["sentence"]
        for one, other in ((mine, original), (mine["normalised"], original["normalised"])):
            for part in ("train", "validation", "test", "gap"):
                assert one[part] == pytest.approx(other[part])
        assert mine["conditions"].keys() == original["conditions"].keys()
    again = done.store.records()
    assert len(again) == len(ours)
    assert again["exact"].all()
    assert (again["n_episodes"] == 0).all()
    assert set(again["level_id"]) == set(ours["level_id"])


def test_the_gap_is_the_gap_of_the_table(tmp_path):
    table = returns()
    told = gap_of(imported(tmp_path, "s", table))
    test = table[table["pool"] == "test"].pivot(index="seed", columns="level", values="return")
    train = table[table["pool"] == "train"].pivot(index="seed", columns="level", values="return")
    expected = intervals.gap(list(train.to_numpy()), test.to_numpy(), shared_pool=True)
    assert told.mean == pytest.approx(expected.mean)
    assert (told.low, told.high) == pytest.approx((expected.low, expected.high))


def test_without_levels_the_interval_is_of_runs(tmp_path):
    table = returns()
    told = gap_of(imported(tmp_path, "s", table.drop(columns="level")))
    expected = intervals.run_mean(means(table, "train") - means(table, "test"))
    assert told.mean == pytest.approx(expected.mean)
    assert (told.low, told.high) == pytest.approx((expected.low, expected.high))
    assert not told.reason


@pytest.mark.slow
def test_levels_of_their_own_and_levels_shared_by_some(tmp_path):
    table = returns()
    own = table.assign(level=table["level"] + 10_000 * table["seed"])
    told = gap_of(imported(tmp_path, "own", own))
    expected = intervals.run_mean(means(table, "train") - means(table, "test"))
    assert (told.low, told.high) == pytest.approx((expected.low, expected.high))
    some = table[(table["seed"] != 1) | (table["level"] != 1003)]
    told = gap_of(imported(tmp_path, "some", some))
    assert np.isfinite(told.mean)
    assert np.isnan(told.low)
    assert "some levels in common" in told.reason


@pytest.mark.slow
def test_episodes_are_averaged_and_counted(tmp_path):
    table = pd.concat([returns().assign(episode=n) for n in range(4)], ignore_index=True)
    table["return"] += table["episode"]
    store = RunStore(imported(tmp_path, "s", table))
    rows = store.records()
    assert len(rows) == 5 * 2 * 12
    assert (rows["n_episodes"] == 4).all()
    assert rows["ret_var"].to_numpy() == pytest.approx(np.var([0, 1, 2, 3], ddof=1))
    assert not rows["exact"].any()
    assert rows["ret_mean"].mean() == pytest.approx(returns()["return"].mean() + 1.5)
    assert gap_of(store.path).mean == pytest.approx(gap_of(imported(tmp_path, "t", returns())).mean)


def test_means_of_several_episodes_count_as_many(tmp_path):
    table = returns(seeds=[0, 1]).assign(episode=0, n_episodes=1)
    more = table.assign(episode=1, n_episodes=3)
    more["return"] += 4
    rows = RunStore(imported(tmp_path, "s", pd.concat([table, more]))).records()
    assert rows["ret_mean"].mean() == pytest.approx(table["return"].mean() + 3)
    assert (rows["n_episodes"] == 4).all()
    assert rows["ret_var"].isna().all(), "not to be had from means"


# What files there are.


@pytest.mark.slow
def test_other_names_and_words_are_understood(tmp_path):
    table = returns(seeds=range(3)).rename(columns={"seed": "Random Seed", "level": "env-seed"})
    table = table.rename(columns={"pool": "Split", "return": "episode.return", "agent": "ALGO"})
    table["Split"] = table["Split"].map({"train": " Training", "test": "held_out"})
    told = gap_of(imported(tmp_path, "s", table.assign(comment="x")))
    assert told.mean == pytest.approx(gap_of(imported(tmp_path, "t", returns(seeds=range(3)))).mean)
    names = [name for ours, others in COLUMNS.items() for name in (ours, *others)]
    assert len(names) == len(set(names)), "a name means one thing"
    assert set(POOLS.values()) == {"train", "validation", "test"}


def test_columns_can_be_named_and_set(tmp_path):
    table = returns(seeds=range(3)).rename(columns={"return": "points"}).drop(columns="agent")
    store = imported(
        tmp_path, "s", table, columns={"return": "points"}, constants={"agent": "me", "oracle": "3"}
    )
    rows = RunStore(store).records()
    assert set(rows["agent"]) == {"me"}
    assert (rows["oracle_ret"] == 3).all()


@pytest.mark.slow
def test_levels_by_name(tmp_path):
    table = returns(seeds=range(3))
    named = table.assign(level="maze " + table["level"].astype(str))
    store = imported(tmp_path, "s", named)
    assert gap_of(store).low == pytest.approx(gap_of(imported(tmp_path, "t", table)).low)
    other = RunStore(imported(tmp_path, "again", named.iloc[::-1])).records()
    assert set(other["level_id"]) == set(RunStore(store).records()["level_id"]), (
        "not by their order"
    )
    (manifest,) = (json.loads(p.read_text()) for p in (store / "splits").iterdir())
    assert "maze 1003" in manifest["pools"]["test"]["names"]
    assert len(manifest["pools"]["train"]["ids"]) == 12


def test_tabs_and_a_byte_order_mark(tmp_path):
    file = tmp_path / "r.tsv"
    returns(seeds=range(2)).to_csv(file, sep="\t", index=False, encoding="utf-8-sig")
    assert import_files([file], tmp_path / "s", ImportOptions()).runs == 2


def evaluations(path, gap=0.0, steps=(100, 200), episodes=6, **arrays):
    """What stable-baselines3's EvalCallback leaves."""
    path.parent.mkdir(parents=True, exist_ok=True)
    told = np.arange(len(steps) * episodes, dtype=float).reshape(len(steps), episodes) + gap
    arrays = {"ep_lengths": np.full(told.shape, 9), **arrays}
    np.savez(path, timesteps=np.array(steps), results=told, **arrays)
    return path


@pytest.mark.slow
def test_evaluations_of_stable_baselines3(tmp_path):
    for seed in range(3):
        for pool, gap in (("train", 2.0 + seed), ("test", 0.0)):
            evaluations(tmp_path / "logs" / str(seed) / pool / "evaluations.npz", gap)
    files = sorted((tmp_path / "logs").glob("*/*/evaluations.npz"))
    asked = ImportOptions(pattern="{seed}/{pool}/evaluations.npz", constants={"agent": "sb3"})
    done = import_files(files, tmp_path / "s", asked)
    assert (done.runs, done.returns) == (3, 3 * 2 * 12)
    told = gap_of(tmp_path / "s")
    expected = intervals.run_mean(np.array([2.0, 3.0, 4.0]))
    assert (told.mean, told.low) == pytest.approx((expected.mean, expected.low))
    rows = done.store.records()
    assert set(rows["checkpoint"]) == {200}, "the last evaluation counts"
    assert (rows["n_episodes"] == 6).all()
    assert (rows["level_id"] == -1).all()
    assert (rows["len_mean"] == 9).all()
    curves = done.store.curves()
    assert sorted(set(curves["step"])) == [100, 200]
    assert len(curves) == 3 * 2 * 2
    page = report.write(done.store).read_text()
    assert "Learning curves" in page


def test_two_evaluations_and_their_pools(tmp_path):
    files = [evaluations(tmp_path / "a.npz", 1.5), evaluations(tmp_path / "b.npz")]
    asked = ImportOptions(pools=("train", "test"), constants={"run": "only"})
    import_files(files, tmp_path / "s", asked)
    told = gap_of(tmp_path / "s")
    assert (told.mean, told.reason) == (1.5, "one run has no interval")


def test_a_pickle_is_never_loaded(tmp_path):
    class Evil:
        def __reduce__(self):
            return (open, (str(tmp_path / "loaded"), "w"))

    file = tmp_path / "e.npz"
    np.savez(file, timesteps=np.array([1]), results=np.array([[Evil()]], dtype=object))
    with pytest.raises(RlgenError, match="is not an npz file of numbers: Object arrays cannot"):
        import_files(
            [file], tmp_path / "s", ImportOptions(constants={"run": "a"}, pools=("train",))
        )
    file.write_bytes(pickle.dumps(Evil()))
    with pytest.raises(RlgenError, match="is not an npz file of numbers"):
        import_files(
            [file], tmp_path / "s", ImportOptions(constants={"run": "a"}, pools=("train",))
        )
    assert not (tmp_path / "loaded").exists()


@pytest.mark.parametrize(
    ("limit", "message"), [("MOST_BYTES", "unpacks to"), ("MOST_RETURNS", "has 12 returns")]
)
def test_a_small_archive_of_many_equal_returns_is_refused(limit, message, tmp_path, monkeypatch):
    monkeypatch.setattr(sb3_files, limit, 10)
    with pytest.raises(RlgenError, match=message):
        import_files(
            [evaluations(tmp_path / "e.npz")],
            tmp_path / "s",
            ImportOptions(constants={"run": "a"}, pools=("train",)),
        )


def monitor(path, values, extra="", head='#{"t_start": 1.5, "env_id": "CoinRun-v0"}'):
    path.parent.mkdir(parents=True, exist_ok=True)
    name, _, word = extra.partition("=")
    lines = [head, "r,l,t" + f",{name}" * bool(extra)]
    lines += [f"{v},{10 + i},{i / 3}" + f",{word}{i}" * bool(extra) for i, v in enumerate(values)]
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.slow
def test_monitors_of_stable_baselines3(tmp_path):
    for seed in range(2):
        monitor(tmp_path / str(seed) / "train" / "monitor.csv", [0] * 50 + [5 + seed] * 100)
        monitor(tmp_path / str(seed) / "test" / "monitor.csv", [1, 2, 3])
    files = sorted(tmp_path.glob("*/*/monitor.csv"))
    asked = ImportOptions(pattern="{seed}/{pool}/monitor.csv")
    done = import_files(files, tmp_path / "s", asked)
    assert done.ignored == ()
    rows = done.store.records()
    assert set(rows["family"]) == {"CoinRun-v0"}
    assert gap_of(tmp_path / "s").mean == pytest.approx(3.5), "the last hundred episodes"
    assert sorted(rows["n_episodes"]) == [3, 3, 100, 100]
    (note, _) = done.store.declared().notes
    assert note.endswith("train/monitor.csv the last 100 of 150 episodes.")
    all_of_it = import_files(
        files, tmp_path / "all", ImportOptions(pattern="{seed}/{pool}/monitor.csv", last=0)
    )
    assert sorted(all_of_it.store.records()["n_episodes"]) == [3, 3, 150, 150]


def test_a_monitor_s_info_may_tell_the_level(tmp_path):
    for seed in range(2):
        monitor(tmp_path / f"{seed}-train.csv", [2 + seed, 3, 4], "level_seed=t")
        monitor(tmp_path / f"{seed}-test.csv", [1, 2 + seed, 3], "level_seed=n")
    files = sorted(tmp_path.glob("*.csv"))
    done = import_files(files, tmp_path / "s", ImportOptions(pattern="{seed}-{pool}.csv"))
    told = Results.load(done.store)
    assert told.folded["level_id"].map(len).tolist() == [3] * 4
    assert np.isfinite(gap_of(tmp_path / "s").low)


def test_the_last_step_that_pools_have_in_common_counts(tmp_path):
    table = pd.concat([returns(seeds=range(2)).assign(step=s) for s in (10, 20, 30)])
    table["return"] += table["step"]
    table = table[(table["pool"] == "train") | (table["step"] < 30)]
    store = RunStore(imported(tmp_path, "s", table))
    assert set(store.records()["checkpoint"]) == {20}
    assert len(store.curves()) == 2 * (3 + 2)
    apart = table[(table["pool"] == "train") == (table["step"] == 30)]
    with pytest.raises(RlgenError, match="no step in common"):
        imported(tmp_path, "t", apart)


def test_patterns():
    assert from_path("logs/3/train/x.npz", "{seed}/{pool}/x.npz") == {"seed": "3", "pool": "train"}
    assert from_path("/a/b-c.csv", "/a/{agent}-{run}.csv") == {"agent": "b", "run": "c"}
    assert from_path("a/7/7.csv", "{seed}/{seed}.csv") == {"seed": "7"}
    assert from_path("a.csv", "") == {}
    for path in ("logs/3/x.npz", "logs/3/train/xxnpz"):
        with pytest.raises(RlgenError, match="does not match the pattern"):
            from_path(path, "logs/{seed}/{pool}/x.npz")


# The store.


def test_a_run_that_was_taken_away_comes_back(tmp_path):
    """As the message about a damaged file says."""
    store = imported(tmp_path, "s", returns())
    before = files_of(store / "runs")
    rows = RunStore(store).records()
    taken = sorted((store / "runs").iterdir())[0]
    taken.rename(tmp_path / "damaged")
    again = import_files([tmp_path / "s.csv"], store, ImportOptions())
    assert (again.already, again.again) == (True, 1)
    assert before.keys() == files_of(store / "runs").keys()
    pd.testing.assert_frame_equal(RunStore(store).records(), rows)
    assert import_files([tmp_path / "s.csv"], store, ImportOptions()).again == 0


@pytest.mark.slow
def test_a_store_is_never_changed(tmp_path, write_protocol):
    table = returns()
    store = imported(tmp_path, "s", table)
    before = files_of(store)
    done = import_files([tmp_path / "s.csv"], store, ImportOptions())
    assert done.already
    with pytest.raises(StoreError, match="the same files, read in another way"):
        import_files([tmp_path / "s.csv"], store, ImportOptions(constants={"family": "x"}))
    with pytest.raises(StoreError, match="the import of other files"):
        imported(tmp_path, "s", table.assign(n_train_levels=20))
    for command in ("evaluate", "plan"):
        _, err = rlgen(command, write_protocol(), "-o", store, code=2)
        assert err.count("\n") == 1
        assert "holds imported results, which nothing can be trained into" in err
    for source in (store, store / "import.toml"):
        with pytest.raises(RlgenError, match="trained elsewhere: there is no protocol"):
            face.evaluate(source)
    with pytest.raises(StoreError, match="holds imported results and has no protocol"):
        RunStore(store).protocol()
    assert files_of(store) == before


@pytest.mark.slow
def test_folders_of_others_are_left_alone(tiny_store, tmp_path):
    full = tmp_path / "full"
    full.mkdir()
    (full / "thesis.txt").write_text("mine")
    returns().to_csv(tmp_path / "r.csv", index=False)
    with pytest.raises(StoreError, match="already exists; choose another"):
        import_files([tmp_path / "r.csv"], full, ImportOptions())
    with pytest.raises(StoreError, match="holds the study 'tiny'; choose another"):
        import_files([tmp_path / "r.csv"], tiny_store, ImportOptions())
    assert files_of(full) == {full.joinpath("thesis.txt").relative_to(full): b"mine"}
    empty = tmp_path / "empty"
    empty.mkdir()
    assert import_files([tmp_path / "r.csv"], empty, ImportOptions()).runs == 5
    assert {p.name for p in tmp_path.iterdir()} == {"full", "empty", "r.csv"}, "nothing left aside"


def test_a_failed_import_leaves_nothing(tmp_path):
    with pytest.raises(RlgenError):
        imported(tmp_path, "s", returns().query("pool == 'train'"))
    assert {p.name for p in tmp_path.iterdir()} == {"s.csv"}


@pytest.mark.slow
def test_provenance_has_the_file_and_its_hash(tmp_path):
    store = RunStore(imported(tmp_path, "s", returns()))
    file = tmp_path / "s.csv"
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    assert store.declared().files == {file.as_posix(): digest}
    for told in store.provenance().values():
        assert digest in told["imported from"]
        assert "processor" not in told, "of the machine that trained nothing is known"
    page = report.write(store).read_text()
    assert digest in page
    assert "neither trained nor measured anything" in page
    assert "worker time" not in page


@pytest.mark.slow
def test_the_largest_returns_that_are_accepted_are_read_again(tmp_path):
    table = returns(0.5)
    table["return"] *= MOST_RETURN / table["return"].max()
    table = table.assign(oracle=MOST_RETURN, random=-MOST_RETURN)
    other = table.assign(**{"return": -table["return"] / 2})
    store = RunStore(imported(tmp_path, "s", pd.concat([table, other])))
    assert np.isfinite(store.records()["ret_var"]).all()
    report.write(store)
    (cell,) = json.loads((store.path / "summary.json").read_text())["cells"]
    for unit, most in ((cell, MOST_RETURN), (cell["normalised"], 1)):
        assert -most < unit["gap"]["low"] < unit["gap"]["mean"] < unit["gap"]["high"] < most


def test_fewer_levels_than_a_run_was_trained_on_may_have_returns(tmp_path):
    store = RunStore(imported(tmp_path, "s", returns(seeds=[0]).assign(n_train_levels=100)))
    assert set(store.records()["n_train_levels"]) == {100}


# The report.


def text_of(page):
    return " ".join(re.sub(r"<[^>]+>", " ", page.partition("</style>")[2]).split())


@pytest.mark.slow
def test_the_page_says_what_it_cannot(tmp_path):
    bare = returns().drop(columns=["level", "n_train_levels"]).rename(columns={"seed": "run"})
    store = RunStore(imported(tmp_path, "s", bare))
    page = report.write(store).read_text()
    parser = Parser()
    parser.feed(page)
    assert parser.open == []
    assert len(set(parser.ids)) == len(parser.ids)
    for tag, told in parser.tags:
        if tag == "a" and told["href"].startswith("#"):
            assert told["href"][1:] in parser.ids
    text = text_of(page)
    for words in (
        "It is not known which levels were played",
        "The best and the random agent's returns are not known".replace("'", "&#39;"),
        "Whether episodes were solved is not known",
        "there are no learning curves",
        "The number of training levels is not known",
        "Seeds are not known",
        "No policy is stored",
        "that pools share no levels is taken on trust",
        "trained on an unknown number of levels of unknown is undecided",
        "for new training runs measured in the same way (which levels were played is not known)",
    ):
        assert words in text, words
    assert "new levels of the same family." not in text.replace(
        "95 % intervals for new training runs on new levels of the same family.", ""
    )
    assert "Certificates" not in text
    assert "nan" not in text.lower().split()
    assert ">-1<" not in page
    summary = json.loads((store.path / "summary.json").read_text())
    assert summary["certificates"] == []
    (cell,) = summary["cells"]
    assert cell["gap"]["low"] is not None
    assert cell["components"]["levels"] is None
    assert cell["verdict"] == "undecided"


def limits_of(folder, name, table, **asked):
    """The sentences on what could not be computed."""
    return elsewhere(Results.load(RunStore(imported(folder, name, table, **asked))))["limits"]


@pytest.mark.slow
def test_runs_without_the_main_condition_are_named(tmp_path):
    table = returns(seeds=range(3)).assign(condition="plain")
    greedy = returns(seeds=range(2)).assign(agent="dqn", condition="greedy")
    one = table.assign(condition=np.where(table["seed"] == 2, "greedy", "plain"))
    (whole, *_) = limits_of(tmp_path, "s", pd.concat([table, greedy]))
    assert whole.startswith(
        "2 of 2 runs of dqn/unknown trained on 12 levels of unknown: there are no returns under "
        "plain, by which all are judged, but under greedy"
    )
    assert limits_of(tmp_path, "t", one)[0].startswith("1 of 3 runs of ppo/unknown")


@pytest.mark.slow
def test_last_steps_that_differ_are_named(tmp_path):
    table = returns(seeds=range(3)).assign(step=100)
    later = table.assign(step=np.where(table["seed"] == 2, 1000, 100))
    alike = limits_of(tmp_path, "s", table)
    (runs, *rest) = limits_of(tmp_path, "t", later)
    assert rest == alike
    assert "measured at different steps (100 to 1,000): means and intervals" in runs
    both = [table.assign(condition="plain"), table.assign(condition="sticky", step=50)]
    (conditions, *rest) = limits_of(tmp_path, "u", pd.concat(both))
    assert len(rest) == len(alike)
    assert conditions.startswith("Conditions of 3 runs were measured at different steps (plain at")


@pytest.mark.parametrize("pool", ["train", "test"])
def test_pools_are_known_to_be_apart_only_where_both_have_names(pool, tmp_path):
    table = returns(seeds=range(3))
    unnamed, named = (table["pool"] == pool), (table["pool"] != pool)
    files = [tmp_path / "unnamed.csv", tmp_path / "named.csv"]
    table[unnamed].drop(columns="level").to_csv(files[0], index=False)
    table[named].to_csv(files[1], index=False)
    study = Results.load(import_files(files, tmp_path / "s", ImportOptions()).store)
    assert elsewhere(study)["limits"][-1].endswith("share no levels is taken on trust.")


@pytest.mark.slow
def test_with_all_columns_it_is_a_report_like_others(tmp_path):
    table = returns(1.0).assign(oracle=2.0, random=0.0, success=1)
    store = RunStore(imported(tmp_path, "s", table))
    text = text_of(report.write(store).read_text())
    assert "ppo/unknown trained on 12 levels of unknown memorises" in text
    assert "It is not known which levels" not in text
    assert "new training runs on new levels of the same family" in text
    limits = json.loads((store.path / "summary.json").read_text())["imported"]["limits"]
    assert len(limits) == 3, limits
    assert limits[-1].endswith("that pools share no levels is checked by their names only.")
    assert report.is_current(store)


def answer(folder, name, table, **constants):
    """The verdict on the only cell of a table, with these best and random returns."""
    study = Results.load(RunStore(imported(folder, name, table, constants=constants)))
    (cell,) = study.cells
    return study.verdict(cell)


@pytest.mark.slow
def test_scores_beyond_that_of_the_oracle_give_no_verdict(tmp_path):
    table = returns(1.0)
    right = answer(tmp_path, "right", table, oracle="2.5", random="0")
    assert (right.word, right.because) == ("memorises", "")
    wrong = answer(tmp_path, "wrong", table, oracle="1", random="0")
    words = r"a mean training score of 2(\.\d+)? is above that of oracle, 1: by chance, or oracle"
    assert re.search(words, wrong.because)
    # That of one level suffices where nothing was sampled; 0 episodes say so.
    exact = table.assign(episodes=0)
    most = table["return"].max()
    word = answer(tmp_path, "exact", exact, oracle=str(most - 0.01), random="0")
    assert word.word == "undecided"
    assert re.search(r"a training score of 1\.0\d+ is beyond that of oracle", word.because)
    assert "oracle" not in answer(tmp_path, "best", exact, oracle=str(most), random="0").because


@pytest.mark.slow
def test_sampled_scores_may_be_above_that_of_the_oracle_by_chance(tmp_path):
    table = returns(1.0)
    mean = table.loc[table["pool"] == "train", "return"].mean()
    chance = answer(tmp_path, "chance", table, oracle=str(mean - 0.02), random="0")
    assert chance.word == "memorises"
    words = "a mean training score of 1.01 is above that of oracle, 1: by chance, or oracle is not"
    assert words in chance.because
    assert not answer(tmp_path, "below", table, oracle=str(mean + 0.02), random="0").because


@pytest.mark.slow
def test_a_hostile_table_cannot_put_markup_into_the_page(tmp_path):
    evil = "<script>alert(1)</script>"
    table = returns(seeds=range(3)).assign(agent=evil, family=evil, condition=evil)
    store = RunStore(imported(tmp_path, "s", table.assign(**{evil: 1})))
    page = report.write(store).read_text()
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_a_study_of_ours_has_no_such_section(tiny_store):
    assert json.loads((tiny_store / "summary.json").read_text())["imported"] is None
    assert 'id="imported"' not in (tiny_store / "report.html").read_text()


@pytest.mark.slow
def test_power_says_why_it_cannot(tmp_path):
    store = imported(tmp_path, "s", returns().drop(columns="level"))
    _, err = rlgen("power", "--store", store, code=2)
    assert "has no standard deviations: it is not known which levels were played" in err


@pytest.mark.slow
def test_choices_among_imported_runs(tmp_path):
    store = imported(tmp_path, "s", returns())
    assert len(face.select(store, pool="test", k=2)) == 2
    assert report.write(RunStore(store)).exists()


# The command.


@pytest.mark.slow
def test_the_command(tmp_path):
    file = tmp_path / "returns.csv"
    returns(seeds=[4]).assign(note="x").to_csv(file, index=False)
    out, err = rlgen("import", file, "-o", tmp_path / "s")
    assert err == ""
    assert "Imported 24 returns of 1 run.\nNot used: note.\n" in out
    assert "Note: A cell of one run has no intervals" in out
    assert "is undecided: train" in out
    assert out.endswith(f"Report: {tmp_path / 's' / 'report.html'}\n")
    out, _ = rlgen("import", file, "-o", tmp_path / "s")
    assert out.startswith(f"Nothing to import: {tmp_path / 's'} already holds these files.")
    page = (tmp_path / "s" / "report.html").read_bytes()
    told = json.loads(rlgen("report", tmp_path / "s", "--json")[0])
    assert told["imported"]["files"]
    assert (tmp_path / "s" / "report.html").read_bytes() == page
    told = json.loads(rlgen("import", file, "-o", tmp_path / "s", "--json")[0])
    assert told["already"] is True


@pytest.mark.slow
def test_it_imports_nothing_that_trains(tmp_path):
    file = tmp_path / "r.csv"
    returns(seeds=[4]).to_csv(file, index=False)
    told = modules("import", file, "-o", tmp_path / "s")
    assert "matplotlib" in told
    assert not told & {"torch", "stable_baselines3", "gymnasium", "rlgen_envs"}
    assert not modules("import", "--help") & {"torch", "numpy", "pandas", "pydantic"}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["r.csv"], "Missing option '-o'"),
        (["-o", "s"], "Missing argument 'FILES...'"),
        (["none.csv", "-o", "s"], "none.csv: cannot be read: No such file"),
        (["r.csv", "-o", "s", "--column", "return"], "'return' is not like NAME=VALUE"),
        (["r.csv", "-o", "s", "--set", "seed=1", "--set", "seed=2"], "'seed' is given twice"),
    ],
)
def test_mistakes_get_one_answer(arguments, told, tmp_path):
    returns(seeds=[0]).to_csv(tmp_path / "r.csv", index=False)
    out, err = rlgen("import", *arguments, code=2, cwd=tmp_path)
    assert told in err
    assert out == ""
    assert not (tmp_path / "s").exists()


GOOD = "run,pool,level,return\n"


@pytest.mark.parametrize(
    ("text", "asked", "told"),
    [
        ("", {}, "r.csv: is empty"),
        (GOOD, {}, "r.csv: has no rows"),
        (GOOD + "a,train,7,1\na,test,1,2\na,test,01,3\n", {}, "levels '1' and '01' are the same"),
        (GOOD + "a,train,1,2,3\n", {}, "r.csv: is not valid CSV"),
        ('a,"b\n1', {}, "r.csv: is not valid CSV"),
        ("\xff\xfe", {}, "r.csv: is not valid CSV"),
        (
            GOOD + "a,train,1,2\na,test,2,nan\n",
            {},
            "r.csv, column 'return', row 2: 'nan' is not a number",
        ),
        (GOOD + "a,train,1,inf\n", {}, "row 1: 'inf' is not a number"),
        (GOOD + "a,train,1,\n", {}, "row 1: empty: a number is expected"),
        (
            GOOD + "a,train,1,2\na,test,2,-1e300\n",
            {},
            r"r\.csv, column 'return', row 2: '-1e300' must be from -1e\+50 to 1e\+50",
        ),
        (
            GOOD + "a,train,1,2\na,train,2,2\na,test,3,2\n",
            {"constants": {"n_train_levels": "1"}},
            "run 'a' of unknown/unknown has returns on 2 training levels, and n_train_levels is 1:",
        ),
        (GOOD + "a,train,1\n", {}, "row 1 has 3 fields, and the header 4"),
        (GOOD + "a,train,1,2\na,test\n", {}, "row 2 has 2 fields"),
        ("run,pool,level,return5,a,train,1,2\n", {}, "'1' is among the names of its columns"),
        ("a,train,1,2\na,test,2,2\n", {}, "'1' is among the names .* names in a line of their own"),
        ("run,pool,retur\nna,train,1,5\n", {}, "is not valid CSV|fields"),
        (GOOD + '"a\x1b[2J",train,1,2\n', {}, "holds a character that cannot be printed"),
        (GOOD + '"a\nppo generalises",train,1,2\n', {}, "that cannot be printed"),
        (
            GOOD + "a,train,1,2\na,test,2,2\n",
            {"constants": {"oracle": "0", "random": "1"}},
            r"oracle is the best return and random that of random actions, so 0 must be above 1",
        ),
        (GOOD + "a,trian,1,2\n", {}, "column 'pool', row 1: 'trian' is not a pool.*mean 'train'"),
        (GOOD + ",train,1,2\n", {}, "column 'run', row 1: empty: a name is expected"),
        (GOOD + "a,train,1,2\n", {}, "there are only train returns, none of test"),
        (GOOD + "a,train,1,2\nb,test,2,2\n", {}, "run 'a' of unknown/unknown has no test"),
        (
            GOOD + "a,train,1,2\na,test,1,2\n",
            {},
            "run 'a': level 1 is in two pools; use --own-numbers",
        ),
        (
            GOOD + "a,train,1,2\na,train,1,2\na,test,2,2\n",
            {},
            r"r\.csv row 1 and .*row 2 are the same \(run 'a', train, level 1\): .*--repeats",
        ),
        (
            GOOD.replace("run", "episode,run") + "7,a,train,1,2\n7,a,train,1,3\n0,a,test,2,2\n",
            {},
            "are the same episode",
        ),
        ("run,pool,retrun\na,train,1\n", {}, "no column for the return .*--column return=NAME"),
        ("pool,return\ntrain,1\n", {}, "no column for the run or seed .*--set run=NAME"),
        ("run,return\na,1\n", {}, "no column for the pool .*--pool train or --pool test"),
        (
            "run,pool,score,reward\na,train,1,2\n",
            {},
            "columns 'score' and 'reward' could both be 'return'",
        ),
        (GOOD + "a,train,1,2\n", {"columns": {"retrun": "x"}}, "no column 'retrun'.*'return'"),
        (GOOD + "a,train,1,2\n", {"columns": {"level": "levl"}}, "no column 'levl'.*'level'"),
        (GOOD + "a,train,1,2\n", {"constants": {"aget": "x"}}, "no column 'aget'.*'agent'"),
        (
            GOOD + "a,train,1,2\n",
            {"constants": {"run": "x"}},
            "'run' is given .'x'. and is also",
        ),
        (GOOD + "a,train,1,2\n", {"pools": ("train",)}, "'pool' is given"),
        (GOOD + "a,train,1,2\n", {"pools": ("train", "test", "test")}, "3 times for 1 file:"),
        (GOOD + "a,train,1,2\n", {"pattern": "{sed}.csv"}, "no column 'sed'.*'seed'"),
        (GOOD + "a,train,1,2\n", {"pattern": "{seed}.tsv"}, "does not match the pattern"),
        (
            GOOD.replace("run", "seed") + "-1,train,1,2\n",
            {},
            "column 'seed', row 1: '-1' must be from 0",
        ),
        (
            GOOD.replace("run", "seed") + "0.5,train,1,2\n",
            {},
            "column 'seed', row 1: '0.5' must be a whole number",
        ),
        (
            GOOD + "a,train,1,2\n",
            {"constants": {"solved": "2"}},
            "solved=2, row 1: '2' must be from 0",
        ),
        ('#{"t_start": 1\nr,l,t\n1,2,3\n', {}, "not the JSON of a monitor.csv"),
        ('#{"t_start": 1}\n', {}, "has no rows"),
    ],
)
def test_every_mistake_is_one_line(text, asked, told, tmp_path):
    file = tmp_path / "r.csv"
    file.write_bytes(text.encode("latin-1"))
    with pytest.raises(RlgenError, match=told) as error:
        import_files([file], tmp_path / "s", ImportOptions(**asked))
    assert "\n" not in str(error.value)
    assert error.value.exit_code == 2
    assert [p.name for p in tmp_path.iterdir()] == ["r.csv"]


def test_flags_for_what_looks_wrong_and_is_not(tmp_path):
    file = tmp_path / "r.csv"
    file.write_text(GOOD + "a,train,1,2\na,train,1,2\na,test,1,2\n")
    done = import_files([file], tmp_path / "s", ImportOptions(own_numbers=True, repeats=True))
    assert sorted(done.store.records()["n_episodes"]) == [1, 2]
    assert len(done.store.declared().notes) == 2


def test_the_same_file_twice(tmp_path):
    file, copy = tmp_path / "r.csv", tmp_path / "copy.csv"
    returns().to_csv(file, index=False)
    shutil.copy(file, copy)
    with pytest.raises(RlgenError, match=r"r\.csv: is given twice"):
        import_files([file, file], tmp_path / "s", ImportOptions())
    with pytest.raises(RlgenError, match=r"copy\.csv: has the same content as .*r\.csv"):
        import_files([file, copy], tmp_path / "s", ImportOptions())


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        ("r.xlsx", b"x", r"files of kind '\.xlsx' cannot be read"),
        ("r.parquet", b"PAR1 not", "is not a parquet file"),
        ("r.npz", b"not", "is not an npz file of numbers"),
    ],
)
def test_files_of_no_known_kind(name, data, told, tmp_path):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(RlgenError, match=told) as error:
        import_files([tmp_path / name], tmp_path / "s", ImportOptions())
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("arrays", "told"),
    [
        ({"timesteps": np.arange(2), "rewards": np.ones((2, 3))}, "has no array 'results'"),
        ({"timesteps": np.arange(3), "results": np.ones((2, 3))}, r"must be \(T,\) and \(T, n\)"),
        ({"timesteps": np.arange(2), "results": np.ones(2)}, r"must be \(T,\) and \(T, n\)"),
        (
            {"timesteps": np.arange(2), "results": np.ones((2, 3)), "successes": np.ones(3)},
            "successes",
        ),
        ({"timesteps": np.arange(0), "results": np.ones((0, 3))}, "has no rows"),
        ({"timesteps": np.arange(1), "results": np.array([[np.nan]])}, "is not a number"),
    ],
)
def test_evaluations_that_are_none(arrays, told, tmp_path):
    file = tmp_path / "e.npz"
    np.savez(file, **arrays)
    with pytest.raises(RlgenError, match=told):
        import_files(
            [file], tmp_path / "s", ImportOptions(pools=("train",), constants={"run": "a"})
        )


def test_an_npy_file_under_another_name(tmp_path):
    file = tmp_path / "e.npz"
    with file.open("wb") as out:
        np.save(out, np.ones(3))
    with pytest.raises(RlgenError, match="is not an npz file of numbers"):
        import_files([file], tmp_path / "s", ImportOptions())

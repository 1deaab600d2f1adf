"""What the page holds: exact numbers of the store and the policy, and what it says it lacks."""

import base64
import hashlib
import json
import re
import shutil

import numpy as np
import pytest
from commands import rlgen
from html_pages import Parser
from returns import imported, returns
from view_pages import held

import rlgen as package
from rlgen.diagnostics.level_overlap import grids
from rlgen.evaluation import exact
from rlgen.evaluation.visits import visits
from rlgen.perturbations.condition import Condition
from rlgen.policies.functions import FunctionPolicy
from rlgen.store.bundle import ENDING
from rlgen.view import render
from rlgen.view.content import Extent
from rlgen.view.twins import twins
from rlgen.view.walks import times, walks
from rlgen_envs import FAMILIES

SMALL = FAMILIES["maze-basic"].configure({"size": 5})
FEW = Extent(levels=4, runs=1)


@pytest.fixture(scope="module")
def page(tiny_store):
    return render([tiny_store], FEW)


@pytest.fixture(scope="module")
def document(page):
    return held(page)[0]


def test_it_is_whole_and_runs_nothing_but_its_own_script(page):
    parser = Parser()
    parser.feed(re.sub(r"<script>.*</script>", "", page, flags=re.DOTALL))
    assert parser.open == []
    (policy,) = [own["content"] for tag, own in parser.tags if "http-equiv" in own]
    script = page[page.rindex("<script>") + 8 : page.rindex("</script>")]
    style = page[page.index("<style>") + 7 : page.index("</style>")]
    for text in (script, style):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    assert "unsafe" not in policy
    assert policy.startswith("default-src 'none'")
    assert not re.search(r"\son\w+=|https?://(?!www\.w3\.org/2000/svg)", page)


def test_numbers_are_the_records(document, tiny_store):
    frame = package.load(tiny_store)
    for run in document["runs"]:
        own = frame[frame["run_id"] == run["id"]].set_index(["split", "level_id", "condition"])
        for entry in run["levels"]:
            for condition, numbers in zip(
                document["studies"][0]["conditions"], entry["numbers"], strict=True
            ):
                row = own.loc[(entry["pool"], int(entry["id"]), condition)]
                assert numbers == pytest.approx(row[document["numbers"]].tolist(), rel=1e-4)
    assert {entry["pool"] for entry in document["runs"][0]["levels"]} == {"train", "test"}


def unpack(walk, plan, n_conditions, n_times):
    """As ``board.js`` reads it: visits, actions and presence of each condition."""
    free = plan["walls"].count(".")
    actions = len(plan["moves"])
    told, at = [], 0
    for _ in range(n_conditions):
        low, high = (np.frombuffer(walk, np.uint8, free, at + k * free) for k in (0, 1))
        expected = np.stack([low, high], axis=1).copy().view("<f2")[:, 0].astype(float)
        at += 2 * free
        acted = np.frombuffer(walk, np.uint8, actions * free, at).reshape(actions, free) / 255
        at += actions * free
        alive = np.frombuffer(walk, "<f2", n_times, at)
        at += 2 * n_times
        present = np.frombuffer(walk, np.uint8, n_times * free, at).reshape(n_times, free)
        at += n_times * free
        told.append((expected, acted, alive, (present / 255) ** 2))
    return told, at


def test_visits_are_exact_to_three_digits(page, document):
    packed = held(page)[1]
    for run, data in zip(document["runs"], packed, strict=True):
        assert run["walked"] == document["studies"][0]["conditions"]
        assert run["notes"] == []
        ends = []
        for entry in run["levels"]:
            steps = run["times"][entry["pool"]]
            plan = document["plans"][entry["plan"]]
            told, size = unpack(data[entry["walk"] :], plan, len(run["walked"]), len(steps))
            ends.append(entry["walk"] + size)
            for numbers, (expected, acted, alive, present) in zip(
                entry["numbers"], told, strict=True
            ):
                _, _, cut, length, _, _ = numbers
                assert expected.sum() == pytest.approx(length, rel=2e-3)
                assert alive[-1] == pytest.approx(cut, abs=1e-3)
                inside = [mass for mass in acted.sum(axis=0) if mass]  # but the key's
                assert inside == pytest.approx([1] * (len(expected) - 1), abs=0.02)
                assert present.sum(axis=1) == pytest.approx(alive, abs=0.05)
        assert max(ends) == len(data), "the last level ends where the bytes do"


def test_actions_are_those_of_the_visits():
    """In a cell where the agent acts otherwise once an object is gone, the mean over its visits."""

    def leaning(observations):
        left = observations[:, 2].reshape(len(observations), -1).any(axis=1)  # the red diamond
        return np.where(left[:, None], [0.6, 0.1, 0.1, 0.1, 0.1], [0.1, 0.1, 0.1, 0.6, 0.1])

    levels = SMALL.generate([5])
    tabular = SMALL.tabular(levels)
    policy = FunctionPolicy(leaning, 5)
    (walk,) = walks(policy, SMALL, levels, [Condition.parse("plain")])
    own = visits(
        tabular,
        exact.in_each_state(policy, tabular),
        Condition.parse("plain"),
        SMALL.noop,
        times(tabular.horizon),
    )
    plan = SMALL.floor_plan(levels)
    text = "".join("#" if wall else "." for wall in plan.walls.ravel())
    ((expected, acted, _, _),), _ = unpack(
        walk, {"walls": text, "moves": plan.moves}, 1, len(times(tabular.horizon))
    )
    free = np.flatnonzero(~plan.walls.ravel())
    cells, _ = tabular.situate(np.arange(tabular.n_states, dtype=np.int32)).T
    for place, cell in enumerate(free):
        here = cells == cell
        mass = own.expected[here].sum()
        assert expected[place] == pytest.approx(mass, rel=1e-3)
        if mass > 0:
            mean = (own.expected[here][:, None] * own.acted[here]).sum(axis=0) / mass
            assert acted[:, place] == pytest.approx(mean, abs=1 / 255)


def test_the_planner_s_path_begins_at_the_start_and_ends_beside_the_last_step(document):
    for plan in document["plans"]:
        columns = plan["size"][0]
        for here, there in zip(plan["path"], plan["path"][1:], strict=False):
            step = (there % columns - here % columns, there // columns - here // columns)
            assert list(step) in plan["moves"]
            assert plan["walls"][there] == "."


def test_a_twin_is_the_nearest_training_level():
    train, test = list(range(30)), [1000, 1001]
    own = twins(SMALL, train, test, 0.0)
    every = np.stack(
        [
            SMALL.env(SMALL.generate([level])).reset(options={"level": level})[0]
            for level in [*train, *test]
        ]
    )
    codes = grids.codes(every)
    for place, level in enumerate(test):
        apart = [(codes[k] != codes[30 + place]).sum() for k in range(30)]
        assert own[level].differing == min(apart)
        assert own[level].level == int(np.argmin(apart))
        assert own[level].cells == codes[0].size
    assert twins(FAMILIES["maze-basic"].configure({"size": 5}), [], test, 0.0) == {}


def test_the_same_store_gives_the_same_bytes(page, tiny_store):
    assert render([tiny_store], FEW) == page


@pytest.mark.slow
def test_a_bundle_without_weights_says_what_is_missing(tiny_store, tmp_path):
    bundle = tmp_path / f"tiny{ENDING}"
    shutil.copytree(tiny_store, tmp_path / "store")
    rlgen("bundle", tmp_path / "store", bundle)
    out, _ = rlgen("view", bundle, "--levels", 3, "--runs", 1)
    assert out == f"View: {tmp_path / 'tiny-view.html'}\n"
    document, packed = held((tmp_path / "tiny-view.html").read_text())
    assert packed == [b""] * len(document["runs"])
    for run in document["runs"]:
        assert "the weights of this run are not here" in run["notes"][0]
        assert all("walk" not in entry and "plan" in entry for entry in run["levels"])


def test_imported_returns_are_shown_by_level(tmp_path):
    store = imported(tmp_path, "mine", returns(seeds=range(2), levels=5))
    document, _ = held(render([store], FEW))
    assert "measured elsewhere" in document["runs"][0]["notes"][0]
    assert document["plans"] == []
    assert len(document["cells"][0]["levels"]["test"][0]) == 5


def test_a_stranger_s_code_is_not_imported(tiny_store, tmp_path, monkeypatch):
    """A run that names a module is shown by its returns, and says so."""
    copy = shutil.copytree(tiny_store, tmp_path / "store")
    (tmp_path / "evil_view.py").write_text("raise SystemExit('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    for folder in (copy / "runs").iterdir():
        (folder / "sha256.json").unlink()
        card = json.loads((folder / "cell.json").read_text())
        card["settings"]["network"] = "evil_view:NETWORK"
        (folder / "cell.json").write_text(json.dumps(card))
    document, _ = held(render([copy], FEW))
    for run in document["runs"]:
        assert "names code, evil_view:NETWORK" in run["notes"][0]
        assert run["levels"][0]["numbers"][0]


def test_what_cannot_be_viewed_is_one_line(tmp_path):
    _, err = rlgen("view", tmp_path / "nowhere", code=2)
    assert err.count("\n") == 1
    store = imported(tmp_path, "mine", returns(seeds=range(2), levels=5))
    _, err = rlgen("view", store, "-o", tmp_path / "no" / "page.html", code=2)
    assert err.splitlines()[-1].startswith(f"rlgen: {tmp_path / 'no' / 'page.html'}: cannot be")

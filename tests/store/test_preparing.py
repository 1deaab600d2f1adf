"""Versions of a policy's file, and one policy under several names."""

from pathlib import Path

import pytest

from rlgen.store.preparing import SUPERSEDED, not_counted, supersede

#: Where no run is done.
NOWHERE = Path("/nowhere/runs")


def entry(name, policy, content, **settings):
    own = {"policy": policy, "policy_hash": content, "seed": 0, "family": "f", **settings}
    return {"id": name, "label": name, "settings": own}


def trained(name, **settings):
    return {"id": name, "label": name, "settings": {"seed": 0, **settings}}


def test_a_changed_file_is_a_new_run_and_the_old_one_does_not_count():
    plan = {e["id"]: e for e in (entry("a", "x.zip", "1"), entry("b", "x.zip", "2"))}
    supersede(plan, {"b"}, NOWHERE)
    assert plan["a"][SUPERSEDED] == "b"
    assert not_counted(plan.values()) == {"a": "x.zip has been changed since"}
    # The earlier content is there again.
    supersede(plan, {"a"}, NOWHERE)
    assert not_counted(plan.values()) == {"b": "x.zip has been changed since"}


def test_a_changed_file_is_the_same_file_whatever_it_was_called(tmp_path, monkeypatch):
    (tmp_path / "x.zip").touch()
    monkeypatch.chdir(tmp_path)
    file = str((tmp_path / "x.zip").resolve())
    now = entry("b", "../here/x.zip", "2", policy_file=file)
    for before in (entry("a", "x.zip", "1", policy_file=file), entry("a", "./x.zip", "1")):
        plan = {e["id"]: e for e in (before, now)}
        supersede(plan, {"b"}, NOWHERE)
        assert plan["a"][SUPERSEDED] == "b"


def test_other_files_other_levels_and_trained_runs_stay():
    others = (
        entry("a", "x.zip", "1"),
        entry("b", "y.zip", "2"),
        entry("c", "x.zip", "2", family="g"),
        entry("d", "x.zip", "1", seed=1),
        trained("e"),
        trained("f", policy_hash=""),
    )
    plan = {e["id"]: e for e in others}
    supersede(plan, {"b"}, NOWHERE)
    assert not any(SUPERSEDED in e for e in plan.values())


def test_a_changed_family_is_a_new_study_of_it():
    before, after = (trained(n, family="m:E-v0", family_source=n) for n in "ab")
    plan = {e["id"]: e for e in (before, after, trained("c", family="m:E-v0", family_source="b"))}
    supersede(plan, {"b", "c"}, NOWHERE)
    assert not_counted(plan.values()) == {"a": "m:E-v0 has been changed since"}


def test_runs_of_what_was_edited_are_named():
    """One edit may stand behind the names of many runs."""

    def run(name, source, seed):
        own = {"family": "m:E", "family_source": source, "seed": seed}
        return trained(name, steps=9, agent_version=1, **own)

    old = [run(n, "1", i) for i, n in enumerate("ab")]
    plan = {e["id"]: e for e in (*old, run("c", "2", 0))}
    supersede(plan, {"c"}, NOWHERE)
    assert not_counted(plan.values()) == {
        n: f"m:E has been changed since {n} was trained" for n in "ab"
    }


def sources(plan):
    return {name: entry.get(SUPERSEDED) for name, entry in plan.items()}


@pytest.mark.parametrize("key", ["family", "network"])
def test_runs_of_other_seeds_and_agents_do_not_count_either(key):
    """An edited family or network is another one for all of them."""

    def run(name, source, **settings):
        own = {"family_source": source} if key == "family" else {}
        network = {"network_settings": {"source": source}} if key == "network" else {}
        return trained(name, **{key: "m:It"}, **own, **network, **settings)

    old = [run("a0", "1"), run("a1", "1", seed=1), run("a2", "1", agent="a2c")]
    new = [run("b0", "2"), trained("c", **{key: "m:Other"}, seed=3)]
    plan = {e["id"]: e for e in (*old, *new)}
    supersede(plan, {"b0"}, NOWHERE)
    assert sources(plan) == {"a0": "b0", "a1": "b0", "a2": "b0", "b0": None, "c": None}
    told = not_counted(plan.values())
    assert set(told.values()) == {"m:It has been changed since"}
    # Edited back: all runs of before count again.
    supersede(plan, {"a1"}, NOWHERE)
    assert sources(plan) == {"a0": None, "a1": None, "a2": None, "b0": "a1", "c": None}


def test_policies_of_before_an_edit_of_their_family_blame_the_family():
    plan = {
        e["id"]: e
        for e in (
            entry("a", "x.zip", "1", family="m:E", family_source="1"),
            entry("b", "y.zip", "2", family="m:E", family_source="1", seed=1),
            entry("c", "y.zip", "2", family="m:E", family_source="2", seed=1),
        )
    }
    supersede(plan, {"c"}, NOWHERE)
    assert not_counted(plan.values()) == dict.fromkeys("ab", "m:E has been changed since")


def test_an_edited_network_and_a_raised_version_are_new_runs():
    for first, other in (
        ({"network_settings": {"source": "1"}}, {"network_settings": {"source": "2"}}),
        ({"network_settings": {"version": 1}}, {"network_settings": {"version": 2}}),
        ({"agent_version": 1}, {"agent_version": 2}),
        ({"results_version": 1}, {"results_version": 2}),
    ):
        plan = {e["id"]: e for e in (trained("a", **first), trained("b", **other))}
        supersede(plan, {"b"}, NOWHERE)
        assert not_counted(plan.values()) == {"a": "a has been changed since"}
    options = [{"network_settings": {"options": {"width": n}}} for n in (8, 16)]
    plan = {n: trained(n, **own) for n, own in zip("ab", options, strict=True)}
    supersede(plan, {"b"}, NOWHERE)
    assert not not_counted(plan.values()), "other options are another network"


def test_steps_that_nobody_has_trained_for_are_taken_back(tmp_path):
    steps = {"short": 64, "other": 64, "long": 640}
    for is_done in (False, True):
        plan = {n: trained(n, steps=s, agent_version=2) for n, s in steps.items()}
        plan["other"]["settings"]["seed"] = 1
        supersede(plan, {"long"}, tmp_path)
        assert plan["short"][SUPERSEDED] == plan["other"][SUPERSEDED] == "long"
        supersede(plan, {"short"}, NOWHERE)
        assert "long" in plan, "nothing says that it was a mistake"
        (tmp_path / "short").mkdir(exist_ok=True)
        if is_done:
            (tmp_path / "long").mkdir()
        supersede(plan, {"short"}, tmp_path)
        assert ("long" in plan) is is_done
        assert (SUPERSEDED in plan["other"]) is is_done


def test_a_policy_under_two_names_is_one_run():
    plan = [
        entry("a", "x.zip", "1"),
        entry("b", "copy.zip", "1", seed=1),
        entry("c", "other.zip", "2", seed=2),
        trained("d"),
        trained("e"),
    ]
    assert not_counted(plan) == {"b": "copy.zip is the same policy as x.zip"}

"""A network of another distribution, as its user meets it."""

import outside_site
import pytest
from commands import rlgen as run_cli

import rlgen
from rlgen.networks import NETWORKS


@pytest.mark.slow
def test_a_network_of_others_is_like_one_of_ours(site, write_protocol, tmp_path, undrawn):
    keys = {
        "family": "outside-good",
        "family_options": {"size": 5},
        "n_train_levels": [3],
        "pools": {"larger": {"family_options": {"size": 7}, "n_levels": 2}},
        "seeds": [0],
    }
    store = tmp_path / "store"

    def study(code=0, **changed):
        path = write_protocol(**keys | changed)
        path = path.rename(tmp_path / f"{len(list(tmp_path.iterdir()))}.toml")
        return run_cli("evaluate", path, "-o", store, code=code)

    pooled = {"network": "outside-pooled", "regulariser": "dropout"}
    with outside_site.installed(site):
        listed, _ = run_cli("list", "networks")
        _, shape = study(network="outside-32", code=2)
        _, option = study(network="outside-pooled[widht=4]", code=2)
        study(**pooled, conditions=["plain"])
        # From its weights, which are put into the network that is installed under its name.
        study(**pooled, conditions=["plain", "greedy"])
    assert "outside-pooled" in listed
    assert set(NETWORKS) <= {line.split()[0] for line in listed.splitlines() if line.split()}
    assert "pools.larger: the network outside-32 takes observations of shape (7, 5, 5)" in shape
    assert "network = 'outside-pooled[widht=4]': outside-pooled has no option 'widht'" in option
    assert "did you mean 'width'" in option
    frame = rlgen.load(store)
    rows = frame.groupby(["split", "condition"], observed=True).size()
    assert set(rows.index) == {
        (pool, condition)
        for pool in ("train", "validation", "test", "larger")
        for condition in ("plain", "greedy")
    }
    (run,) = (store / "runs").iterdir()
    played = ["evaluate", "--env", "maze-basic", "--option", "size=6", "--policy", run]
    played += ["--train-levels", "0:2", "--test-levels", "2:4", "-o", tmp_path / "played"]
    with outside_site.installed(site):
        out, _ = run_cli(*played)
    assert "2 levels of maze-basic" in out
    _, err = run_cli(*played[:-1], tmp_path / "without", code=2)
    assert "its network is not installed here: unknown network 'outside-pooled'" in err

"""Cells on a Ray cluster of two nodes, which are processes of this machine. Real kills."""

import os
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import pytest
from executor_contract import ExecutorContract, events_until_ended, job, until_reported, written_by
from helpers import TINY
from loopback import Cluster, parent_of

import rlgen
from rlgen.diagnostics.calibration.cells import PURPOSE, ControlCell
from rlgen.diagnostics.calibration.population import Subject
from rlgen.errors import ProtocolError, RlgenError
from rlgen.store.run_store import RunStore
from rlgen.study.cell import Task
from rlgen.study.driver import work
from rlgen.study.executors import EXECUTORS
from rlgen.study.kinds import KINDS
from rlgen.study.means import Means
from rlgen.study.progress import Progress
from rlgen.util import sums
from rlgen_envs import FAMILIES

# Ray is not imported here: what it is to be silent about must be said before.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        find_spec("ray") is None, reason="needs the package ray: pip install 'rlgen[ray]'"
    ),
]


DRIVER = """
import sys
from pathlib import Path
from rlgen.store.run_store import RunStore
from rlgen.study.cell import Task
from rlgen.study.driver import work
from rlgen.study.means import Means
from rlgen.study.kinds import KINDS
from rlgen.study.progress import Progress

cells = [KINDS["outside-toy"](number, seconds=0.5) for number in range(1, 7)]
store = RunStore.create_for(Path(sys.argv[1]), "toy", cells)
means = Means(1, "ray", options={"address": sys.argv[2]})
done = work([Task(cell) for cell in cells], store, means, Progress())
print(len(done.computed), len(done.already), len(done.failed))
"""

#: Refuses to be found where the driver has it, unless the working folder is the driver's too.
OWN_NETWORK = """
from pathlib import Path
import own_parts
from rlgen.networks.layers import Layers

assert "modules-" in __file__ or Path("own_network.py").exists(), __file__
small = Layers(dense=(own_parts.WIDTH,))
"""


@pytest.fixture(scope="module")
def cluster(site):
    """Two nodes with one core each, on which the outside distribution is installed."""
    path = os.pathsep.join([str(site), *filter(None, sys.path)])
    with Cluster({"PYTHONPATH": path}) as started:
        started.add()
        yield started
        from rlgen.study.executors import ray_nodes

        ray_nodes.disconnect()


def bits(store):
    """The bytes of all results of a store."""
    return {
        path.relative_to(store): path.read_bytes()
        for folder in ("runs", "extra", "splits")
        for path in (store / folder).rglob("*")
        if path.is_file() and path.name not in ("provenance.json", sums.NAME)
    }


class Watching(Progress):
    """Calls a function when the n-th cell has begun, and keeps what is said."""

    def __init__(self, number, call):
        self.number, self.call = number, call
        self.begun, self.said = 0, []

    def started(self, cell):
        self.begun += 1
        if self.begun == self.number:
            self.call()

    def note(self, text):
        self.said.append(text)

    def broken_off(self, cell, why):
        self.said.append(why)


def test_a_study_is_bit_identical_with_and_without_a_lost_node(cluster, tmp_path, capfd, undrawn):
    """Trained, then evaluated further; a node is lost in the middle, and one comes instead."""
    keys = {**TINY, "seeds": [0, 1], "n_train_levels": [3]}
    options = {"address": cluster.address}
    for conditions in (["plain"], ["plain", "greedy"]):
        study = {**keys, "conditions": conditions}
        rlgen.evaluate(study, tmp_path / "here", jobs=2)
        done = rlgen.evaluate(study, tmp_path / "there", executor="ray", executor_options=options)
        assert len(done.computed) == 2, done.failed
    assert bits(tmp_path / "here") == bits(tmp_path / "there")
    assert capfd.readouterr() == ("", ""), "what Ray says"


@pytest.mark.long
def test_a_lost_node_is_no_attempt_of_the_cell(cluster, outside, tmp_path, capfd):
    cells = [KINDS["outside-toy"](number, seconds=1.5) for number in range(1, 6)]
    store = RunStore.create_for(tmp_path / "s", "toy", cells)
    watching = Watching(2, lambda: cluster.lose(1))
    means = Means(None, "ray", options={"address": cluster.address})
    done = work([Task(cell) for cell in cells], store, means, watching)
    cluster.add()
    assert (len(done.computed), done.failed) == (5, {})
    assert [said for said in watching.said if "the machine that it was on was lost" in said]
    assert not [said for said in watching.said if "worker was killed" in said]
    assert capfd.readouterr() == ("", ""), "what Ray says"


@pytest.mark.long
def test_what_users_bring_travels(cluster, tmp_path, monkeypatch, undrawn):
    """A module of the working folder, and a policy that has a file."""
    (tmp_path / "own_parts.py").write_text("WIDTH = 24\n")
    (tmp_path / "own_network.py").write_text(OWN_NETWORK)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    options = {"address": cluster.address}
    keys = {**TINY, "seeds": [0], "n_train_levels": [3], "conditions": ["plain"]}
    own = {**keys, "network": "own_network:small"}
    rlgen.evaluate(own, "here", jobs=1)
    done = rlgen.evaluate(own, "there", executor="ray", executor_options=options)
    assert not done.failed
    assert bits(Path("here")) == bits(Path("there"))
    (run,) = (tmp_path / "here" / "runs").iterdir()
    training = ("network", "agent_options", "steps", "curve_points", "curve_levels")
    made = {key: value for key, value in keys.items() if key not in training}
    made |= {"policy": str(run), "agent": "mine"}
    rlgen.evaluate(made, "here2", jobs=1, trust=[str(run)])
    done = rlgen.evaluate(
        made, "there2", executor="ray", executor_options=options, trust=[str(run)]
    )
    assert not done.failed
    assert bits(Path("here2")) == bits(Path("there2"))


@pytest.mark.long
def test_cells_of_a_calibration_are_the_same(cluster, tmp_path):
    """Controls; a whole calibration, with its cloned networks, takes minutes."""
    family = FAMILIES["maze-basic"].configure({"size": 6})
    cells = [
        ControlCell(family, (Subject("control", name, 0, 10),), ("held-out-10",))
        for name in ("random", "planner")
    ]
    for name, keys in (
        ("here", {}),
        ("there", {"executor": "ray", "options": {"address": cluster.address}}),
    ):
        store = RunStore.create_for(tmp_path / name, PURPOSE, cells)
        done = work([Task(cell) for cell in cells], store, Means(2, **keys), Progress())
        assert not done.failed
    assert bits(tmp_path / "here") == bits(tmp_path / "there")


def test_a_killed_driver_takes_its_cells_along_and_the_next_goes_on(cluster, outside, tmp_path):
    store = tmp_path / "s"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    call = [sys.executable, "-c", DRIVER, str(store), cluster.address]
    process = subprocess.Popen(call, env=environment)
    deadline = time.monotonic() + 100
    while not list((store / "runs").glob("*")):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.kill()
    process.wait()
    before = list((store / "runs").glob("*"))
    assert 0 < len(before) < 6
    done = subprocess.run(call, env=environment, capture_output=True, text=True, timeout=200)
    computed, already, failed = map(int, done.stdout.split())
    assert (computed, already, failed) == (6 - len(before), len(before), 0), done.stderr
    assert not list((store / ".rlgen" / "parts").iterdir())
    assert done.stderr == ""


@pytest.mark.long
def test_a_lost_head_is_said(site, tmp_path):
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(site), *filter(None, sys.path)]),
    }
    with Cluster(environment) as lonely:
        script = DRIVER.replace("seconds=0.5", "seconds=300")
        call = [sys.executable, "-c", script, str(tmp_path / "store"), lonely.address]
        process = subprocess.Popen(call, env=environment, stderr=subprocess.PIPE, text=True)
        deadline = time.monotonic() + 100
        while not list((tmp_path / "store" / ".rlgen" / "logs").glob("*")):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        lonely.lose(0)
        _, err = process.communicate(timeout=150)
    assert process.returncode == 1
    port = lonely.address.partition(":")[2]
    (line,) = [line for line in err.splitlines() if line.startswith("rlgen: the head of the Ray")]
    assert f":{port}, does not answer; Ray ends this command after a minute" in line


def test_a_node_of_other_versions_is_left_out_by_name(cluster, outside, site, tmp_path):
    info = tmp_path / "numpy-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: numpy\nVersion: 1.0\n")
    path = os.pathsep.join([str(tmp_path), str(site), *filter(None, sys.path)])
    number = cluster.add(environment={"PYTHONPATH": path})
    try:
        cells = [KINDS["outside-toy"](number, seconds=0.2) for number in range(1, 7)]
        store = RunStore.create_for(tmp_path / "s", "toy", cells)
        watching = Watching(0, None)
        means = Means(6, "ray", options={"address": cluster.address})
        done = work([Task(cell) for cell in cells], store, means, watching)
        assert (len(done.computed), done.failed) == (6, {})
        (said,) = watching.said
        assert "is left out: it has numpy 1.0 (here" in said
    finally:
        cluster.lose(number)


@pytest.mark.parametrize(
    ("device", "options", "told"),
    [
        ("cuda", {}, "a cell takes 0.25 of a GPU, and no node of the Ray cluster"),
        ("auto", {"memory": 1e6}, "takes 1000000.0 GiB of memory, and no node of the Ray cluster"),
        ("auto", {"memory": 0.0}, "memory = 0.0: must be more than 0"),
        ("auto", {"gpu": 0.5}, "gpu = 0.5: goes with device = 'cuda'"),
        ("auto", {"gpu": 2.0}, "gpu = 2.0: must be more than 0 and at most 1"),
        ("auto", {"address": "ray://here:1"}, "is that of Ray's client; make this machine a node"),
    ],
)
def test_what_no_node_has_is_refused_at_once(cluster, tmp_path, device, options, told):
    with pytest.raises(RlgenError, match=told.replace("(", r"\(")):
        rlgen.evaluate(
            TINY,
            tmp_path / "s",
            device=device,
            executor="ray",
            executor_options={"address": cluster.address, **options},
        )
    assert not (tmp_path / "s" / "runs").exists() or not list((tmp_path / "s" / "runs").iterdir())


def test_options_are_those_of_the_executor(tmp_path):
    with pytest.raises(ProtocolError, match=r"address = 'x:1': executor 'local' takes no address"):
        rlgen.evaluate(TINY, tmp_path / "s", executor_options={"address": "x:1"})
    with pytest.raises(ProtocolError, match=r"adress = 'x:1': .*did you mean 'address'"):
        Means(1, "ray", options={"adress": "x:1"})


def test_a_part_of_a_gpu_is_a_resource(cluster, tmp_path):
    number = cluster.add("--num-gpus=1", cores=4)
    try:
        options = {"address": cluster.address, "gpu": 0.5, "memory": 0.5}
        with EXECUTORS["ray"](tmp_path, ["train"], "cuda", **options) as executor:
            assert executor.workers() == 2
    finally:
        cluster.lose(number)


class TestRay(ExecutorContract):
    @pytest.fixture
    def executor(self, cluster, outside, tmp_path):
        member = EXECUTORS["ray"]
        with member(tmp_path / "ray", ["outside-toy"], address=cluster.address) as entered:
            yield entered

    def test_a_worker_of_ray_that_is_killed_is_lost_with_its_cell(self, executor):
        one = job(2, "wait")
        executor.start(one)
        cell = until_reported(executor)["pid"]
        os.kill(parent_of(parent_of(cell)), signal.SIGKILL)
        assert events_until_ended(executor, one.id)[-1]["outcome"] == "lost"
        deadline = time.monotonic() + 20
        while Path(f"/proc/{cell}").exists():
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def test_who_asks_for_no_gpu_sees_none(self, executor, tmp_path):
        assert written_by(executor, job(2), tmp_path / "into")["state"]["devices"] == ""

    def test_it_has_a_worker_a_core(self, executor):
        assert executor.workers() == 2

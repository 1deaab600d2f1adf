"""ONNX graphs as policies: what they compute, and what is never run."""

import numpy as np
import pytest
from helpers import uniform

import rlgen
from rlgen.errors import PolicyError, RlgenError
from rlgen.levels import lookup
from rlgen.policies import loading, onnx_graph, sources

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
helper, FLOAT, INT = onnx.helper, onnx.TensorProto.FLOAT, onnx.TensorProto.INT64

BASIC = lookup.family("maze-basic").configure({"size": 5})
SHAPE = BASIC.observation_space.shape
N = int(np.prod(SHAPE))
RNG = np.random.Generator(np.random.PCG64(0))
WEIGHTS = RNG.normal(size=(N, 5)).astype(np.float32)


def value(name, shape, kind=FLOAT):
    return helper.make_tensor_value_info(name, kind, shape)


def graph(path, nodes, inputs, outputs, initializers=(), *, domains=("",), change=None):
    made = helper.make_graph(nodes, "policy", inputs, outputs, list(initializers))
    imports = [helper.make_opsetid(domain, 17 if not domain else 1) for domain in domains]
    model = helper.make_model(made, opset_imports=imports, ir_version=9)
    if change:
        change(model)
    path.write_bytes(model.SerializeToString())
    return path


def linear(path, *, batch="B", last="logits", after=(), kind=FLOAT, shape=SHAPE, **more):
    """Flatten, a matrix, and what comes after."""
    weights = onnx.numpy_helper.from_array(WEIGHTS, "weights")
    nodes = [
        helper.make_node("Flatten", ["observations"], ["flat"]),
        helper.make_node("MatMul", ["flat", "weights"], ["logits"]),
        *after,
    ]
    inputs = [value("observations", (batch, *shape))]
    return graph(path, nodes, inputs, [value(last, None, kind)], [weights], **more)


def observations(n=7):
    return RNG.integers(0, 2, (n, *SHAPE)).astype(np.float32)


@pytest.mark.parametrize("batch", ["B", 1])
def test_logits_are_as_numpy_computes_them(tmp_path, batch):
    policy = loading.load(str(linear(tmp_path / "p.onnx", batch=batch)), BASIC)
    seen = observations()
    logits = seen.reshape(7, -1) @ WEIGHTS
    expected = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    given, _ = policy.distribution(seen, policy.start(7))
    assert np.allclose(given, expected, atol=1e-5)
    assert policy.stochastic
    again, _ = policy.distribution(seen, policy.start(7))
    assert (given == again).all()


def test_actions_are_taken_as_they_are(tmp_path):
    most = helper.make_node("ArgMax", ["logits"], ["action"], axis=1, keepdims=0)
    path = linear(tmp_path / "p.onnx", after=[most], last="action", kind=INT)
    policy = loading.load(str(path), BASIC)
    seen = observations()
    given, _ = policy.distribution(seen, policy.start(7))
    assert (given.argmax(1) == (seen.reshape(7, -1) @ WEIGHTS).argmax(1)).all()
    assert set(given.ravel()) == {0.0, 1.0}
    assert not policy.stochastic


def test_continuous_actions(tmp_path):
    pendulum = lookup.family("Pendulum-v1")
    weights = onnx.numpy_helper.from_array(np.ones((3, 1), np.float32), "weights")
    nodes = [
        helper.make_node("MatMul", ["observations", "weights"], ["sum"]),
        helper.make_node("Tanh", ["sum"], ["action"]),
    ]
    inputs = [value("observations", ("B", 3))]
    path = graph(tmp_path / "p.onnx", nodes, inputs, [value("action", ("B", 1))], [weights])
    policy = loading.load(str(path), pendulum)
    seen = np.array([[0.1, 0.2, 0.3], [0, 0, -1]], np.float32)
    actions, _ = policy.act(seen, policy.start(2), None)
    assert np.allclose(actions, np.tanh(seen.sum(1, keepdims=True)))


@pytest.mark.slow
def test_a_graph_is_evaluated_without_trust(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    linear(tmp_path / "p.onnx")
    study = {"name": "s", "family": "maze-basic", "family_options": {"size": 5}}
    study |= {"policy": "p.onnx", "trained_on": "0:4", "test_levels": "10:16"}
    result = rlgen.evaluate(study, "store")
    (cell,) = result.summary["cells"]
    policy = loading.load("p.onnx", BASIC)
    table = rlgen.evaluate_policy(policy, BASIC, range(10, 16))
    assert cell["test"]["mean"] == pytest.approx(table["ret_mean"].mean())
    random = rlgen.evaluate_policy(uniform(BASIC), BASIC, range(10, 16))
    assert abs(table["ret_mean"].mean() - random["ret_mean"].mean()) > 1e-3
    assert sources.is_tracked("p.onnx")


def external(model):
    (tensor,) = model.graph.initializer
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", "/etc/passwd"


def loop(model):
    body = helper.make_graph([], "body", [], [])
    model.graph.node.append(helper.make_node("Loop", ["", ""], [], body=body))


def function(model):
    model.functions.append(helper.make_function("own", "f", [], [], [], []))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (external, "keeps weights outside of itself"),
        (loop, "has the operator 'Loop', which is not run"),
        (function, "has functions of its own"),
        (
            lambda model: model.graph.node.append(
                helper.make_node("RandomNormal", [], ["noise"], shape=[1])
            ),
            "has the operator 'RandomNormal'",
        ),
        (
            lambda model: model.graph.node.append(
                helper.make_node("Tanh", ["logits"], ["y"], domain="com.mine")
            ),
            "has the operator 'com.mine.Tanh'",
        ),
        (
            lambda model: model.graph.node.extend(
                helper.make_node("Identity", ["flat"], [f"i{i}"]) for i in range(5000)
            ),
            "has 5,002 operators",
        ),
        (
            lambda model: model.graph.node.append(helper.make_node("Tanh", ["nothing"], ["y"])),
            "cannot be computed",
        ),
    ],
)
def test_what_is_not_a_plain_graph_is_refused(change, message, tmp_path):
    path = linear(tmp_path / "p.onnx", change=change)
    with pytest.raises(PolicyError, match=message):
        loading.load(str(path), BASIC)


@pytest.mark.parametrize("data", [b"", b"not a graph", b"\x08\x09" * 50])
def test_other_files_are_refused(data, tmp_path):
    (tmp_path / "p.onnx").write_bytes(data)
    with pytest.raises(PolicyError):
        loading.load(str(tmp_path / "p.onnx"), BASIC)


def test_what_does_not_fit_is_refused(tmp_path, monkeypatch):
    levels = BASIC.generate([1])
    wide = linear(tmp_path / "wide.onnx", shape=(SHAPE[0], 9, 9))
    twice = graph(
        tmp_path / "two.onnx",
        [helper.make_node("Add", ["a", "b"], ["c"])],
        [value("a", ("B", 5)), value("b", ("B", 5))],
        [value("c", ("B", 5))],
    )
    bytes_ = graph(
        tmp_path / "bytes.onnx",
        [helper.make_node("Identity", ["a"], ["b"])],
        [value("a", ("B", 5), onnx.TensorProto.UINT8)],
        [value("b", ("B", 5), onnx.TensorProto.UINT8)],
    )
    for path, message in ((wide, "wide.onnx: "), (twice, "has inputs a, b"), (bytes_, "float32")):
        with pytest.raises(RlgenError, match=message):
            rlgen.evaluate_policy(loading.load(str(path), BASIC), BASIC, levels)
    monkeypatch.setattr(onnx_graph, "MOST_BYTES", 10)
    with pytest.raises(PolicyError, match="is larger than 10 bytes"):
        loading.load(str(wide), BASIC)


def with_sum(path, nodes, weights=()):
    """Logits, to which the number ``sum`` is added that further nodes compute."""
    nodes = [
        helper.make_node("Flatten", ["observations"], ["flat"]),
        helper.make_node("MatMul", ["flat", "weights"], ["logits"]),
        *nodes,
        helper.make_node("Add", ["logits", "sum"], ["sums"]),
    ]
    weights = {"weights": WEIGHTS, **dict(weights)}
    tensors = [onnx.numpy_helper.from_array(array, name) for name, array in weights.items()]
    inputs, outputs = [value("observations", ("B", *SHAPE))], [value("sums", ("B", 5))]
    return graph(path, nodes, inputs, outputs, tensors)


def test_a_small_graph_cannot_ask_for_any_memory(tmp_path):
    """A column times a row is a matrix of any size."""
    ones = {"column": np.ones((20_000, 1), np.float32), "row": np.ones((1, 20_000), np.float32)}
    nodes = [
        helper.make_node("MatMul", ["column", "row"], ["product"]),
        helper.make_node("ReduceMax", ["product"], ["sum"], keepdims=0),
    ]
    path = with_sum(tmp_path / "p.onnx", nodes, ones)
    assert path.stat().st_size < 200_000
    policy = loading.load(str(path), BASIC)
    with pytest.raises(PolicyError, match=r"p.onnx: needs more than 1,073,741,824 bytes"):
        policy.distribution(observations(), policy.start(7))


@pytest.mark.slow
def test_a_batch_that_is_too_large_for_memory_is_halved(tmp_path):
    """Of each observation 1.7 MB are computed."""
    nodes = [
        helper.make_node("Concat", ["flat"] * 2500, ["copies"], axis=1),
        helper.make_node("ReduceMax", ["copies"], ["sum"], axes=[1]),
    ]
    policy = loading.load(str(with_sum(tmp_path / "p.onnx", nodes)), BASIC)
    seen = observations(1000)
    given, _ = policy.distribution(seen, policy.start(1000))
    last, _ = policy.distribution(seen[-3:], policy.start(3))
    assert np.allclose(given[-3:], last, atol=1e-6)

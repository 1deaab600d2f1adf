"""Policies that are ONNX graphs: nothing of a file is run but operators that compute.

Refused before anything is run: operators that are not in ``OPERATORS`` (loops and conditions,
random numbers, whatever makes arrays of a size that data decide), other domains, functions,
data in other files, and large files. What the others compute has a bounded memory.
"""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from rlgen.errors import PolicyError, one_line
from rlgen.levels.family import Family
from rlgen.levels.spaces import with_entries
from rlgen.policies.base import Policy
from rlgen.policies.functions import BoxFunctionPolicy, FunctionPolicy
from rlgen.util import extras

#: The ending of such files.
ENDING = ".onnx"
#: The largest file, in bytes, and the most operators.
MOST_BYTES, MOST_NODES = 2**28, 5_000
#: Bytes that all graphs of a process may use, weights and all that they compute: a small file can
#: ask for a product of any size.
MOST_MEMORY = 2**30
#: Operators that a graph may have; of the domains ``DOMAINS`` alone.
_NAMES = """
    Abs Add And ArgMax ArgMin Atan AveragePool BatchNormalization Cast Ceil Celu Clip Concat
    Constant Conv Cos Cosh Div Dropout Elu Equal Erf Exp Flatten Floor Gather GatherElements Gelu
    Gemm GlobalAveragePool GlobalMaxPool Greater GreaterOrEqual GroupNormalization HardSigmoid
    HardSwish Hardmax Identity InstanceNormalization LayerNormalization LeakyRelu Less LessOrEqual
    Log LogSoftmax LpNormalization MatMul Max MaxPool Mean Min Mish Mod Mul Neg Not Or PRelu Pow
    RMSNormalization Reciprocal ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean
    ReduceMin ReduceProd ReduceSum ReduceSumSquare Relu Reshape Round Selu Shape Sigmoid Sign Sin
    Sinh Slice Softmax Softplus Softsign Split Sqrt Squeeze Sub Sum Swish Tanh ThresholdedRelu
    Transpose Unsqueeze Where Xor
"""
OPERATORS = frozenset(_NAMES.split())
DOMAINS = ("", "ai.onnx")


def load(path: Path, family: Family) -> Policy:
    """The policy of a graph, whose first output counts.

    Its input is float32 observations ``(B, ...)``, by entry where these are dictionaries. Where
    actions are discrete its output is their logits ``(B, A)``, or the actions ``(B,)`` themselves,
    whole numbers; where they are continuous it is actions ``(B, *action shape)``.

    Args:
        path: The file.
        family: The family that it plays.

    Raises:
        PolicyError: If it cannot be read, holds what is not run, or takes other inputs.
        ProtocolError: If the extra ``onnx`` is not installed.
    """
    for package in ("onnx", "onnxruntime"):
        extras.needed(package, "onnx")
    if path.stat().st_size > MOST_BYTES:
        raise PolicyError(f"{path}: is larger than {MOST_BYTES:,} bytes")
    data = path.read_bytes()
    _check(path, data)
    session = _session(path, data)
    _check_inputs(path, session)
    output = session.get_outputs()[0]

    def run(observations: Any) -> Any:
        return _run(path, session, observations)

    function = with_entries(run, family.observation_space)
    if family.box is not None:
        return BoxFunctionPolicy(lambda inputs, _: function(inputs), family.box, stochastic=False)
    n = family.n_actions
    if "int" in output.type:
        return FunctionPolicy(_one_hot(path, function, n), n, stochastic=False)
    return FunctionPolicy(lambda inputs: _softmax(function(inputs)), n)


def _check(path: Path, data: bytes) -> None:
    """Refuse what is not run."""
    import onnx

    try:
        model = onnx.load_model_from_string(data)
    except Exception as error:
        # protobuf's own errors are of no common class.
        raise PolicyError(f"{path}: is no ONNX graph: {one_line(error)[:200]}") from None
    graph = model.graph
    if model.functions or len(graph.node) > MOST_NODES:
        what = "functions of its own" if model.functions else f"{len(graph.node):,} operators"
        raise PolicyError(f"{path}: has {what}, and at most {MOST_NODES:,} operators are run")
    for node in graph.node:
        if node.domain not in DOMAINS or node.op_type not in OPERATORS:
            name = f"{node.domain}.{node.op_type}" if node.domain else node.op_type
            raise PolicyError(f"{path}: has the operator {name!r}, which is not run")
    values = [attribute.t for node in graph.node for attribute in node.attribute]
    sparse = graph.sparse_initializer or any(
        attribute.HasField("sparse_tensor") or attribute.HasField("g") or attribute.graphs
        for node in graph.node
        for attribute in node.attribute
    )
    if sparse or any(tensor.external_data for tensor in [*graph.initializer, *values]):
        raise PolicyError(
            f"{path}: keeps weights outside of itself, or in a form that is not read: save it as "
            "one file (torch.onnx.export(..., external_data=False))"
        )


@cache
def _bound_memory() -> None:
    """Give the sessions of this process one allocator, which refuses more than ``MOST_MEMORY``."""
    from onnxruntime.capi import onnxruntime_pybind11_state as runtime

    arena, default = runtime.OrtAllocatorType.ORT_ARENA_ALLOCATOR, runtime.OrtMemType.DEFAULT
    cpu = runtime.OrtMemoryInfo("Cpu", arena, 0, default)
    # -1: how it grows is the library's choice.
    runtime.create_and_register_allocator(cpu, runtime.OrtArenaCfg(MOST_MEMORY, -1, -1, -1))


def _session(path: Path, data: bytes) -> Any:
    """What computes the graph, on one thread and the same each time."""
    import onnxruntime

    _bound_memory()
    options = onnxruntime.SessionOptions()
    options.add_session_config_entry("session.use_env_allocators", "1")
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.use_deterministic_compute = True
    options.log_severity_level = 4
    try:
        return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        # Its errors are of no common class.
        raise PolicyError(f"{path}: cannot be computed: {one_line(error)[:300]}") from None


def _check_inputs(path: Path, session: Any) -> None:
    for tensor in session.get_inputs():
        if tensor.type != "tensor(float)":
            raise PolicyError(
                f"{path}: its input {tensor.name!r} is {tensor.type}, and observations are float32"
            )


def _run(path: Path, session: Any, observations: Any) -> Any:
    """The first output for a batch, row by row where the graph has a batch of one."""
    inputs = session.get_inputs()
    names = [tensor.name for tensor in inputs]
    if not isinstance(observations, Mapping):
        if len(names) != 1:
            raise PolicyError(f"{path}: has inputs {', '.join(names)}; observations are one array")
        observations = {names[0]: observations}
    if set(names) != observations.keys():
        own = ", ".join(observations)
        raise PolicyError(f"{path}: has inputs {', '.join(names)}; observations are {own}")
    feeds = {name: np.ascontiguousarray(observations[name], np.float32) for name in names}
    batch = len(feeds[names[0]])
    single = batch != 1 and any(tensor.shape and tensor.shape[0] == 1 for tensor in inputs)
    pieces = [slice(i, i + 1) for i in range(batch)] if single else [slice(None)]
    return np.concatenate(
        [
            _output(path, session, {name: value[piece] for name, value in feeds.items()})
            for piece in pieces
        ]
    )


def _output(path: Path, session: Any, feeds: Mapping[str, Any]) -> Any:
    """The first output for a batch, in halves where there is too little memory for all of it."""
    try:
        return np.asarray(session.run(None, feeds)[0])
    except Exception as error:
        if "memory" not in str(error):
            raise PolicyError(f"{path}: {one_line(error)[:300]}") from None
    half = len(next(iter(feeds.values()))) // 2
    if not half:
        raise PolicyError(
            f"{path}: needs more than {MOST_MEMORY:,} bytes of memory for one observation"
        )
    parts = [
        {name: feed[part] for name, feed in feeds.items()}
        for part in (slice(half), slice(half, None))
    ]
    return np.concatenate([_output(path, session, part) for part in parts])


def _softmax(logits: Any) -> Any:
    values = np.asarray(logits, np.float64)
    exponentials = np.exp(values - values.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


def _one_hot(path: Path, function: Callable[[Any], Any], n: int) -> Callable[[Any], Any]:
    def probabilities(observations: Any) -> Any:
        actions = np.asarray(function(observations)).reshape(-1)
        if not ((actions >= 0) & (actions < n)).all():
            raise PolicyError(f"{path}: gave an action that is not from 0 to {n - 1}")
        return np.eye(n)[actions]

    return probabilities

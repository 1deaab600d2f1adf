"""Protocols with something wrong in them: all that is wrong is said before anything is computed."""

import json
from unittest import mock

import tomli_w
from helpers import TINY

from campaign.acts import act, faults
from campaign.damage import DEEP, VALUES
from campaign.subjects import rng_of
from rlgen.errors import RlgenError

#: What a valid protocol comes to.
VALID = "valid: it would be computed now"
#: Of which keys are changed, and what is put into them besides ``VALUES``.
WORDS = (
    *("maze-basic", "maze-tunnel", "CartPole-v1", "Pendulum-v1", "no-such-v0", "module:Env-v0"),
    *("ppo", "sac", "dqn", "ars", "recurrent-ppo", "mlp-512-128", "conv-a", "fully-convolutional"),
    *("plain", "greedy", "temperature:0.5", "temperature:-1", "sticky_executed:2", "a+b", "plain+"),
    *("0:3", "3:0", "0:1:2", "0,1", "5", "-1:4", "0:100000000000", "x", ":", "0:2,1:3"),
    *(
        "entropy:0.1",
        "dropout:7",
        "l2",
        "none",
        "test",
        "train",
        "results",
        "mlp:",
        ":mlp",
        "a:b:c",
    ),
)
NUMBERS = (0, 1, 2, 3, -5, 10**6, 10**12, 2**63, 0.5, 1e-300, 1e300, 1e6)
BASES = (
    TINY,
    {
        "name": "named",
        "family": "CartPole-v1",
        "train_levels": "0:4",
        "test_levels": "100:104",
        "seeds": [0],
        "steps": 1000,
    },
    {**TINY, "regulariser": ["none", "entropy:0.1"], "flip_p": [0.0, 0.5]},
    {**TINY, "pools": {"larger": {"family_options": {"size": 7}, "n_levels": 4, "optional": True}}},
    {**TINY, "budget": "cpu", "budgets": {"cpu": {"steps": 500}, "gpu": {"steps": 5000}}},
    {"name": "played", "family": "CartPole-v1", "policy": ["gone.zip"], "test_levels": "0:3"},
)


def keys():
    """All keys of protocols."""
    from rlgen.protocol.json_schema import key_cards

    return list(key_cards())


def cases(folder, numbers):
    """A line for each thing that a case shows and none may show."""
    names, path = keys(), folder / "protocol.toml"
    for number in numbers:
        rng = rng_of("protocols", number)
        path.write_bytes(_file(names, rng))
        with mock.patch("rlgen.study.driver.compute", side_effect=RlgenError(VALID)):
            done = act("evaluate", path, "-o", folder / "store", "--quiet")
        for line in faults(done):
            yield f"case {number}: {line}: {path.read_bytes()[:600]!r}"
        if done.code != 2:
            yield f"case {number}: exit code {done.code}: {path.read_bytes()[:600]!r}"
        if (folder / "store").exists():
            yield f"case {number}: something was written"


def _file(names, rng):
    values = json.loads(json.dumps(BASES[int(rng.integers(len(BASES)))]))
    for _ in range(int(rng.integers(1, 4))):
        _change(values, names, rng)
    try:
        text = tomli_w.dumps(values).encode()
    except (TypeError, AttributeError, ValueError):
        text = json.dumps(values).encode()
    if rng.random() < 0.2:
        text = _spoilt(text, rng)
    return text


def _change(values, names, rng):
    way = rng.random()
    own = list(values)
    if way < 0.15 and own:
        del values[own[int(rng.integers(len(own)))]]
    elif way < 0.25:
        name = names[int(rng.integers(len(names)))]
        values[name[: int(rng.integers(len(name)))] + "x"] = 1
    elif way < 0.45 and any(isinstance(values[key], dict) for key in own):
        tables = [key for key in own if isinstance(values[key], dict)]
        _change(values[tables[int(rng.integers(len(tables)))]], names, rng)
    else:
        name = names[int(rng.integers(len(names)))] if way < 0.8 or not own else own[0]
        values[name] = _value(rng)


def _value(rng):
    pool = (VALUES, WORDS, NUMBERS)[int(rng.integers(3))]
    value = pool[int(rng.integers(len(pool)))]
    way = rng.random()
    if way < 0.2:
        return [value, pool[int(rng.integers(len(pool)))]]
    if way < 0.25:
        return {"x": value}
    return value


def _spoilt(text, rng):
    way = int(rng.integers(8))
    where = int(rng.integers(len(text) + 1))
    return (
        text[:where] + bytes([int(rng.integers(256))]) + text[where:],
        text[:where],
        text + b"\nx = " + DEEP.encode(),
        text + b"\n[[[",
        b"\xef\xbb\xbf" + text,
        text.decode().encode("utf-16"),
        text + text,
        b"a." * 2000 + b"b = 1\n" + text,
    )[way]

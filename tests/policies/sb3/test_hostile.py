"""Zips made to run code, to fill memory or to take for ever: refused at once, in one line."""

import base64
import io
import json
import pickle
import time
import zipfile

import numpy as np
import pytest
import torch
from gymnasium import spaces
from stable_baselines3 import PPO

from rlgen.errors import PolicyError
from rlgen.levels import lookup
from rlgen.policies import loading
from rlgen.policies.sb3 import pickles

CARTPOLE = "CartPole-v1"
ZEROS = bytes(100_000_000)


@pytest.fixture(scope="module")
def members(tmp_path_factory):
    """The members of a zip that is in order, by name."""
    path = tmp_path_factory.mktemp("model") / "model.zip"
    PPO(
        "MlpPolicy",
        CARTPOLE,
        n_steps=8,
        batch_size=8,
        device="cpu",
        policy_kwargs={"net_arch": [8]},
    ).save(path)
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def refused(path, members, reason, compression=zipfile.ZIP_STORED):
    """Load a zip with these members, and return what is said of it."""
    with zipfile.ZipFile(path / "hostile.zip", "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    begin = time.monotonic()
    with pytest.raises(PolicyError, match=reason) as error:
        loading.load(str(path / "hostile.zip"), lookup.family(CARTPOLE))
    assert time.monotonic() - begin < 10
    assert str(error.value).isprintable()
    return str(error.value)


def with_pickle(members, key, pickled):
    data = json.loads(members["data"])
    data[key] = {":type:": "x", ":serialized:": base64.b64encode(pickled).decode()}
    return members | {"data": json.dumps(data)}


def with_kwargs(members, **kwargs):
    data = json.loads(members["data"])
    return members | {"data": json.dumps(data | {"policy_kwargs": {"net_arch": [8]} | kwargs})}


def with_weights(members, **weights):
    state = torch.load(io.BytesIO(members["policy.pth"]), weights_only=True)
    buffer = io.BytesIO()
    torch.save(state | weights, buffer)
    return members | {"policy.pth": buffer.getvalue()}


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("data", ZEROS, "data unpacks to 100,000,000 bytes"),
        ("policy.pth", ZEROS, "policy.pth unpacks to 100,000,000 bytes"),
        ("_stable_baselines3_version", ZEROS, "unpacks to 100,000,000 bytes"),
        ("data", "[" * 1_000_000, "nested too deeply"),
        ("data", '{"a": ' * 100_000, "nested too deeply"),
        ("data", "{" + ",".join(f'"{i}":0' for i in range(600_000)) + "}", "1,000,000 values"),
        ("data", "[]", "cannot be read as a stable-baselines3 zip"),
        ("data", "{}", "its settings lack policy_class"),
        ("policy.pth", b"nothing", "its weights cannot be read"),
    ],
)
def test_members_that_are_too_large_or_damaged(tmp_path, members, name, content, reason):
    refused(tmp_path, members | {name: content}, reason, zipfile.ZIP_DEFLATED)


def test_weights_that_unpack_to_more_than_their_size(tmp_path, members):
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(members["policy.pth"])) as archive,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as bomb,
    ):
        for name in archive.namelist():
            bomb.writestr(name, ZEROS if name.endswith("/data/0") else archive.read(name))
    hostile = members | {"policy.pth": buffer.getvalue()}
    refused(tmp_path, hostile, "they unpack to more than their own size")


#: ``[[[...], [...]], [[...], [...]]]``, each twice in the next, 100 deep.
SHARED = (
    b"]\x940"
    + b"".join(b"](h%ch%ce\x940" % (i, i) for i in range(100))
    + b"}X\x01\x00\x00\x00ahds."
)
#: The same with tuples, as the key of a dictionary: its hash takes 2 ** 100 steps.
HASHED = b"}(" + b")\x94" + b"".join(b"h%ch%c\x86\x94" % (i, i) for i in range(100)) + b"Nu."
DEEP = b"(" * 40_000 + b"l" * 40_000 + b"."


@pytest.mark.parametrize(
    ("pickled", "reason"),
    [
        (b"\x80\x04" + SHARED, "a = more than 10,000 values"),
        (b"\x80\x04" + HASHED, "keys that are neither text nor numbers"),
        (DEEP, "its policy_kwargs is damaged"),
        (b"N0" * 600_000 + b"N.", "more than 100,000 instructions"),
        (b"\x80\x05\x96" + b"\xff" * 7 + b"\x00.", "damaged pickle"),
        (b"\x80\x04\x8d\xff\xff\xff\xff\xff\xff\xff\x00abc.", "damaged pickle"),
        (b"Pid\n.", "damaged pickle"),
        (b"\x82\x01.", "damaged pickle"),
        (b"cposix\nsystem\n(S'touch it-ran'\ntR.", r"holds posix\.system"),
        (b"(S'touch it-ran'\niposix\nsystem\n.", r"holds posix\.system"),
        (b"ccloudpickle.cloudpickle\n_make_skeleton_class\n)R.", "damaged"),
        (b"", "damaged pickle"),
        (b"\x00", "damaged pickle"),
    ],
)
def test_pickles_that_are_bombs(tmp_path, members, pickled, reason, monkeypatch):
    monkeypatch.chdir(tmp_path)
    refused(tmp_path, with_pickle(members, "policy_kwargs", pickled), reason)
    assert not (tmp_path / "it-ran").exists()


def test_an_entry_of_the_memo_far_away_takes_no_room(tmp_path, members):
    """It is read as the empty settings that it is, for which the weights are too few."""
    hostile = with_pickle(members, "policy_kwargs", b"}Nr\xff\xff\xff\x7f0.")
    refused(tmp_path, hostile, "its weights are not those of ActorCriticPolicy")


def test_spaces_that_hold_each_other(tmp_path, members):
    space = spaces.Dict({"a": spaces.Discrete(2)})
    for _ in range(100):
        space = spaces.Dict({"a": space, "b": space})
    hostile = with_pickle(members, "observation_space", pickle.dumps(space))
    refused(tmp_path, hostile, "takes no such dictionary")
    wide = spaces.Dict({f"{i}": spaces.Discrete(2) for i in range(300)})
    hostile = with_pickle(members, "observation_space", pickle.dumps(wide))
    refused(tmp_path, hostile, "takes no such dictionary")


@pytest.mark.parametrize(
    "space",
    [spaces.Discrete(10**12), spaces.MultiDiscrete([10**9] * 9), spaces.MultiBinary(10**10)],
)
def test_spaces_that_are_too_large(tmp_path, members, space):
    hostile = with_pickle(members, "observation_space", pickle.dumps(space))
    refused(tmp_path, hostile, "cannot be built .*weights of shape .* are not in it")


@pytest.mark.parametrize(
    ("kwargs", "reason"),
    [
        ({"net_arch": [10**9, 10**9]}, "weights of shape .* are not in it"),
        ({"net_arch": [1] * 9000}, "more layers than it has weights"),
        ({"net_arch": [-1]}, "cannot be built"),
        ({"net_arch": {"pi": "x"}}, "cannot be built"),
        ({"net_arch": [{"pi": [8], "vf": 3}]}, "its net_arch is none"),
        ({"no_such_setting": 1}, "ActorCriticPolicy has no setting no_such_setting in"),
        ({"activation_fn": "rm -rf"}, "cannot be built"),
    ],
)
def test_settings_that_do_not_fit(tmp_path, members, kwargs, reason):
    refused(tmp_path, with_kwargs(members, **kwargs), reason)


@pytest.mark.parametrize(
    ("weights", "reason"),
    [
        ({"action_net.weight": torch.full((2, 8), torch.nan)}, "action_net.weight are not finite"),
        ({"value_net.bias": torch.tensor([-torch.inf])}, "value_net.bias are not finite"),
        ({"action_net.bias": torch.zeros(1).expand(10**12)}, "larger than what is stored"),
        ({"action_net.bias": torch.zeros(3)}, "not those of ActorCriticPolicy.*size mismatch"),
        ({"more": torch.zeros(3)}, "not those of ActorCriticPolicy.*Unexpected"),
        ({"more": [1]}, "they are not tensors with names"),
    ],
)
def test_weights_that_cannot_be_played(tmp_path, members, weights, reason):
    refused(tmp_path, with_weights(members, **weights), reason)


def test_names_are_printed_plainly(tmp_path, members):
    """An escape sequence that would turn the terminal red, and a line of its own."""
    name = b"evil\x1b[31m\nrlgen: all is well"
    pickled = b"\x80\x04\x8c\x03mod\x8c%c%b\x93." % (len(name), name)
    told = refused(tmp_path, with_pickle(members, "policy_class", pickled), "mod.evil")
    assert "[31m rlgen: all" in told


def test_a_reader_imports_nothing():
    node = pickles.read(pickle.dumps(np.arange(3)))
    assert isinstance(node, pickles.Node)
    assert node.path == "numpy.core.multiarray._reconstruct"
    assert issubclass(pickles.read(b"cno_such_module\nName\n."), pickles.Node)

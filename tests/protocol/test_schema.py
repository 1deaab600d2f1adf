"""Protocol files: what they mean, and what is refused before any compute."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from planning import cells_of

from rlgen.errors import ProtocolError, RlgenError
from rlgen.protocol import schema, shipped, suite
from rlgen.protocol.merging import merged
from rlgen.study.kinds import policy_cell
from rlgen.study.kinds.train import TrainCell
from rlgen.study.plan import plan
from rlgen.util import ranges, toml
from rlgen.util.bracketed import two_spellings


def refusal(tiny, **keys):
    """The message with which a protocol is refused."""
    told = {k: v for k, v in {**tiny, **keys}.items() if v is not None}
    with pytest.raises(RlgenError) as caught:
        cells_of(schema.parse(told, "my.toml"), "my.toml")
    assert caught.value.exit_code == 2
    return str(caught.value)


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"n_trian_levels": 3}, ["unknown key 'n_trian_levels'", "did you mean 'n_train_levels'"]),
        ({"network": None}, ["key 'network' is missing"]),
        ({"family": "maze-basik"}, ["family = 'maze-basik'", "did you mean 'maze-basic'"]),
        ({"family": "maze-basic[9]"}, ["my.toml: family = 'maze-basic[9]': options are given as"]),
        ({"agent": ["ppo", "pppo"]}, ["agent = 'pppo'", "did you mean 'ppo'"]),
        ({"network": "conv-aa"}, ["network = 'conv-aa'", "did you mean 'conv-a'"]),
        ({"network": "conv-k2x4"}, ["network = 'conv-k2x4'", "does not fit", "5 x 5"]),
        ({"conditions": ["plain", "stiky_proposed"]}, ["conditions = 'stiky_proposed'", "sticky"]),
        (
            {"conditions": ["sticky_proposed:-0.5"]},
            ["conditions = 'sticky_proposed:-0.5'", "0 to 1"],
        ),
        ({"conditions": ["delay", "delay:1"]}, ["'delay:1'", "same condition as 'delay'"]),
        ({"regulariser": ["frame_skip"]}, ["regulariser = 'frame_skip'", "cannot be trained"]),
        ({"regulariser": ["plain"]}, ["called 'none'"]),
        ({"n_train_levels": [10, 0]}, ["n_train_levels = 0", "greater than or equal to 1"]),
        ({"n_train_levels": 10**9}, ["n_train_levels = 1000000000", "1,000,000"]),
        ({"n_train_levels": 60_470}, ["n_train_levels = 60470", "at most 60,480 distinct levels"]),
        ({"n_train_levels": "ten"}, ["n_train_levels = 'ten'", "integer"]),
        ({"n_train_levels": []}, ["n_train_levels", "at least one value"]),
        ({"n_train_levels": [3, 3]}, ["n_train_levels", "listed twice"]),
        ({"n_test_levels": 0}, ["n_test_levels = 0"]),
        ({"flip_p": 1.5}, ["flip_p = 1.5", "less than or equal to 1"]),
        ({"flip_p": float("nan")}, ["flip_p = nan"]),
        ({"steps": -1}, ["steps = -1"]),
        ({"steps": 2.5}, ["steps = 2.5", "integer"]),
        ({"steps": True}, ["steps = True", "integer"]),
        ({"seeds": "0:0"}, ["seeds = '0:0'", "empty"]),
        ({"seeds": "a:b"}, ["seeds = 'a:b'", "0:20"]),
        ({"seeds": [-1]}, ["seeds = -1"]),
        ({"family_options": {"sise": 5}}, ["family_options", "unknown key 'sise'", "'size'"]),
        ({"family_options": {"size": 3}}, ["family_options", "size = 3"]),
        ({"agent_options": {"lr": 0.1}}, ["agent_options", "ppo has no option 'lr'"]),
        ({"agent_options": {"gamma": 2}, "agent": "dqn"}, ["dqn option gamma = 2", "0 to 1"]),
        ({"train_pool": "mine"}, ["train_pool = 'mine'", "per_run"]),
        ({"name": "../escape"}, ["name = '../escape'"]),
        ({"name": ""}, ["name = ''"]),
        ({"margin": 0}, ["margin = 0"]),
        (
            {"agent": "dqn", "agent_options": {}, "conditions": ["temperature"]},
            ["temperature", "dqn"],
        ),
    ],
)
def test_mistakes_are_refused_with_file_key_and_value(tiny, keys, told):
    message = refusal(tiny, **keys)
    assert message.startswith("my.toml: ")
    for part in told:
        assert part in message


def test_all_mistakes_are_told_at_once(tiny):
    message = refusal(tiny, stepps=1, n_test_levels=0, network=None)
    assert len(message.splitlines()) == 3


def test_files_that_are_none(tmp_path):
    for path, content_ in {
        "missing.toml": None,
        "bad.toml": b"a = [",
        "binary.toml": b"\xff\xfe",
    }.items():
        if content_ is not None:
            (tmp_path / path).write_bytes(content_)
        with pytest.raises(ProtocolError, match=path):
            suite.read(tmp_path / path)
    with pytest.raises(ProtocolError, match=r"did you mean 'quickstart'.*\*.toml"):
        suite.read("quikstart")


#: Packages without which protocols of this name cannot be planned.
EXTRAS = {"minigrid": "minigrid", "procgen": "envpool", "atari": "ale_py"}


@pytest.mark.parametrize("name", list(shipped.protocols()))
def test_shipped_protocols_can_be_planned(name):
    pytest.importorskip(EXTRAS.get(name.partition("-")[0], "rlgen"), exc_type=ImportError)
    declared = suite.read(name)
    ((told, where),) = declared.parts
    assert where == name
    assert told.name == "-".join(filter(None, (name, declared.budget)))
    assert told.description
    planned = cells_of(told, where)
    assert len({cell.id for cell in planned}) == len(planned)


def test_the_grid_is_the_product_of_the_lists(tiny):
    keys = {**tiny, "seeds": "3:6", "flip_p": [0, 0.5], "regulariser": ["none", "random_spawn"]}
    planned = cells_of(schema.parse(keys, "x"), "x")
    assert len(planned) == 3 * 2 * 2 * 2
    # one seed of everything before the second seed of anything
    assert [cell.seed for cell in planned] == sorted(cell.seed for cell in planned)
    assert {cell.pools.pool_seed for cell in planned} == {3, 4, 5}
    shared = cells_of(schema.parse({**keys, "train_pool": "shared"}, "x"), "x")
    assert {cell.pools.pool_seed for cell in shared} == {0}


def test_a_cell_is_its_content(tiny):
    def ids(**keys):
        return [cell.id for cell in cells_of(schema.parse({**tiny, **keys}, "x"), "x")]

    base = ids()
    # what is not part of a run's results does not change it
    assert ids(conditions=["delay"], description="other", name="other") == base
    assert ids(seeds=[1, 0]) == base[2:] + base[:2]
    # defaults spelt out are the same cell
    assert ids(family_options={"size": 5, "border": "inside"}) == base
    assert ids(agent_options={"n_envs": 16, "batch_size": 256, "gamma": 0.95}) == base
    # everything else does
    for other in (
        {"steps": 1501},
        {"n_test_levels": 9},
        {"agent_options": {"n_envs": 16, "batch_size": 128}},
        {"family_options": {"size": 6}},
        {"flip_p": 0.1},
        {"regulariser": "random_spawn"},
        {"curve_points": 3},
        {"train_pool": "shared"},
    ):
        changed = ids(**other)
        if other == {"train_pool": "shared"}:
            assert changed[:2] == base[:2]  # seed 0 trains on the pool of seed 0 either way
            changed = changed[2:]
        assert not set(changed) & set(base)


def test_the_text_of_a_protocol_is_the_protocol(tiny):
    keys = {"description": 'with "quotes", a \\ and\na new line', "agent_options": {"a-b": -0.1}}
    told = schema.parse({**tiny, **keys}, "x")
    assert schema.parse(toml.loads(told.text(), "x"), "x") == told
    # Some keys are written where they hold something, or are given.
    fields = sum(value is not None for value in told.model_dump().values())
    assert len(told.text().splitlines()) == fields - len(schema.IF_ANY)
    pools = {"larger": {"family_options": {"size": 7}}, "own": {"levels": "7:9", "kind": ""}}
    further = schema.parse({**tiny, "pools": pools}, "x")
    assert schema.parse(toml.loads(further.text(), "x"), "x") == further
    assert len(further.text().splitlines()) == fields - len(schema.IF_ANY) + 1
    levels = {"levels": {"group": "corner", "test": ["upper left"]}}
    split = schema.parse({**tiny, **levels}, "x")
    assert schema.parse(toml.loads(split.text(), "x"), "x") == split
    probed = schema.parse({**tiny, "probes": ["a", "b"]}, "x")
    assert schema.parse(toml.loads(probed.text(), "x"), "x") == probed
    measuring = schema.parse({**tiny, "experiments": {"one": {"a": [1, 2.5], "b": "c"}}}, "x")
    assert schema.parse(toml.loads(measuring.text(), "x"), "x") == measuring


@given(st.lists(st.integers(0, 50), min_size=1, max_size=5, unique=True))
def test_seeds_as_text(seeds):
    assert ranges.parse_seeds(",".join(map(str, seeds))) == tuple(seeds)
    assert ranges.parse_seeds(f"{seeds[0]}:{seeds[0] + 3}") == tuple(range(seeds[0], seeds[0] + 3))


def test_merging_is_a_union_and_refuses_another_study(tiny):
    old = schema.parse(tiny, "x")
    more = {"seeds": [1, 5], "conditions": ["plain", "delay:1"]}
    new = schema.parse({**tiny, **more}, "x")
    both = merged(old, new)
    assert both.seeds == (0, 1, 5)
    assert both.conditions == ("plain", "greedy", "random_spawn", "delay:1")
    with pytest.raises(ProtocolError, match="'steps' is 1500 in the store and 9 now"):
        merged(old, schema.parse({**tiny, "steps": 9}, "x"))


@pytest.mark.parametrize("key", ["agent_options", "family_options"])
def test_equal_numbers_that_are_written_otherwise_are_refused(tiny, key):
    """Their cells have other ids, and one run would be counted as two."""
    whole, float_ = (schema.parse({**tiny, key: {"gamma": one}}, "x") for one in (1, 1.0))
    assert merged(whole, whole) == whole
    message = r"is \{ gamma = 1 \} in the store and \{ gamma = 1.0 \} now: equal numbers that are"
    with pytest.raises(ProtocolError, match=message):
        merged(whole, float_)


@pytest.mark.parametrize("key", ["agent", "network", "family"])
def test_options_in_another_order_are_refused(tiny, key):
    first, second = (
        schema.parse({**tiny, key: f"name[{own}]"}, "x") for own in ("a=1,b=2", "b=2,a=1")
    )
    assert merged(first, first) == first
    with pytest.raises(ProtocolError, match=r"has name\[a=1,b=2\] in the store, and name\[b=2,"):
        merged(first, second)


def test_one_agent_in_two_spellings_is_refused_before_anything_is_computed(tiny):
    names = ["ppo[gamma=1,ent_coef=0.1]", "ppo-default", "ppo[ent_coef=0.10, gamma=1.0]"]
    with pytest.raises(ProtocolError) as error:
        plan(suite.read({**tiny, "agent": names}))
    assert f"agent: {names[0]} and {names[2]} are one, in two spellings" in str(error.value)
    # A store of an older version may hold them, and is read.
    assert schema.parse({**tiny, "agent": names}, "x").agent == tuple(names)


@pytest.mark.parametrize("sign", ["\0", "\x1b[31m", "\r", "\x7f", "\x9b"])
def test_a_description_holds_nothing_that_a_terminal_obeys(tiny, sign):
    with pytest.raises(ProtocolError, match=r"x: description = .*must hold no control characters"):
        schema.parse({**tiny, "description": f"of mazes{sign}"}, "x")
    words = "of mazes,\n\ton two lines: 5\u202f% of é, 迷路 and 🙂"
    assert schema.parse({**tiny, "description": words}, "x").description == words


@pytest.mark.parametrize(
    ("key", "names", "options"),
    [
        ("agent", ["ppo", "ppo[gamma=0.95]"], {}),
        ("agent", ["ppo[gamma=0.5]", "ppo[gamma=0.5,anneal=false]"], {}),
        ("agent", ["ppo", "ppo[gamma=0.5]"], {"gamma": 0.5}),
        ("family", ["maze-basic", "maze-basic[border=inside]"], {}),
    ],
)
def test_a_default_that_is_written_out_makes_no_second_agent(tiny, key, names, options):
    values = {**tiny, key: names, "agent_options": options}
    with pytest.raises(ProtocolError, match=f"{key}: .* are one: an option is written out") as told:
        plan(suite.read(values))
    assert all(name in str(told.value) for name in names)
    other = names[1].replace("0.95", "0.96").replace("false", "true").replace("inside", "outside")
    if other != names[1]:
        one, both = (
            plan(suite.read({**values, key: own})) for own in (names[0], [names[0], other])
        )
        assert len(both.tasks) == 2 * len(one.tasks)


def test_options_that_differ_are_no_spellings():
    """Of what is no option at all somebody else says so."""
    names = [
        "a[x=1]",
        "a[x=true]",
        "a[x=[1]]",
        "a[x=1",
        "a[x]",
        "a",
        "a[x=1e999]",
        f"a[x={10**400}]",
    ]
    assert two_spellings(names) is None
    assert two_spellings(["a[x=1]"], ["a[x=1.0]", "a[x=1]"]) is None, "as it was"


def test_zero_has_one_spelling(tiny):
    keys = [{"flip_p": zero, "agent_options": {"gamma": zero}} for zero in (0.0, -0.0)]
    first, second = (cells_of(schema.parse({**tiny, **each}, "x"), "x")[0].id for each in keys)
    assert first == second


def test_a_key_that_came_later_leaves_older_cells_their_ids(tiny, monkeypatch):
    """As if the number of episodes had been added to the protocol today."""
    monkeypatch.setattr(policy_cell, "_FIRST", policy_cell._FIRST - {"episodes"})
    monkeypatch.setattr(policy_cell, "_later", policy_cell._later.__wrapped__)
    (cell, *_) = cells_of(schema.parse(tiny, "x"), "x")
    older = {key: value for key, value in cell.settings.items() if key != "episodes"}
    assert TrainCell.identity(older) == cell.id
    assert TrainCell.from_settings(older).settings == cell.settings
    (other, *_) = cells_of(schema.parse(tiny | {"episodes": 7}, "x"), "x")
    assert other.id != cell.id


def test_ranges_of_python_name_levels(tiny):
    names = {"train_levels": range(5), "test_levels": range(7, 9)}
    without = {key: value for key, value in tiny.items() if key[:2] != "n_"}
    ((told, _),) = suite.read({**without, **names}).parts
    assert (told.train_levels, told.test_levels) == ("0:5", "7:9")
    ((stepped, _),) = suite.read({**without, **names, "test_levels": range(0, 9, 2)}).parts
    assert stepped.test_levels == "0,2,4,6,8"
    with pytest.raises(ProtocolError, match="but not test_levels"):
        suite.read({**without, **names, "test_levels": range(0)})


@pytest.mark.parametrize("empty", [[], {}, set()])
def test_no_policy_is_not_a_wish_to_train(empty, tiny):
    with pytest.raises(ProtocolError, match=r"protocol: policy = .*: names no policy: give at"):
        suite.read(tiny | {"policy": empty})
    ((protocol, _),) = suite.read(tiny).parts
    assert suite.read(protocol).parts[0][0] == protocol
    with pytest.raises(ProtocolError, match="policy: ppo: must list the files"):
        suite.read(tiny | {"policy": {"ppo": empty}})

"""The lint: every mistake found, on its line, and nothing said of correct scripts."""

import ast
import json
import re
import shutil

import lint_scripts
import pytest
from commands import imported, rlgen
from helpers import unsealed
from hypothesis import given, settings
from hypothesis import strategies as st
from lint_scripts import IMPORTS, RIGHT, WRONG

from rlgen.errors import LintError
from rlgen.lint import RULES, lint
from rlgen.lint.certainty import either, same, shifted
from rlgen.lint.values import Const, Either, Seq, Span, Sym, Table
from rlgen.store.run_store import RunStore
from rlgen.util import files

SCRIPT_RULES = [code for code in RULES if RULES[code].script is not None]
STORE_RULES = [code for code in RULES if RULES[code].store is not None]


def found(tmp_path, text):
    """Lines and codes of what is found in a script."""
    path = tmp_path / "script.py"
    path.write_text(text)
    result = lint([path])
    assert result.incomplete == []
    return {(each.line, each.code): each for each in result.findings}


def marked(text):
    """Lines and codes that a script says are found in it."""
    return {
        (number, code)
        for number, line in enumerate(text.splitlines(), 1)
        if "# ! " in line
        for code in line.partition("# ! ")[2].split()
    }


@pytest.mark.parametrize("name", RIGHT)
def test_nothing_is_said_of_correct_scripts(name, tmp_path):
    told = found(tmp_path, IMPORTS + RIGHT[name])
    assert not told, [str(each) for each in told.values()]


@pytest.mark.parametrize("name", WRONG)
def test_mistakes_are_found_where_they_are(name, tmp_path):
    text = IMPORTS + WRONG[name]
    told = found(tmp_path, text)
    assert set(told) == marked(text), [str(each) for each in told.values()]


def test_every_rule_is_demonstrated():
    text = "".join(WRONG.values())
    assert set(re.findall(r"L\d{3}", text)) == set(SCRIPT_RULES)
    assert set(SCRIPT_RULES) | set(STORE_RULES) == set(RULES)


def test_scripts_are_python():
    for text in (*RIGHT.values(), *WRONG.values()):
        assert len(ast.parse(IMPORTS + text).body) > len(ast.parse(IMPORTS).body)


def test_a_finding_says_what_and_what_to_do(tmp_path):
    text = IMPORTS + WRONG["the same seed"]
    (told,) = found(tmp_path, text).values()
    line = text.splitlines().index("print(evaluate_policy(model, eval_env))  # ! L102") + 1
    assert str(told) == (
        f"{tmp_path / 'script.py'}:{line}: L102 evaluates-on-training-levels: evaluate_policy is "
        f"given the environment of line {line - 2}: it is seeded with 9 and training with 5 to 12, "
        "so that its episodes begin like those of training; give the evaluation levels or a seed "
        "that training does not have"
    )


@pytest.mark.parametrize(
    ("comment", "silent"),
    [
        ("# rlgen: ignore", True),
        ("# rlgen: ignore[L101]", True),
        ("# rlgen: ignore[L201, L101]", True),
        ("#rlgen:ignore[L101]", True),
        ("# rlgen: ignore[L201]", False),
        ("# rlgen: ignore[]", False),
        ("# ignore", False),
    ],
)
def test_a_line_may_ask_for_silence(comment, silent, tmp_path):
    text = WRONG["the training environment"].replace("# ! L101", comment)
    assert bool(found(tmp_path, IMPORTS + text)) is not silent


def test_a_script_is_never_run(tmp_path, monkeypatch):
    text = f"open({str(tmp_path / 'trace')!r}, 'w').close()\nimport this_does_not_exist\n1 / 0\n"
    assert found(tmp_path, text) == {}
    assert not (tmp_path / "trace").exists()


NAMES = st.sampled_from(["a", "b", "env", "model", "f", "self"])


LEAVES = st.one_of(
    NAMES,
    st.integers(-3, 300).map(str),
    st.sampled_from(["None", "True", "'x'", "range(3)", "[]", "{}", "()", "(lambda *a: a)"]),
)
EXPRESSIONS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda p: f"({p[0]})({p[1]})"),
        st.tuples(inner, inner).map(lambda p: f"PPO({p[0]}, {p[1]}).learn(1, {p[0]})"),
        st.tuples(inner, inner).map(lambda p: f"evaluate_policy({p[0]}, env={p[1]})"),
        st.tuples(inner, inner).map(lambda p: f"make_vec_env({p[0]}, seed={p[1]})"),
        st.tuples(inner, inner).map(lambda p: f"({p[0]}).predict(*{p[1]})"),
        st.tuples(inner, inner).map(lambda p: f"({p[0]}).step({p[1]})"),
        st.tuples(inner, inner).map(lambda p: f"({p[0]})[{p[1]}]"),
        st.tuples(inner, inner).map(lambda p: f"({p[0]})[{p[1]}:]"),
        st.tuples(inner, inner).map(lambda p: f"{{'k': {p[0]}, **{p[1]}}}"),
        st.tuples(inner, inner).map(lambda p: f"({p[0]} + {p[1]} * 2)"),
        st.tuples(inner, inner).map(lambda p: f"({p[0]} if {p[1]} else {p[0]} or {p[1]})"),
        st.tuples(inner, NAMES).map(lambda p: f"[{p[0]} for {p[1]} in {p[0]} if {p[1]}]"),
        st.tuples(inner, NAMES).map(lambda p: f"({p[0]}).{p[1]}"),
        inner.map(lambda e: f"VecNormalize({e}, norm_obs={e})"),
        inner.map(lambda e: f"DummyVecEnv([{e}, lambda: {e}])"),
        inner.map(lambda e: f"EvalCallback({e}, best_model_save_path={e})"),
        inner.map(lambda e: f"f'{{{e}!r:>4}}'" if "'" not in e and "{" not in e else e),
    ),
    max_leaves=8,
)


@st.composite
def programs(draw):
    """Programs that make little sense but are Python."""
    lines = []
    for _ in range(draw(st.integers(1, 12))):
        name, value = draw(NAMES), draw(EXPRESSIONS)
        other = draw(NAMES)
        lines += draw(
            st.sampled_from(
                [
                    [f"{name} = {value}"],
                    [f"{name}, *{other} = {value}"],
                    [f"{name}.training = {value}"],
                    [f"{name}[{value}] = {other}"],
                    [f"{name} += {value}"],
                    [f"for {name} in {value}:", f"    {other} = {name}", "    continue"],
                    [f"while {value}:", f"    {name} = {other}", "    break"],
                    [f"def f({name}, *a, **k):", f"    global {other}", f"    return {value}"]
                    if name not in (other, "a")
                    else ["pass"],
                    [f"class b({name}):", f"    env = {value}", "    def f(self): return self.env"],
                    [f"if {value}:", f"    {name} = {other}", "else:", f"    del {name}"],
                    ["try:", f"    {name} = {value}", "except E as e:", f"    raise {other}"],
                    [f"with {value} as {name}:", f"    {name}.reset(seed={other})"],
                    [f"{name} = {other} = {value}", f"{name}.learn(callback={other})"],
                    [f"match {value}:", "    case 1:", f"        {name} = 2"],
                    [f"assert {value}", f"del {name}"],
                    [f"print({value})"],
                ]
            )
        )
    return IMPORTS + "\n".join(lines) + "\n"


@pytest.mark.slow
@given(programs())
@settings(max_examples=150, deadline=None)
def test_whatever_is_python_can_be_linted(tmp_path_factory, text):
    ast.parse(text)
    path = tmp_path_factory.getbasetemp() / "any.py"
    path.write_text(text)
    first, again = lint([path]), lint([path])
    assert first.findings == again.findings
    assert all(1 <= each.line <= len(text.splitlines()) for each in first.findings)


VALUES = st.recursive(
    st.one_of(
        st.sampled_from([None, True, 1, 0, "x", 2.5]).map(Const),
        st.tuples(st.sampled_from("ab"), st.integers(-1, 1)).map(lambda p: Sym(*p)),
        st.tuples(st.integers(0, 2), st.integers(0, 2)).map(
            lambda p: Span(Const(p[0]), Const(p[1]))
        ),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=2).map(lambda items: Seq(items, len(items))),
        st.dictionaries(st.sampled_from("kl"), inner, max_size=2).map(Table),
    ),
    max_leaves=4,
)


@given(VALUES, VALUES)
def test_values_are_the_same_both_ways(first, second):
    assert same(first, first)
    assert same(first, second) == same(second, first)
    both = either([first, second, first])
    assert isinstance(both, Either) is not same(first, second)


@given(st.one_of(st.integers().map(Const), st.builds(Sym, st.just("a"))), st.integers())
def test_shifts_go_back(value, by):
    moved = shifted(value, by)
    assert moved is not None
    assert same(shifted(moved, -by), value)
    assert same(moved, value) == (by == 0)


def test_too_branched_scripts_are_told(tmp_path):
    calls = ["x", *(f"f{n}(); " * 6 for n in range(8))]
    lines = ["x = 0", *(f"def f{n}():\n    {call}" for n, call in enumerate(calls))]
    path = tmp_path / "deep.py"
    path.write_text("\n".join(lines) + "\nf8()\n")
    assert lint([path]).incomplete == [str(path)]
    _, err = rlgen("lint", path)
    assert f"{path}: too many branches to analyse completely" in err


@pytest.mark.parametrize(
    "text",
    [
        "f()\n" * 3,
        "def f():\n    return f()\nf()\n",
        "class A:\n    def a(self): self.a()\nA().a()\n",
    ],
)
def test_recursion_ends(text, tmp_path):
    assert found(tmp_path, text) == {}


# -- folders --------------------------------------------------------------------------------------


@pytest.fixture
def store(tiny_store, tmp_path):
    copy = tmp_path / "study"
    unsealed(shutil.copytree(tiny_store, copy))
    return copy


def codes(path):
    return [each.code for each in lint([path]).findings]


@pytest.mark.slow
def test_a_finished_study_is_clean(tiny_store):
    assert codes(tiny_store) == []
    run = next((tiny_store / "runs").iterdir())
    assert codes(run) == []
    out, _ = rlgen("lint", tiny_store)
    assert "nothing found of S101, S102, S201, S202, S203, S301" in out
    assert "train levels that equal test levels cannot occur in a store" in out


def test_runs_chosen_on_the_test_pool(store):
    split = next((store / "splits").iterdir()).stem
    RunStore(store).log_access("validation", "selection", split)
    RunStore(store).log_access("test", "certificate", split)
    assert codes(store) == []
    RunStore(store).log_access("test", "selection", split)
    (told,) = lint([store]).findings
    assert told.code == "S101"
    assert "test levels of maze-basic" in told.reason
    assert "access" in told.file
    assert codes(next((store / "runs").iterdir())) == ["S101"]


def test_a_manifest_that_was_changed(store):
    path = next((store / "splits").iterdir())
    manifest = files.read_json(path)
    pools = manifest["pools"]
    pools["test"]["fingerprints"][3] = pools["train"]["fingerprints"][0]
    files.write_json(path, manifest)
    (told,) = lint([store]).findings
    assert told.code == "S102"
    level, other = pools["test"]["ids"][3], pools["train"]["ids"][0]
    assert told.reason == f"test level {level} is train level {other}"


def test_an_incomplete_plan(store):
    gone, failed, *_ = sorted((store / "runs").iterdir())
    shutil.rmtree(gone)
    assert codes(store) == ["S201"]
    shutil.rmtree(failed)
    RunStore(store).fail(failed.name, "ZeroDivisionError")
    (told,) = lint([store]).findings
    assert told.file.endswith("plan.json")
    assert "2 of 12 cells are missing, of which 1 failed; the first is ppo/" in told.reason


def test_an_incomplete_run(store):
    run = sorted((store / "runs").iterdir())[0]
    for name in ("records.parquet", "conditions.json"):
        (run / name).unlink()
    (told,) = lint([run]).findings
    assert told.code == "S201"
    assert told.reason == "the run has no conditions.json, records.parquet"
    assert "S201" in codes(store)


def test_weights_need_not_be_kept(store):
    for weights in store.glob("runs/*/policy.safetensors"):
        weights.unlink()
    assert codes(store) == []


def test_missing_conditions(store):
    run = sorted((store / "runs").iterdir())[0]
    files.write_json(run / "conditions.json", ["plain"])
    (told,) = lint([store]).findings
    assert (told.code, told.reason) == ("S202", "not under greedy, random_spawn")
    assert codes(run) == ["S202"]


def test_a_single_run(store):
    plan = [cell for cell in RunStore(store).plan() if cell["settings"]["seed"] == 0]
    files.write_json(store / "plan.json", plan)
    told = lint([store]).findings
    assert [each.code for each in told] == ["S203"] * 4
    assert told[0].reason.startswith("the only run is ppo/mlp-512-128 on ")


def test_versions_that_differ(store):
    path = sorted((store / "runs").iterdir())[0] / "provenance.json"
    known = files.read_json(path)
    known["versions"]["torch"] = "0.1"
    files.write_json(path, known)
    (told,) = lint([store]).findings
    assert told.code == "S301"
    assert re.fullmatch(r"torch is \S+ in 11 runs, 0\.1 in 1 runs", told.reason)


# -- the command ----------------------------------------------------------------------------------


@pytest.fixture
def wrong(tmp_path):
    path = tmp_path / "wrong.py"
    path.write_text(IMPORTS + WRONG["the training environment"])
    return path


@pytest.fixture
def right(tmp_path):
    path = tmp_path / "right.py"
    path.write_text(IMPORTS + RIGHT["EvalCallback"])
    return path


def test_exit_codes(wrong, right):
    out, err = rlgen("lint", wrong, right, code=1)
    assert err == ""
    assert out.startswith(f"{wrong}:")
    assert len(out.splitlines()) == 1
    out, _ = rlgen("lint", right)
    assert out == f"{right}: nothing found of {', '.join(SCRIPT_RULES)}\n"


def test_json_is_one_document(wrong, right):
    told = json.loads(rlgen("lint", wrong, right, "--json", code=1)[0])
    (finding,) = told["findings"]
    assert finding["code"] == "L101"
    assert finding["file"] == str(wrong)
    assert told["checked"] == {str(wrong): SCRIPT_RULES, str(right): SCRIPT_RULES}
    assert told["incomplete"] == []


def test_rules_are_listed():
    out, _ = rlgen("lint", "--rules")
    assert [line.split()[0] for line in out.splitlines()] == list(RULES)
    told = json.loads(rlgen("lint", "--rules", "--json")[0])
    for code, rule in RULES.items():
        assert told[code] == {"name": rule.name, "card": rule.card}
        assert rule.name in out
        assert rule.card in out
        assert "\n" not in rule.card + rule.remedy


@pytest.mark.slow
@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"x = 1\nif x\n    y = 2\n", ":2: not valid Python: expected ':'"),
        (b"x = 1\n  y = 2\n", ":2: not valid Python: unexpected indent"),
        (b"x = '\xff'\n", "not valid Python"),
        (b"x = 1\0\n", "not valid Python"),
        (b"x = " + b"(" * 2000 + b")" * 2000, "not valid Python"),
        (b"x = " + b"-" * 3000 + b"1\n", "nested too deeply"),
    ],
)
def test_what_cannot_be_read(content, told, tmp_path):
    path = tmp_path / "bad.py"
    path.write_bytes(content)
    with pytest.raises(LintError) as caught:
        lint([path])
    assert told in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    out, err = rlgen("lint", path, code=2)
    assert out == ""
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "name a script or a folder of results"),
        (["none/such.py"], "none/such.py: cannot be read: No such file"),
        (["."], ".: is neither a script, nor an rlgen store"),
        (["x.py", "--jsn"], "No such option"),
    ],
)
def test_mistakes_get_one_answer(arguments, told, tmp_path):
    out, err = rlgen("lint", *arguments, code=2, cwd=tmp_path)
    assert told in err
    assert out == ""


@pytest.mark.slow
def test_a_damaged_store_is_told(store):
    (store / "plan.json").write_text("{")
    _, err = rlgen("lint", store, code=1)
    assert "plan.json: cannot be read" in err


@pytest.mark.slow
def test_nothing_heavy_is_imported(wrong, tiny_store):
    heavy = {"torch", "stable_baselines3", "gymnasium", "matplotlib", "rlgen_envs"}
    assert not imported("lint", wrong) & (heavy | {"numpy", "pandas", "scipy"})
    assert not imported("lint", "--rules") & (heavy | {"numpy", "pandas", "scipy"})
    assert not imported("lint", tiny_store) & heavy
    out, _ = rlgen("lint", "--help")
    assert "  rlgen lint train.py" in out
    assert "\\b" not in out


def test_the_scripts_here_are_all_used():
    assert {name for name in vars(lint_scripts) if name.isupper()} == {"IMPORTS", "RIGHT", "WRONG"}

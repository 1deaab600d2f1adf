"""The lint: every mistake found, on its line, and nothing said of correct scripts."""

import ast
import json
import re

import lint_scripts
import pytest
from commands import imported, rlgen
from hypothesis import given, settings
from hypothesis import strategies as st
from lint_scripts import IMPORTS, MISSED, RIGHT, WRONG

from rlgen.lint import RULES, lint


def found(tmp_path, text):
    """Lines and codes of what is found in a script."""
    path = tmp_path / "script.py"
    path.write_text(text)
    result = lint([path])
    assert result.incomplete == result.errors == []
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


@pytest.mark.parametrize("name", MISSED)
def test_what_is_missed_is_written_down(name, tmp_path):
    text = IMPORTS + MISSED[name]
    told = found(tmp_path, text)
    assert set(told) < marked(text), [str(each) for each in told.values()]


def test_every_rule_is_demonstrated():
    text = "".join(WRONG.values())
    assert set(re.findall(r"L\d{3}", text)) == set(RULES)


def test_scripts_are_python():
    for text in (*RIGHT.values(), *WRONG.values(), *MISSED.values()):
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


@pytest.mark.slow
def test_too_branched_scripts_are_told(tmp_path):
    calls = ["x", *(f"f{n}(); " * 6 for n in range(8))]
    lines = ["x = 0", *(f"def f{n}():\n    {call}" for n, call in enumerate(calls))]
    path = tmp_path / "deep.py"
    path.write_text(IMPORTS + "\n".join(lines) + "\nf8()\n")
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


@pytest.fixture
def broken(tmp_path):
    path = tmp_path / "broken.py"
    path.write_text("if x\n")
    return path


@pytest.fixture
def other(tmp_path):
    path = tmp_path / "other.py"
    path.write_text("# stable_baselines3 is not used here\nprint('gymnasium')\n")
    return path


def test_exit_codes(wrong, right):
    out, err = rlgen("lint", wrong, right, code=1)
    assert err == ""
    assert out.startswith(f"{wrong}:")
    assert len(out.splitlines()) == 1
    out, _ = rlgen("lint", right)
    assert out == f"{right}: nothing found of {', '.join(RULES)}\n"


def test_a_file_that_cannot_be_parsed_hides_no_other(wrong, right, broken):
    out, err = rlgen("lint", broken, wrong, right, code=2)
    assert out.startswith(f"{wrong}:")
    assert err == f"rlgen: {broken}: line 1: not valid Python: expected ':'\n"
    report = json.loads(rlgen("lint", broken, wrong, "--json", code=2)[0])
    assert len(report["errors"]) == len(report["findings"]) == 1


def test_without_stable_baselines3_there_is_nothing_to_check(other, right, wrong, tmp_path):
    empty = tmp_path / "empty.py"
    empty.write_text("")
    for path in (other, empty):
        out, _ = rlgen("lint", path, code=3)
        assert out == f"{path}: nothing to check: it does not use stable-baselines3\n"
        assert json.loads(rlgen("lint", path, "--json", code=3)[0])["unchecked"] == [str(path)]
    assert "nothing to check" in rlgen("lint", other, right, code=0)[0]
    assert "nothing to check" in rlgen("lint", other, wrong, code=1)[0]


def test_json_is_one_document(wrong, right):
    told = json.loads(rlgen("lint", wrong, right, "--json", code=1)[0])
    (finding,) = told["findings"]
    assert finding["code"] == "L101"
    assert finding["file"] == str(wrong)
    assert told["checked"] == {str(wrong): list(RULES), str(right): list(RULES)}
    assert told["incomplete"] == told["unchecked"] == told["errors"] == []


def test_rules_are_listed():
    out, _ = rlgen("lint", "--rules")
    assert [line.split()[0] for line in out.splitlines()] == list(RULES)
    told = json.loads(rlgen("lint", "--rules", "--json")[0])
    for code, rule in RULES.items():
        assert told[code] == {"name": rule.name, "card": rule.card}
        assert rule.name in out
        assert rule.card in out
        assert "\n" not in rule.card + rule.remedy


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "name a script or a notebook"),
        (["none/such.py"], "none/such.py: cannot be read: No such file"),
        (["."], ".: is a folder; scripts are named one by one, and rlgen verify looks at stores"),
        (["x.py", "--jsn"], "No such option"),
    ],
)
def test_mistakes_get_one_answer(arguments, message, tmp_path):
    out, err = rlgen("lint", *arguments, code=2, cwd=tmp_path)
    assert message in err
    assert out == ""


@pytest.mark.slow
def test_nothing_heavy_is_imported(wrong):
    heavy = {"torch", "stable_baselines3", "gymnasium", "matplotlib", "rlgen_envs"}
    assert not imported("lint", wrong) & (heavy | {"numpy", "pandas", "scipy"})
    assert not imported("lint", "--rules") & (heavy | {"numpy", "pandas", "scipy"})
    out, _ = rlgen("lint", "--help")
    assert "  rlgen lint train.py" in out
    assert "\\b" not in out


def test_the_scripts_here_are_all_used():
    names = {name for name in vars(lint_scripts) if name.isupper()}
    assert names == {"IMPORTS", "MISSED", "RIGHT", "WRONG"}

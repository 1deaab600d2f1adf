"""What the lint reads: scripts, notebooks, the modules of a project; and that it only reads."""

import json
import subprocess
import sys
import time

import pytest
from lint_scripts import IMPORTS, WRONG

from rlgen.lint import lint
from rlgen.lint.source import MAX_CODE, MAX_NODES

SCRIPT = IMPORTS + WRONG["the training environment"].replace("  # ! L101", "")


def notebook(path, *cells, **more):
    """A notebook of cells: texts are code, pairs are a kind and its text."""
    pairs = [cell if isinstance(cell, tuple) else ("code", cell) for cell in cells]
    written = [{"cell_type": kind, "source": text.splitlines(True)} for kind, text in pairs]
    path.write_text(json.dumps({"cells": written, "nbformat": 4} | more))
    return path


def test_lines_of_a_notebook_are_named_by_cell(tmp_path):
    path = notebook(
        tmp_path / "train.ipynb",
        ("markdown", "# Training"),
        "%pip install stable-baselines3\n!ls\nfiles = !ls\n%matplotlib inline\nPPO?\n" + IMPORTS,
        "%%bash\nrm -rf x | y",
        "%%time\nenv = make_vec_env('CartPole-v1', 4, seed=0)\nmodel = PPO('MlpPolicy', env)",
        "if True:\n    !echo 1\nmodel.learn(10)",
        ("raw", "not Python"),
        "\nprint('%s'\n      % 1)\nprint(evaluate_policy(model, env))",
    )
    result = lint([path])
    assert result.errors == []
    (finding,) = result.findings
    assert (finding.code, finding.cell, finding.line) == ("L101", 7, 4)
    assert str(finding).startswith(f"{path}:cell 7:4: L101 ")
    assert "made in cell 4, line 2;" in str(finding)


def test_a_mistake_in_the_syntax_of_a_notebook_is_named_by_cell(tmp_path):
    path = notebook(tmp_path / "train.ipynb", "x = 1", "\nif x\n")
    assert lint([path]).errors == [f"{path}: cell 2, line 2: not valid Python: expected ':'"]


def test_an_older_notebook(tmp_path):
    cells = [{"cell_type": "code", "input": SCRIPT.splitlines(True)}]
    path = tmp_path / "old.ipynb"
    path.write_text(json.dumps({"worksheets": [{"cells": cells}], "nbformat": 3}))
    assert [finding.code for finding in lint([path]).findings] == ["L101"]


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "3", '{"cells": 3}', '{"cells": [1]}', "[" * 99_999]
)
def test_what_is_no_notebook_is_one_line(text, tmp_path):
    path = tmp_path / "bad.ipynb"
    path.write_text(text)
    (error,) = lint([path]).errors
    assert error.startswith(f"{path}: not a notebook")
    assert "\n" not in error


@pytest.mark.slow
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"x = 1\nif x\n    y = 2\n", ": line 2: not valid Python: expected ':'"),
        (b"x = 1\n  y = 2\n", ": line 2: not valid Python: unexpected indent"),
        (b"x = '\xff'\n", "not valid Python"),
        (b"x = 1\0\n", "not valid Python"),
        (b"# coding: klingon\n", "not valid Python"),
        (b"x = " + b"(" * 2000 + b")" * 2000, "not valid Python"),
        (b"x = " + b"-" * 3000 + b"1\n", "nested too deeply"),
        (b"x = " + b"1 + " * 3000 + b"1\n", "nested too deeply"),
        (b"x = " + b"f(" * 150 + b")" * 150, ""),
        (b"x = [" + b"1," * MAX_NODES + b"]", f"more than {MAX_NODES:,} expressions"),
        (b"x = '" + b"a" * 1_000_000 + b"'", f"more than {MAX_CODE:,} characters"),
        (b"x = 10 ** 10 ** 10 ** 10", ""),
        (
            b"x = 0\n"
            + b"".join(b" " * i + b"for i in a:\n" for i in range(18))
            + b" " * 18
            + b"x",
            "",
        ),
        (b"a = []\n" + b"if c: a = [a, a]\n" * 2000 + b"f(a)\n", ""),
        (b"x = 'a' * 10 ** 12; y = [0] * 10 ** 12", ""),
    ],
)
def test_whatever_a_file_holds_is_one_line_and_soon(content, message, tmp_path):
    path = tmp_path / "bad.py"
    path.write_bytes(content)
    start = time.process_time()
    errors = lint([path]).errors
    assert time.process_time() - start < 10
    assert all(str(path) in error and "\n" not in error for error in errors)
    assert (message in errors[0]) if message else errors == []


def test_a_device_is_not_read():
    assert lint(["/dev/zero"]).errors == ["/dev/zero: is neither a script nor a notebook"]


# -- the modules of a project ---------------------------------------------------------------------

MAIN = """
from stable_baselines3 import PPO
from stable_baselines3.common.evaluation import evaluate_policy
import settings as s
from tools.build import build, judge as look
env, test_env = build(s.SEED), build(s.SEED + 2)
model = PPO("MlpPolicy", env).learn(s.STEPS)
look(model, test_env)
"""
FILES = {
    "settings.py": "SEED = 4\nSTEPS = int(1e6)\n",
    "tools/__init__.py": "",
    "tools/names.py": "ENV = 'CartPole-v1'\n",
    "tools/build.py": """
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.evaluation import *
from . import names
from .names import ENV as other

def build(seed):
    return make_vec_env(names.ENV, n_envs=4, seed=seed)

def judge(model, env):
    print(evaluate_policy(model, env))
""",
}


@pytest.fixture
def project(tmp_path):
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_functions_of_other_modules_are_followed(project):
    (project / "train.py").write_text(MAIN)
    result = lint([project / "train.py"])
    assert result.errors == []
    (finding,) = result.findings
    assert (finding.code, finding.file) == ("L102", str(project / "tools" / "build.py"))
    assert finding.line == 11
    assert "it is seeded with 6 to 9 and training with 4 to 7" in finding.reason


def test_a_module_that_cannot_be_read_is_foreign(project):
    (project / "train.py").write_text(MAIN)
    (project / "tools" / "build.py").write_text("def")
    result = lint([project / "train.py"])
    assert result.findings == result.errors == []
    assert len(lint([project / "train.py", project / "tools" / "build.py"]).errors) == 1


def test_a_relative_import_above_everything_is_foreign(tmp_path):
    path = tmp_path / "train.py"
    path.write_text("from .... import settings\nfrom . import other\n" + SCRIPT)
    assert [finding.code for finding in lint([path]).findings] == ["L101"]


def test_modules_may_import_each_other(project):
    (project / "a.py").write_text("from b import *\nimport a\n" + SCRIPT)
    (project / "b.py").write_text("from a import env\nfrom b import *\nimport a.b.c\n")
    assert [finding.code for finding in lint([project / "a.py"]).findings] == ["L101"]


def test_nothing_is_imported_or_run(project):
    """Neither the script, nor a module of it, nor one that hides one of Python's own."""
    touch = f"open({str(project / 'touched')!r}, 'w').close()\n"
    hidden = ["mine", "math", "numpy", "_ctypes", "mypackage/__init__", "stable_baselines3"]
    for name in hidden:
        (project / name).parent.mkdir(exist_ok=True)
        (project / f"{name}.py").write_text(touch)
    for name in ("_bz2.cpython-311-x86_64-linux-gnu.so", "native.so", "sitecustomize.py"):
        (project / name).write_bytes(touch.encode())
    names = ["mine", "math", "numpy", "_ctypes", "_bz2", "native", "mypackage"]
    use = "import M\nfrom M import *\nclass C(M.Base): pass\nx = M.f(C())\n"
    imports = "".join(use.replace("M", name) for name in names)
    (project / "train.py").write_text(touch + imports + SCRIPT)
    code = (
        "import sys\nfrom rlgen.lint import lint\nsys.path.insert(0, '.')\n"
        "before = set(sys.modules)\n"
        "result = lint(['train.py'])\nassert not result.errors, result.errors\n"
        "print({'mine', 'native', 'mypackage', '_bz2', 'numpy'} & set(sys.modules) - before)\n"
        "print(len(result.findings))"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code],
        cwd=project,
        capture_output=True,
        text=True,
    )
    assert done.stdout.split("\n")[:1] == ["set()"], done.stderr
    assert not (project / "touched").exists()

"""What reaches a terminal: whole lines without control characters, whatever its reader does."""

import ast
import os
import subprocess
import sys
import unicodedata
from pathlib import Path

import pandas as pd
import pytest
from commands import rlgen
from hypothesis import given
from hypothesis import strategies as st

import rlgen as package
from rlgen.errors import ProtocolError
from rlgen.util.terminal import echo, echo_document, printable

#: Of each kind: a colour, a cleared screen, a line of somebody else's, a turned direction, ...
EVIL = (
    "\x1b[31m",
    "\x1b[2J\x1b[H",
    "\nppo generalises",
    "\r",
    "\u202e",
    "\u2028",
    "\udcff",
    "\x9b",
)
ACTING = {"Cc", "Cf", "Cs", "Zl", "Zp"}


@given(st.text(st.characters(categories=["C", "Z", "L", "P"])))
def test_what_is_printed_is_one_line_that_does_nothing(text):
    line = printable(text)
    assert not {unicodedata.category(character) for character in line} & ACTING
    assert line.encode("utf-8").decode() == line
    assert printable(line) == line


@pytest.mark.parametrize("evil", EVIL)
def test_what_is_hidden_is_shown_by_its_code(evil):
    assert printable(f"a{evil}b") == "a" + evil.encode("unicode_escape").decode() + "b"


def test_words_of_all_languages_are_left_as_they_are():
    text = "Größe 5\u202f000 – Müller, 日本語, עברית, 🐟"
    assert printable(text) == text


def test_a_document_keeps_its_own_lines_alone(capsys):
    echo_document("a\nb\x1b[2J")
    echo("c\nd")
    assert capsys.readouterr().out == "a\nb\\x1b[2J\nc\\nd\n"


@pytest.mark.slow
def test_nothing_else_prints():
    """One way to the terminal: every other would have to think of this too."""
    root = Path(package.__file__).parent
    for path in root.rglob("*.py"):
        if path.name in ("terminal.py", "server.py"):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                name = ast.unparse(node.func)
                assert name not in ("print", "click.echo", "click.secho", "sys.stdout.write"), path


@pytest.mark.slow
@pytest.mark.parametrize("evil", [text for text in EVIL if text != "\udcff"])
@pytest.mark.parametrize("column", ["agent", "network", "family", "level", "condition", "x"])
def test_no_name_of_a_table_reaches_the_terminal_raw(evil, column, tmp_path):
    rows = [
        {"return": value, "pool": pool, "seed": seed, "level": f"{pool}{level}", "agent": "a"}
        for seed in range(2)
        for level in range(2)
        for pool, value in (("train", 2.0), ("test", 1.0))
    ]
    name = f"name{evil}"
    table = pd.DataFrame(rows)
    table[column] = [f"{name}{row['level']}" if column == "level" else name for row in rows]
    if column == "x":
        table = table.rename(columns={"x": name})
    table.to_csv(tmp_path / "t.csv", index=False)
    out, err = rlgen("import", tmp_path / "t.csv", "-o", tmp_path / "s", code=(0, 2))
    for line in [*out.split("\n"), *err.split("\n")]:
        assert not {unicodedata.category(character) for character in line} & ACTING, line
        assert not line.startswith("ppo generalises")


@pytest.mark.parametrize("evil", EVIL)
def test_no_name_of_a_protocol_or_a_path_reaches_the_terminal_raw(evil, tmp_path):
    text = evil.encode("unicode_escape").decode().replace("\\x", "\\u00")
    text = text if "udcff" not in text else "x"
    path = tmp_path / f"p{evil}.toml"
    key, value = f'"k{text}" = 1', f'family = "maze{text}"'
    path.write_text(f'name = "n"\n{value}\n{key}\n')
    for arguments in (("evaluate", path), ("plan", path), ("report", tmp_path / f"no{evil}")):
        out, err = rlgen(*arguments, code=2)
        assert not out
        lines = err.removesuffix("\n").split("\n")
        assert all(line.startswith("rlgen: ") for line in lines)
        for line in lines:
            assert not {unicodedata.category(character) for character in line} & ACTING


def test_errors_of_several_lines_are_said_a_line_each():
    error = ProtocolError("a: first", "a: second\nno line of ours")
    assert str(error) == "a: first\na: second\nno line of ours"
    assert error.reworded(lambda line: line[3:]).args == ("first", "second\nno line of ours")


def shell(command, cwd):
    """Exit code and standard error of a shell's command, in which RLGEN is the program."""
    program = f'"{sys.executable}" -m rlgen'
    done = subprocess.run(
        ["bash", "-c", command.replace("RLGEN", program)],
        capture_output=True,
        text=True,
        cwd=cwd,
        timeout=100,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    return done.returncode, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ("list agents", 0),
        ("schema", 0),
        ("--help", 0),
        ("list nothing", 2),
        ("power --gap 1 --sd-run 1 --sd-residual 1 --json", 0),
    ],
)
def test_a_reader_that_has_gone_changes_no_exit_code(arguments, code, tmp_path):
    for ending in (">&-", "2>&-", ">&- 2>&- <&-", "| head -0; exit ${PIPESTATUS[0]}"):
        status, err = shell(f"RLGEN {arguments} {ending}", tmp_path)
        assert status == code, (ending, err)
        assert "Traceback" not in err
        assert "BrokenPipe" not in err
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
@pytest.mark.parametrize("arguments", ["list agents", "schema", "--help"])
def test_a_full_disk_is_one_line(arguments, tmp_path):
    status, err = shell(f"RLGEN {arguments} > /dev/full", tmp_path)
    assert status == 2
    assert err.startswith("rlgen: ")
    assert err.endswith(": No space left on device\n")
    assert err.count("\n") == 1

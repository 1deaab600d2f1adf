"""The command line, in the test's own process or, where that is the point, in one of its own."""

import contextlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from unittest import mock


def rlgen(*arguments, code=0, cwd=None):
    """Run a command here, which spares two seconds of imports; standard output and error."""
    from rlgen.cli import main

    out, err = io.StringIO(), io.StringIO()
    with (
        contextlib.chdir(cwd or "."),
        mock.patch.object(sys, "argv", ["rlgen", *map(str, arguments)]),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main()
            status = 0
        except SystemExit as end:
            status = end.code
    return checked(status, out.getvalue(), err.getvalue(), code)


def process(*arguments, code=0, cwd=None, environment=None):
    """Run a command in a process of its own; standard output and error."""
    done = subprocess.run(
        [sys.executable, "-m", "rlgen", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=200,
        cwd=cwd,
        env={**os.environ, **(environment or {})},
    )
    return checked(done.returncode, done.stdout, done.stderr, code)


#: Runs commands in this process and writes what they said.
_SEVERAL = """
import json, sys
sys.path.append(sys.argv[1])
from commands import rlgen
said = [rlgen(*words, code=code) for words, code in json.loads(sys.argv[2])]
print(json.dumps(said))
"""


def processes(*each, cwd=None, environment=None):
    """Run commands, one after the other, in one process of their own, which imports once.

    Args:
        each: The arguments of a command and the exit code that it ends with.
        cwd: Their working folder.
        environment: What they have beside this process's.

    Returns:
        Standard output and error of each.
    """
    commands = [[[str(word) for word in words], code] for words, code in each]
    done = subprocess.run(
        [sys.executable, "-c", _SEVERAL, Path(__file__).parent, json.dumps(commands)],
        capture_output=True,
        text=True,
        timeout=250,
        cwd=cwd,
        env={**os.environ, **(environment or {})},
    )
    assert done.returncode == 0, (done.stdout, done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def checked(status, out, err, code):
    """Standard output and error of a command that ended with its code, or one of several."""
    expected = code if isinstance(code, tuple | list) else (code,)
    assert (status or 0) in expected, (status, out, err)
    assert "Traceback" not in out + err
    return out, err


def imported(*arguments):
    """Modules that a command has imported when it ends."""
    code = (
        "import sys, atexit, json\n"
        "atexit.register(lambda: print(json.dumps(sorted(sys.modules)), file=sys.stderr))\n"
        f"sys.argv = ['rlgen', *{list(map(str, arguments))!r}]\n"
        "from rlgen.cli import main\nmain()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=100)
    return set(json.loads(done.stderr.splitlines()[-1]))

"""The command line in processes of its own."""

import json
import os
import subprocess
import sys


def rlgen(*arguments, code=0, cwd=None, environment=None):
    done = subprocess.run(
        [sys.executable, "-m", "rlgen", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=200,
        cwd=cwd,
        env={**os.environ, **(environment or {})},
    )
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    assert "Traceback" not in done.stdout + done.stderr
    return done.stdout, done.stderr


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

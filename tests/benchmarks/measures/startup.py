"""How long a command that only looks takes: a process of its own each time, files in the cache."""

import os
import subprocess
import sys

from base import Row, side_by_side

#: By what it is called in the table; the target is in seconds.
COMMANDS = {
    "rlgen --help": ["--help"],
    "rlgen list": ["list"],
    "rlgen list agents": ["list", "agents"],
    "completion of a command": [],
}
COMPLETION = {"_RLGEN_COMPLETE": "bash_complete", "COMP_WORDS": "rlgen li", "COMP_CWORD": "1"}
TARGET = 0.5


def command(arguments: list[str]) -> None:
    environment = os.environ | ({} if arguments else COMPLETION)
    # What the installed script does, with the code of this checkout.
    code = "import sys; sys.argv[0] = 'rlgen'; from rlgen.cli import main; main()"
    subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env=environment,
        stdout=subprocess.DEVNULL,
        check=True,
    )


def measure() -> list[Row]:
    jobs = {name: lambda told=told: command(told) for name, told in COMMANDS.items()}
    for job in jobs.values():
        job()
    taken = side_by_side(jobs, repeats=7)
    others = "; ".join(f"{name} {taken[name]:.2f} s" for name in list(COMMANDS)[2:])
    return [
        Row("rlgen --help", "", taken["rlgen --help"], TARGET, "s", at_least=False),
        Row("rlgen list", "", taken["rlgen list"], TARGET, "s", at_least=False, detail=others),
    ]

"""A command, run here under watch: what it says, how it ends, and what it may not do."""

import contextlib
import io
import os
import re
import signal
import sys
import time
import traceback
import unicodedata
import warnings
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

#: Seconds of computing after which a command hangs; and of waiting, which others' load prolongs.
LIMIT, WAITING = 10, 6
#: Exit codes that commands have; 1 is a verdict, or a cell that failed.
CODES = {0, 1, 2, 3}
#: Commands whose exit code 1 is a verdict on what they read.
JUDGES = {"check", "lint", "verify", "audit", "evaluate", "calibrate"}
_ACTING = {"Cc", "Cf", "Cs", "Zl", "Zp"}
_OURS = re.compile(
    r"rlgen: |Usage: |Try '|Error: |  |$|failed: |\[\d+/\d+\] |\d+ cells? to compute"
)


class Hang(BaseException):
    """Raised by the alarm; not an exception that a command may catch."""


@dataclass(frozen=True)
class Act:
    """What a command did.

    Attributes:
        arguments: Of the command line.
        code: Its exit code; None if it raised.
        out: Standard output.
        err: Standard error.
        raised: The exception and where it was raised, if one left the command.
        seconds: How long it computed.
    """

    arguments: tuple[str, ...]
    code: int | None
    out: str
    err: str
    raised: str
    seconds: float

    @property
    def said(self) -> tuple[int | None, str]:
        """What of it may not change without a word."""
        return self.code, self.out


def act(*arguments, cwd=".", limit=LIMIT) -> Act:
    """Run a command in this process."""
    from rlgen.cli import main

    words = tuple(map(str, arguments))
    out, err = io.StringIO(), io.StringIO()
    code, raised, began = 0, "", time.process_time()

    def alarmed(*_):
        raise Hang

    before = [signal.signal(each, alarmed) for each in (signal.SIGPROF, signal.SIGALRM)]
    signal.setitimer(signal.ITIMER_PROF, limit)
    signal.setitimer(signal.ITIMER_REAL, WAITING * limit)
    try:
        with (
            contextlib.chdir(cwd),
            mock.patch.object(sys, "argv", ["rlgen", *words]),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("default")
            try:
                main()
            except SystemExit as end:
                code = end.code or 0
            except BaseException as error:
                code, raised = None, _where(error)
            finally:
                _disarm()
    finally:
        _disarm()
        for each, handler in zip((signal.SIGPROF, signal.SIGALRM), before, strict=True):
            signal.signal(each, handler)
    seconds = time.process_time() - began
    return Act(words, code, out.getvalue(), err.getvalue(), raised, seconds)


def _disarm():
    for timer in (signal.ITIMER_PROF, signal.ITIMER_REAL):
        signal.setitimer(timer, 0)


def _where(error):
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if f"{os.sep}rlgen" in frame.filename] or frames
    place = f"{Path(own[-1].filename).name}:{own[-1].lineno}" if own else "?"
    return f"{type(error).__name__} at {place}: {str(error)[:200]}"


def faults(done: Act) -> list[str]:
    """What an act shows that none may show."""
    lines = [*done.out.split("\n"), *done.err.split("\n")]
    wrong = []
    if done.raised:
        wrong.append(f"raised {done.raised}")
    elif done.code not in CODES:
        wrong.append(f"exit code {done.code}")
    elif done.code == 1 and done.arguments[:1] and done.arguments[0] not in JUDGES:
        wrong.append(f"exit code 1: {done.err[-300:]}")
    elif done.code == 2 and not done.err and "check" not in done.arguments[:1]:
        wrong.append("exit code 2 without a word")
    if "Traceback" in done.out + done.err:
        wrong.append("a traceback is printed")
    if any(unicodedata.category(c) in _ACTING for line in lines for c in line if c != "\t"):
        wrong.append("a character that acts on a terminal")
    odd = [line for line in done.err.split("\n") if not _OURS.match(line)]
    if odd and done.code == 2:
        wrong.append(f"a line that is not ours: {odd[0][:200]!r}")
    if any(len(line) > 3000 for line in done.err.split("\n")):
        wrong.append("an error of more than 3,000 characters")
    if len(done.err.split("\n")) > 60:
        wrong.append("an error of more than 60 lines")
    return wrong


def differences(done: Act, right: Act) -> list[str]:
    """What is wrong with an act on something damaged, if ``right`` is that on what it was."""
    wrong = faults(done)
    silent = not done.err or done.err == right.err
    if not wrong and done.said != right.said and silent and done.code in (0, right.code):
        wrong.append(f"other numbers without a word: {_first(right.out, done.out)}")
    return wrong


def _first(one, other):
    pairs = zip(one.split("\n"), other.split("\n"), strict=False)
    return next((f"{a.strip()!r}, now {b.strip()!r}" for a, b in pairs if a != b), "fewer lines")

"""The modules that a protocol passes from the command to the worker.

``python tests/support/rooms.py`` counts them by a profiler around ``rlgen evaluate quickstart``, up
to the first start of a worker. A module counts if one of its functions is handed the protocol or
what has been made of it: its name, the table of its keys, or an object of ``OBJECTS``. Tools
(``rlgen.util``) do not count, nor do generated constructors, nor the nouns that are asked something
on the way, such as families and agents; the second number counts every module that is entered.
"""

import os
import sys
import tempfile

PROTOCOL = "quickstart"
OBJECTS = {
    "Protocol",
    "Declaration",
    "Resolved",
    "Plan",
    "Task",
    "TrainCell",
    "Pools",
    "Attempt",
    "Job",
}


def is_handed(value, depth=0):
    """Whether a value is the protocol, or holds something that was made of it."""
    kind = type(value)
    if kind.__module__.startswith("rlgen") and kind.__name__ in OBJECTS:
        return True
    if isinstance(value, str):
        return value == PROTOCOL
    if depth == 3 or not isinstance(value, dict | list | tuple):
        return False
    if isinstance(value, dict):
        if {"family", "seeds"} <= set(value) or {"family", "seed"} <= set(value):
            return True
        value = list(value.values())
    return any(is_handed(each, depth + 1) for each in value[:4])


def is_import(frame):
    """Whether a module is being imported."""
    while frame is not None:
        name = frame.f_globals.get("__name__", "")
        if frame.f_code.co_name == "<module>" and name.startswith("rlgen"):
            return True
        frame = frame.f_back
    return False


def main():
    passed, entered = {}, {}

    def profile(frame, event, _):
        module, code = frame.f_globals.get("__name__", ""), frame.f_code
        if event != "call" or not module.startswith("rlgen") or is_import(frame):
            return
        if code.co_filename != "<string>":  # of a generated constructor
            entered[module] = None
            names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount + 2]
            handed = any(is_handed(frame.f_locals.get(name)) for name in names)
            if handed and not module.startswith("rlgen.util"):
                passed[module] = None
        if code.co_name == "start" and "executors" in module:
            sys.setprofile(None)
            print(f"{len(passed)} modules are handed the protocol:", *passed, sep="\n")
            print(f"{len(entered)} modules are entered")
            sys.stdout.flush()
            os._exit(0)

    from rlgen.cli import main as command

    out = tempfile.mkdtemp()
    sys.argv = ["rlgen", "evaluate", PROTOCOL, "-o", f"{out}/store", "-q", "--jobs", "1"]
    sys.setprofile(profile)
    command()


if __name__ == "__main__":
    main()

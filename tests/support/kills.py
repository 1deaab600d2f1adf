"""Processes that are killed at a given touch of a folder."""

import multiprocessing
import os
import signal
import sys

FORK = multiprocessing.get_context("fork")
#: What touches a disk, by the name of Python's audit event.
TOUCHES = {"open", "os.mkdir", "os.rename", "os.remove", "os.listdir", "os.rmdir", "os.scandir"}


def killed_at(number, folder, act):
    """Run ``act`` in a process of its own that is killed at its n-th touch of a folder.

    Returns:
        Whether it lived to the end.
    """

    def target():
        touched = 0

        def audit(event, arguments):
            nonlocal touched
            if event in TOUCHES and any(str(folder) in str(each) for each in arguments[:2]):
                touched += 1
                if touched == number:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(audit)
        act()

    process = FORK.Process(target=target)
    process.start()
    process.join()
    assert process.exitcode in (0, -signal.SIGKILL)
    return process.exitcode == 0

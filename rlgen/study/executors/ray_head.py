"""A watch over the head of a Ray cluster, whose loss Ray answers by ending the process."""

import socket
import threading
import time

from rlgen.util.terminal import complain

#: Seconds between two looks, and after which silence is said. After a minute of it Ray ends the
#: process from within, whatever that is doing, with 1 and nothing that a user understands.
PAUSE, SILENCE = 3.0, 30.0


class HeadWatch(threading.Thread):
    """Says on standard error that the head does not answer, before Ray ends the process.

    Calls of Ray block meanwhile, so that nobody else in the process could.

    Args:
        address: Of the head, ``HOST:PORT``.
    """

    def __init__(self, address: str) -> None:
        super().__init__(name="rlgen watch over Ray", daemon=True)
        self._address = address
        self._done = threading.Event()

    def run(self) -> None:
        """Look until ``stop``."""
        heard, is_said = time.monotonic(), False
        while not self._done.wait(PAUSE):
            if self._answers():
                heard, is_said = time.monotonic(), False
            elif not is_said and time.monotonic() - heard > SILENCE:
                is_said = True
                complain(
                    f"rlgen: the head of the Ray cluster, {self._address}, does not answer; Ray "
                    "ends this command after a minute of it, and the same command then continues"
                )

    def stop(self) -> None:
        """Look no more."""
        self._done.set()

    def _answers(self) -> bool:
        host, _, port = self._address.rpartition(":")
        try:
            socket.create_connection((host.strip("[]"), int(port)), timeout=PAUSE).close()
        except OSError:
            return False
        return True

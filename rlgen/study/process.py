"""How a process that trains or evaluates uses its core and its memory."""

import ctypes
import sys
from importlib import import_module

import torch

from rlgen.evaluation import kernel
from rlgen.levels import lookup
from rlgen.store import provenance
from rlgen.util import jit

#: What training, evaluation and the writing of results import at their first use: three seconds.
_LATER = (
    "torch._dynamo",
    "torch.profiler._cupti_monitor",
    "scipy.optimize",
    "pyarrow.pandas_compat",
    "pyarrow.vendored.version",
    "PIL.BmpImagePlugin",
    "PIL.GifImagePlugin",
    "PIL.JpegImagePlugin",
    "PIL.PngImagePlugin",
    "PIL.PpmImagePlugin",
)

#: glibc's ``mallopt`` parameters (malloc.h), and what they are set to, in bytes.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_TRIM, _MMAP = 1 << 28, 1 << 25


def one_core() -> None:
    """One torch thread, and nothing done twice that costs time; for processes of our own.

    Freed memory is kept for the next step. Arrays of more than 128 kB are otherwise given back to
    the system when they are freed, and every step of training or evaluation asks for the same ones
    again: a third of the time of a small network then goes into the system's clearing of pages. At
    most ``_TRIM`` bytes are kept. C libraries other than glibc are left as they are.
    """
    torch.set_num_threads(1)
    # Checks of every distribution's parameters, twice a step.
    torch.distributions.Distribution.set_default_validate_args(False)
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, _MMAP)
        mallopt(_TRIM_THRESHOLD, _TRIM)


def prepare() -> None:
    """Import, load and ask once what every worker would; for the fork server, starts no thread.

    Families of other distributions are left to the workers: importing them might start threads.
    """
    for module in _LATER:
        import_module(module)
    for family in lookup.families().load_own():
        kernel.iterate(family.n_actions)
    jit.load()
    provenance.machine()

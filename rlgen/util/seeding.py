"""Independent named random streams; the only source of generators in rlgen.

``stream(seed, "family", 1, 17, "layout")`` is the same generator on every machine and in
every process, and is independent of the streams of all other paths.
"""

import hashlib
import json
import secrets

import numpy as np


def _entropy(seed: int, path: tuple[str | int, ...]) -> int:
    # JSON of the path is unambiguous (no two paths share one text), and SHA-256 spreads it over
    # 256 bits, of which SeedSequence uses all.
    text = json.dumps([int(seed), *path], ensure_ascii=True, separators=(",", ":"))
    return int.from_bytes(hashlib.sha256(text.encode()).digest(), "big")


def stream(seed: int, *path: str | int) -> np.random.Generator:
    """The random generator of one purpose.

    Args:
        seed: Any integer, for example a run's training seed or a level id.
        *path: Names and integers that identify the purpose of the numbers.

    Returns:
        A PCG64 generator, independent of the streams of all other (seed, path).
    """
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(_entropy(seed, path))))


def library_seed(seed: int, *path: str | int) -> int:
    """A 31-bit seed for libraries that make their own generators from an integer."""
    return _entropy(seed, path) % 2**31


def fresh_seed() -> int:
    """A seed that no other process has, for who gave none; whoever uses it says which it was."""
    return secrets.randbits(62)

"""What is damaged: a small study with one of each kind of file, its bundle, an import, a zip."""

import json
import shutil
from pathlib import Path

import pandas as pd
import tomli_w
from helpers import TINY
from returns import returns

from rlgen.util import sums
from rlgen.util.seeding import stream

#: The study. Its conditions are of two times, so that there is a folder in ``extra``.
KEYS = {**TINY, "n_train_levels": [3], "n_test_levels": 5, "conditions": ["plain", "greedy"]}


def study(folder: Path) -> Path:
    """A store with one of each kind of file; the protocol is beside it, as ``study.toml``."""
    import rlgen

    store = folder / "study"
    if not (store / "report.html").exists():
        rlgen.evaluate(KEYS, store, jobs=2)
        keys = {**KEYS, "conditions": [*KEYS["conditions"], "sticky_executed:0.25"]}
        (folder / "study.toml").write_text(tomli_w.dumps(keys))
        rlgen.select(store, "validation")
        failed = store / "failures" / "0123456789abcdef"
        failed.mkdir()
        (failed / "traceback.txt").write_text("ValueError: of a cell that is not planned\n")
        rlgen.evaluate(str(folder / "study.toml"), store, jobs=2)
    return store


def bundle(folder: Path) -> Path:
    """The study's bundle."""
    import rlgen

    file = folder / "study.tar.xz"
    if not file.exists():
        rlgen.bundle(study(folder), file)
    return file


def imported(folder: Path) -> Path:
    """A store of imported returns; the table is beside it, as ``returns.csv``."""
    from rlgen import report
    from rlgen.store.importing import ImportOptions, import_files

    store = folder / "imported"
    if not store.exists():
        returns(seeds=range(2), levels=4).to_csv(folder / "returns.csv", index=False)
        report.write(import_files([folder / "returns.csv"], store, ImportOptions()).store)
    return store


def policy(folder: Path) -> Path:
    """A zip of stable-baselines3 that plays CartPole."""
    import stable_baselines3 as sb3

    file = folder / "policy.zip"
    if not file.exists():
        sb3.PPO("MlpPolicy", "CartPole-v1", n_steps=8, batch_size=8, seed=0, device="cpu").save(
            file
        )
    return file


class Snapshot:
    """The files of a folder, put back after each case."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._content = self._read()

    def _read(self):
        files = (p for p in sorted(self.folder.rglob("*")) if p.is_file() and not p.is_symlink())
        return {path: path.read_bytes() for path in files}

    def files(self, *, cache=False):
        """Paths in the folder but locks and logs; those of the cache are named apart."""
        paths = [path.relative_to(self.folder) for path in self._content]
        return [
            path
            for path in paths
            if (".rlgen" in path.parts) == cache and not {"locks", "logs"} & set(path.parts)
        ]

    def bytes_of(self, path):
        """What the file at a path in the folder held."""
        return self._content[self.folder / path]

    def restore(self):
        """Put everything back; names of files that were not there before and are no locks."""
        new = []
        for path in sorted(self.folder.rglob("*"), key=lambda path: -len(path.parts)):
            held = self._content.get(path)
            if path.is_symlink() or (path.exists() and not path.is_file() and not path.is_dir()):
                path.unlink()
            elif path.is_dir() and held is not None:
                shutil.rmtree(path)
            elif path.is_file() and held is None:
                new.append(path.relative_to(self.folder).as_posix())
                path.unlink()
        for path, held in self._content.items():
            if not path.is_file() or path.read_bytes() != held:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(held)
        return [name for name in new if "locks" not in name]


def reseal(folder: Path) -> None:
    """Give the files of a folder the sums that they have now, as a stranger would."""
    path = folder / sums.NAME
    if path.is_file():
        path.unlink()
        sums.write(folder)


def rng_of(campaign: str, number: int):
    """The generator of one case."""
    return stream(0, "campaign", campaign, number)


def as_json(path: Path):
    """The content of a JSON file."""
    return json.loads(path.read_text())


def table(rng) -> pd.DataFrame:
    """A table of returns of a random size."""
    return returns(seeds=range(int(rng.integers(1, 4))), levels=int(rng.integers(1, 5)))

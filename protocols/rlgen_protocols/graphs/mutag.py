"""MUTAG (Debnath et al. 1991), read from a folder that the user names; rlgen ships no copy.

188 compounds, atoms as nodes and bonds as edges, in two classes by their effect on a bacterium, as
the collection of TU Dortmund has them (https://chrsmrrs.github.io/datasets). Its files say nothing
about terms of use, so that they are not copied here. ``RLGEN_TUDATASETS`` names a folder with
``MUTAG/MUTAG_A.txt`` or, as torch-geometric downloads it, ``MUTAG/raw/MUTAG_A.txt``; the wheel of
grakel 0.1.11 has one, ``grakel/tests/data``.
"""

import hashlib
import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rlgen.errors import ProtocolError
from rlgen_protocols.graphs.graph import Graph

#: The environment variable that names the folder.
VARIABLE = "RLGEN_TUDATASETS"
#: Of the numbers in the files of edges, of graphs of nodes, of classes and of labels of nodes.
SHA256 = "fe76446e18d9dbcdf261cecf58597cfa3d8f54cc525b5f95d07f1b621bf1f1cb"
_FILES = ("A", "graph_indicator", "graph_labels", "node_labels")


def folder() -> Path | None:
    """Where the files are; None if the variable is not set.

    Raises:
        ProtocolError: If it names a folder without them.
    """
    named = os.environ.get(VARIABLE, "")
    if not named:
        return None
    for place in (Path(named) / "MUTAG", Path(named) / "MUTAG" / "raw"):
        if all((place / f"MUTAG_{part}.txt").is_file() for part in _FILES):
            return place
    raise ProtocolError(f"{VARIABLE} = {named!r}: holds no MUTAG/MUTAG_A.txt with its other files")


def read() -> tuple[list[Graph], NDArray[np.int64]]:
    """The graphs, whose features are the kind of atom as a tag, and their classes, 0 or 1.

    Raises:
        ProtocolError: If no folder is named, or its files hold something else.
    """
    place = folder()
    if place is None:
        raise ProtocolError(f"MUTAG is not shipped: set {VARIABLE} to a folder that holds MUTAG/")
    parts = [np.loadtxt(place / f"MUTAG_{p}.txt", np.int64, delimiter=",") for p in _FILES]
    digest = hashlib.sha256(b"".join(part.astype("<i8").tobytes() for part in parts)).hexdigest()
    if digest != SHA256:
        raise ProtocolError(
            f"{place}: these are not the 188 graphs of MUTAG, or not in their order"
        )
    edges, owner, classes, labels = parts
    starts, owner = np.searchsorted(owner, np.arange(1, len(classes) + 1)), owner - 1
    graphs, tags = [], np.eye(labels.max() + 1, dtype=np.float32)[labels]
    for graph, start in enumerate(starts):
        own = edges[owner[edges[:, 0] - 1] == graph] - 1 - start
        graphs.append(Graph(own.T.copy(), tags[owner == graph]))
    return graphs, (classes > 0).astype(np.int64)

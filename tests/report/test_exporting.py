"""Figures and tables as files: whole, the same twice, with the numbers of the summary."""

import json
import re
import warnings
import xml.etree.ElementTree as ET

import numpy as np
import pandas as pd
import pytest
from commands import rlgen
from returns import imported, returns

from rlgen.analysis.verdicts import number
from rlgen.errors import RlgenWarning
from rlgen.report.exporting import export, latex
from rlgen.report.figures import FIGURES

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tiny_store, tmp_path_factory):
    target = tmp_path_factory.mktemp("export") / "whole"
    export(tiny_store, target, ["svg", "pdf"], ["csv", "tex"])
    return target


def test_every_figure_is_there_in_both_forms(folder):
    names = {path.stem for path in folder.glob("*.pdf")}
    # There are no further pools, no probes and no second network.
    assert names == set(FIGURES) - {"gap-by-pool", "probe-scatter", "profiles"}
    for path in folder.glob("*.pdf"):
        assert path.read_bytes().startswith(b"%PDF")
        assert b"/Type3" not in path.read_bytes(), "journals refuse such fonts"
    for path in folder.glob("*.svg"):
        text = path.read_text()
        ET.fromstring(text)
        assert "currentColor" not in text
        assert "#010203" not in text, "ink is a colour of its own on paper"
    assert {path.stem for path in folder.glob("*.svg")} == names


def test_tables_have_the_summary_s_numbers(folder, tiny_store):
    cells = json.loads((tiny_store / "summary.json").read_text())["cells"]
    frame = pd.read_csv(folder / "cells.csv")
    for part in ("train", "test", "gap"):
        for end in ("mean", "low", "high"):
            assert np.allclose(frame[f"return_{part}_{end}"], [c[part][end] for c in cells], 1e-5)
    text = (folder / "cells.tex").read_text()
    for cell in cells:
        gap = cell["gap"]
        shown = f"{number(gap['mean'])} [{number(gap['low'])}, {number(gap['high'])}]"
        assert shown.replace("−", "$-$") in text
    for path in folder.glob("*.tex"):
        assert (folder / f"{path.stem}.csv").is_file()
        rows = [line for line in path.read_text().splitlines() if line.endswith(r"\\")]
        columns = {len(re.findall(r"(?<!\\)&", row)) for row in rows}
        assert len(columns) == 1, path
        assert len(rows) == 1 + len(pd.read_csv(folder / f"{path.stem}.csv"))


def test_names_are_text_in_latex():
    text = latex(pd.DataFrame({"agent_name": [r"50 % \of{a}_b & c", None], "value": [1.5, -2]}))
    assert r"50 \% \textbackslash of\{a\}\_b \& c" in text
    assert "agent name & value" in text
    assert "-- & $-$2.00" in text


def test_whole_negative_returns_are_returns_in_latex():
    columns = {"seed": [-1, 0], "n_train_levels": [-1, -1], "return": [-200.0, -1.0]}
    text = latex(pd.DataFrame(columns | {"task_n_train_levels": [-1, -1]}))
    assert "seed & return" in text
    assert "n train levels" not in text
    assert "-- & $-$200" in text
    assert "0 & $-$1" in text


def test_beside_the_root_of_the_disk_is_nothing():
    for command in ("export", "view"):
        assert "/: has no name, after which" in rlgen(command, "/", code=2)[1]


def test_a_folder_with_something_in_it_is_left_alone(tiny_store, tmp_path):
    (tmp_path / "mine.tex").write_text("mine")
    _, err = rlgen("export", tiny_store, "-o", tmp_path, code=2)
    assert err == f"rlgen: {tmp_path}: is there, and not empty; -o FOLDER names another one\n"
    assert (tmp_path / "mine.tex").read_text() == "mine"
    _, err = rlgen("export", tiny_store, "--figures", "none", "--tables", "none", code=2)
    assert "nothing is left to export" in err


def test_one_form_alone_is_the_same_bytes(folder, tiny_store, tmp_path):
    where = tmp_path / "paper"
    out, _ = rlgen("export", tiny_store, "-o", where, "--figures", "pdf", "--tables", "tex")
    written = sorted(where.iterdir())
    assert out == f"Export: {len(written)} files in {where}\n"
    assert [p.name for p in written] == sorted(
        p.name for p in folder.iterdir() if p.suffix in (".pdf", ".tex")
    )
    for path in written:
        assert path.read_bytes() == (folder / path.name).read_bytes(), path.name


def test_characters_that_the_font_lacks_are_said_once_where_they_are_missing(tmp_path):
    table = pd.concat([returns(seed=n).assign(agent=name) for n, name in enumerate(["日本", "b"])])
    store = imported(tmp_path, "s", table)
    _, err = rlgen("report", store)
    assert err == "", "the browser has other fonts"
    _, err = rlgen("export", store, "-o", tmp_path / "svg", "--figures", "svg", "--tables", "csv")
    assert err == "", "text is written as text"
    with warnings.catch_warnings():
        warnings.simplefilter("default", RlgenWarning)
        png = ("--figures", "png", "--tables", "csv")
        _, err = rlgen("export", store, "-o", tmp_path / "png", *png)
    (line,) = err.splitlines()
    assert "the font of figures lacks characters of some names" in line

"""A page of a store that somebody else has made: nothing in it runs, and nothing misleads."""

import base64
import io
import json
import os
import re
import shutil

import pandas as pd
import pytest
from commands import rlgen
from PIL import Image
from returns import imported, returns

from rlgen import report
from rlgen.errors import DamagedStoreError, ProtocolError
from rlgen.report.figures import trajectories
from rlgen.report.template import csv_link
from rlgen.store.run_store import RunStore
from rlgen.util import files, sums, toml


def encoded(image, kind):
    """A picture as base64 in a format."""
    buffer = io.BytesIO()
    image.save(buffer, kind)
    return base64.b64encode(buffer.getvalue()).decode()


@pytest.mark.parametrize("kind", ["EPS", "GIF", "JPEG", "BMP", "TIFF"])
def test_pictures_are_opened_as_png_only(kind):
    small = Image.new("RGB", (3, 3))
    assert trajectories._pixels(encoded(small, "PNG")).shape == (3, 3, 3)
    with pytest.raises(DamagedStoreError, match="is no PNG"):
        trajectories._pixels(encoded(small, kind))


@pytest.mark.parametrize("picture", ["", "!!!", "AAAA", None, 7])
def test_what_is_no_picture_is_one_line(picture):
    with pytest.raises(DamagedStoreError, match="is no PNG"):
        trajectories._pixels(picture)


@pytest.mark.slow
def test_a_picture_has_a_limit_that_is_read_before_its_pixels():
    for side, message in ((3000, "3000 x 3000 pixels"), (30_000, "is no PNG: .* pixels")):
        large = encoded(Image.new("1", (side, side)), "PNG")
        with pytest.raises(DamagedStoreError, match=message):
            trajectories._pixels(large)


@pytest.mark.parametrize("formula", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"])
def test_downloads_hold_no_formulas(formula):
    table = pd.DataFrame({"name": [formula, "plain", None], "value": [-1.5, 2, float("nan")]})
    encoded = csv_link(table).partition("base64,")[2]
    back = pd.read_csv(io.BytesIO(base64.b64decode(encoded)), keep_default_na=False)
    assert back["name"].tolist()[:2] == [f"'{formula}", "plain"]
    assert back["value"].tolist()[0] in (-1.5, "-1.5"), "numbers stay numbers"


@pytest.mark.slow
def test_a_dollar_in_a_name_is_no_formula(tmp_path):
    name = r"cost $\frac{x}{"
    store = imported(tmp_path, "s", returns(seeds=range(2), levels=3).assign(agent=name))
    page = report.write(RunStore(store)).read_text()
    drawn = re.sub(r"<[^>]+>", "", page)
    assert name in drawn.replace("&#34;", '"')


@pytest.mark.slow
@pytest.mark.parametrize(
    "entries",
    [
        {},
        [1],
        [{"id": "../../up", "label": "x", "settings": {}}],
        [{"id": "a", "label": "x\nppo generalises", "settings": {}}],
        [{"id": "a", "label": "\x1b[2J", "settings": {}}],
        [{"id": "a", "settings": {}}],
        [{"id": "a", "label": "x", "settings": []}],
        [{"id": "a", "label": "x", "settings": {}, "facts": 3}],
    ],
)
def test_a_plan_that_is_none_is_one_line(entries, tiny_store, tmp_path):
    copy = tmp_path / "store"
    shutil.copytree(tiny_store, copy)
    files.replace(copy, {"plan.json": json.dumps(entries).encode()})
    _, err = rlgen("report", copy, "-o", tmp_path / "page.html", code=2)
    assert err.startswith(f"rlgen: {copy / 'plan.json'}: ")
    assert err.count("\n") == 1
    assert "\x1b" not in err


def test_settings_are_read_from_ordinary_files_of_ordinary_size(tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "pipe.toml")
    with pytest.raises(ProtocolError, match="is not a file"):
        toml.load(tmp_path / "pipe.toml")
    with pytest.raises(ProtocolError, match="is a folder"):
        toml.load(tmp_path)
    deep = tmp_path / "deep.toml"
    deep.write_text("a = " + "[" * 5000 + "]" * 5000)
    with pytest.raises(ProtocolError, match="not valid TOML"):
        toml.load(deep)
    monkeypatch.setattr(toml, "MOST_BYTES", 1000)
    with pytest.raises(ProtocolError, match="has more than 1,000 bytes"):
        toml.load(deep)


def test_sums_of_another_shape_are_one_line(tmp_path):
    (tmp_path / "a").write_text("x")
    for text in ("[]", "{", "[" * 100_000):
        (tmp_path / sums.NAME).write_text(text)
        with pytest.raises(DamagedStoreError, match=sums.NAME):
            sums.read(tmp_path / "a")


@pytest.mark.slow
def test_a_store_given_as_a_protocol(tiny_store):
    _, err = rlgen("evaluate", tiny_store, code=2)
    assert "is the folder of a study, not a protocol: `rlgen report" in err

"""Figures as axes: those of the report, in colours that need no page."""

import matplotlib as mpl
import numpy as np
import pytest
from made_results import made_results
from matplotlib.colors import to_hex
from matplotlib.text import Text

import rlgen
from rlgen.analysis.results import Results
from rlgen.report.figures import FIGURES
from rlgen.report.figures.base import FAINT, INK, collected
from rlgen.store.run_store import RunStore


@pytest.mark.slow
def test_every_figure_of_the_report_can_be_had_as_axes(tiny_store):
    results = Results.load(RunStore(tiny_store))
    drawn = {name for name in FIGURES if FIGURES[name].draw(results) is not None}
    assert {"learning-curves", "gap-by-levels", "trajectories"} <= drawn
    assert {name.replace("_", "-") for name in rlgen.plot.names()} == set(FIGURES)
    for name in FIGURES:
        plot = getattr(rlgen.plot, name.replace("-", "_"))
        assert FIGURES[name].title in plot.__doc__
        if name not in drawn:
            with pytest.raises(rlgen.RlgenError, match=f"has no data for the figure '{name}'"):
                plot(tiny_store)


@pytest.mark.slow
def test_axes_are_those_that_the_report_draws(tiny_store, tmp_path):
    with collected() as canvases:
        drawing = FIGURES["learning-curves"].draw(Results.load(RunStore(tiny_store)))
    (canvas,) = canvases
    drawn = [axis for axis in canvas.axes if axis.get_visible()]
    axes = rlgen.plot.learning_curves(tiny_store)
    assert [axis.get_title() for axis in axes] == [axis.get_title() for axis in drawn]
    for ours, theirs in zip(axes, drawn, strict=True):
        for one, other in zip(ours.lines, theirs.lines, strict=True):
            assert (one.get_xydata() == other.get_xydata()).all()
    assert drawing.svg.count(axes[0].get_title()) >= 1
    axes[0].figure.savefig(tmp_path / "curves.pdf")
    assert (tmp_path / "curves.pdf").read_bytes().startswith(b"%PDF")


def test_means_of_curves_are_of_the_same_runs_at_each_step():
    """Two runs, ten apart, evaluated every 1,000 and every 1,024 steps."""
    steps = [np.arange(1, 6) * every for every in (1000, 1024)]
    curves = [
        (f"run-{run}", step, "train", 10 * run + step / 1e4)
        for run, own in enumerate(steps)
        for step in own
    ]
    pools = {"train": np.ones((2, 3)), "test": np.ones((2, 3))}
    means = FIGURES["learning-curves"].draw(made_results(pools, curves=curves)).data
    assert set(means["runs"]) == {2}
    assert means["step"].tolist() == sorted(
        step for step in np.concatenate(steps) if 1024 <= step <= 5000
    )
    assert np.allclose(means["mean"], 5 + means["step"] / 1e4)
    same = [(run, 1000 * (step // 1000), pool, mean) for run, step, pool, mean in curves]
    longer = [*same, ("run-1", 9000, "train", 11.0)]
    means = FIGURES["learning-curves"].draw(made_results(pools, curves=longer)).data
    assert means["step"].tolist() == [1000, 2000, 3000, 4000, 5000], "one run went on alone"
    assert set(means["runs"]) == {2}


def test_colours_need_no_page(tiny_store):
    axes = rlgen.plot.gap_by_levels(tiny_store)
    colours = {
        to_hex(artist.get_color())
        for artist in axes[0].figure.findobj(lambda one: hasattr(one, "get_color"))
        if mpl.colors.is_color_like(artist.get_color())
    }
    assert not colours & {INK, FAINT}
    assert any(isinstance(artist, Text) and artist.get_text() for artist in axes[0].findobj())


def test_a_wrong_name_is_answered_by_the_nearest():
    with pytest.raises(AttributeError, match="did you mean 'gap_by_levels'"):
        rlgen.plot.gap_by_level  # noqa: B018
    assert "learning_curves" in dir(rlgen.plot)


def test_a_study_that_is_not_there(tmp_path):
    with pytest.raises(rlgen.RlgenError):
        rlgen.plot.profiles(tmp_path / "nothing")

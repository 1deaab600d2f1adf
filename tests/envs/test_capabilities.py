"""What families can do is asked by types, which are true of each instance."""

import pytest
import walk as registers_walk
from commands import rlgen as command
from helpers import uniform

from rlgen.errors import LevelError
from rlgen.evaluation import exact, recording
from rlgen.levels import lookup
from rlgen.levels.capabilities import Drawable, Flippable, Spawnable, Tabular, UndrawnError
from rlgen.levels.family import Family
from rlgen.levels.split import chosen_split, draw_split
from rlgen.perturbations.condition import Condition
from rlgen_envs.maze.families import MazeFamily

BASIC = lookup.family("maze-basic")
WALK = "rlgen-test/Walk-v0"


def test_settings_decide_for_the_instance():
    assert isinstance(BASIC, Flippable)
    assert not isinstance(BASIC.configure({"rescale": "all"}), Flippable)
    assert isinstance(BASIC.configure({"size": 7}), Flippable)
    split = draw_split(BASIC, 2, 0, 2)
    assert isinstance(split.family, Flippable)
    assert split.family.flipped_rewards() == BASIC.flipped_rewards()


# It has five levels in all.
@pytest.mark.filterwarnings("ignore:.*show and pay the same under the same actions")
def test_a_registered_environment_is_drawable_if_it_says_so(monkeypatch):
    family = lookup.family(WALK)
    assert isinstance(family, Drawable)
    assert isinstance(family.configure({"space": "picture"}), Drawable)
    for absent in (Tabular, Flippable, Spawnable):
        assert not isinstance(family, absent)
    monkeypatch.setattr(registers_walk.Walk, "metadata", {"render_modes": ["human"]})
    mute = lookup.family(WALK)
    assert not isinstance(mute, Drawable)
    split = chosen_split(mute, {"train": [0], "test": [1]}, 1)
    assert recording.worst_level_trajectories(uniform(mute), split, None, seed=0) == []
    out, _ = command("show", WALK, "--level", 3)
    assert "level 3" in out
    _, error = command("show", WALK, "--level", 3, "--png", "x.png", code=2)
    assert "draws no pictures" in error


def test_a_picture_that_fails_leaves_the_run_without_trajectories():
    blind = lookup.family(WALK).configure({"fault": "blind"})
    assert isinstance(blind, Drawable)
    with pytest.raises(UndrawnError, match="draws no pictures"):
        blind.picture(blind.generate([0]))
    from rlgen.evaluation.table import table

    split = chosen_split(blind, {"train": [0], "test": [1]}, 1)
    rows = table(uniform(blind), blind, split.test, [Condition.parse("plain")], episodes=1)
    rows = rows.assign(split="test")
    assert recording.worst_level_trajectories(uniform(blind), split, rows, seed=0) == []


@pytest.mark.parametrize(
    ("flag", "now"),
    [({"can_spawn": True}, "spawning_vector_env"), ({"draws": False}, "define picture")],
)
def test_a_family_of_an_older_version_is_told_what_to_write(flag, now):
    with pytest.raises(LevelError, match=f"family class Mine: {next(iter(flag))} .*{now}"):
        type("Mine", (Family,), flag)


def test_a_family_of_an_older_version_that_is_not_tabular_is_told_so():
    class Played(MazeFamily):
        def tabular(self, levels):
            return None

    old = Played("old", BASIC.settings)
    with pytest.raises(LevelError, match="Played: its method tabular returned NoneType: a family"):
        exact.evaluate(uniform(old), old, old.generate([0]), [Condition.parse("plain")])

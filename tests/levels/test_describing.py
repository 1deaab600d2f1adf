"""What ``rlgen show`` says of a family whose levels it cannot draw as text."""

import masked
import strange
from commands import rlgen as command

from rlgen.levels import lookup
from rlgen.levels.describing import described

STRANGE, MASKED = "strange:rlgen-test/Strange-v0", "masked:rlgen-test/Masked-v0"


def rows(text):
    name, *lines = text.splitlines()
    return name, {line[2:].split("  ")[0]: line for line in lines}


def test_an_environment_of_gymnasium():
    out, _ = command("show", "CartPole-v1", "--level", "7")
    name, lines = rows(out)
    assert name == "CartPole-v1"
    assert lines["observations"].endswith("float32 (4,), from -inf to inf")
    assert lines["actions"].endswith("2, discrete")
    assert lines["episodes"].endswith("at most 500 steps")
    assert "decide the levels" in lines["seeds"]
    assert "worst and best" in lines["returns"]
    assert lines["abilities"].endswith("levels are drawn")
    first, _ = lookup.family("CartPole-v1").env(lookup.family("CartPole-v1").generate([7])).reset()
    assert f"begins with {first[0]:.4g}, " in lines["level 7"]
    again, _ = command("show", "CartPole-v1")
    assert rows(again)[1].keys() - {"level 0"} == lines.keys() - {"level 7"}


def test_options_bounds_and_vectors():
    out, _ = command("show", "Pendulum-v1", "--option", "idle=0", "--option", "time_limit=9")
    _, lines = rows(out)
    assert "(1,) from -2 to 2, 0 does nothing" in lines["actions"]
    assert lines["episodes"].endswith("at most 9 steps")
    scaled = lookup.family("CartPole-v1").configure({"worst": 0, "best": 500})
    assert rows(described(scaled))[1]["returns"].endswith("from 0 to 500")


def test_what_misleads_is_said():
    assert strange.Strange
    out, _ = command("show", STRANGE, "--option", "fault=global")
    _, lines = rows(out)
    assert "do not do: " in lines["seeds"]
    assert "not decided by their seeds" in lines["seeds"]
    out, _ = command("show", STRANGE)
    assert "cut after 100,000 steps" in rows(out)[1]["episodes"]
    assert masked.Masked
    assert "action_masks" in rows(command("show", MASKED)[0])[1]["actions"]


def test_a_family_of_ours():
    _, lines = rows(command("show", "maze-basic")[0])
    assert "returns are computed; levels are drawn" in lines["abilities"]
    assert lines["episodes"].endswith("at most 200 steps")
    assert lines["returns"].endswith("from -5 to 2.1")
    assert "4 does nothing" in lines["actions"]
    drawn, _ = command("show", "maze-basic", "--level", 3)
    assert "██" in drawn
    _, err = command("show", "maze-basik", code=2)
    assert "did you mean 'maze-basic'" in err

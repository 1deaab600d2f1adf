"""An algorithm of another distribution."""

from dataclasses import replace

from rlgen.agents.recipes import RECIPES

RECIPE = replace(RECIPES["A2C"])

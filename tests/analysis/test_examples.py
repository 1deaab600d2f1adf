"""The examples in docstrings of the analysis give what they say."""

import doctest
import pkgutil
from importlib import import_module

import pytest

from rlgen import analysis

MODULES = sorted(
    info.name for info in pkgutil.walk_packages(analysis.__path__, f"{analysis.__name__}.")
)


@pytest.mark.parametrize("name", MODULES)
def test_examples_give_what_they_say(name):
    assert doctest.testmod(import_module(name)).failed == 0


def test_there_are_examples():
    finder = doctest.DocTestFinder()
    tests = (test for name in MODULES for test in finder.find(import_module(name)))
    assert sum(bool(test.examples) for test in tests) >= 10

"""Sphinx: ``sphinx-build -W docs build/docs``."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

from rlgen.util.version import __version__

project = "rlgen"
author = "the authors of rlgen"
release = version = __version__
html_title = f"rlgen {__version__}"

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_click",
    "myst_nb",
    "included",
    "generated",
    "codes",
]
myst_enable_extensions = ["attrs_inline", "deflist"]
myst_heading_anchors = 3
# A code block is a sample to read; those that run are in tests, and in cells of notebooks.
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 120

autodoc_typehints = "none"  # signatures and docstrings say them
autodoc_member_order = "bysource"

html_theme = "furo"
html_static_path: list[str] = []
exclude_patterns = ["_ext"]

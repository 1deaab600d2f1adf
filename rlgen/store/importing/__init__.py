"""Import of results from elsewhere: files of returns become a store with the usual report.

``readers`` turns files into raw tables, ``columns`` decides what their columns mean, ``tidy`` makes
one validated table of returns, and ``writing`` writes the store. What the files do not say is never
invented: it stays unknown, and the report says what could not be computed without it.
"""

from rlgen.store.importing.columns import ImportOptions
from rlgen.store.importing.writing import import_files

__all__ = ["ImportOptions", "import_files"]

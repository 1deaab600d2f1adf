"""Results from elsewhere: files of returns in, a store with the same statistics and report out.

``readers`` files -> tables as they are; ``columns`` what a table's columns mean; ``tidy`` one
checked table of returns; ``writing`` the store. What the files do not tell is never made up: it
stays unknown, and the report says what could not be computed for it.
"""

from rlgen.store.importing.columns import Asked
from rlgen.store.importing.writing import import_files

__all__ = ["Asked", "import_files"]

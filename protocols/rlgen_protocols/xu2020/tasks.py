"""The paper's four tasks and a control, as the authors have them and small."""

from rlgen_protocols.graphs.choices import one_of
from rlgen_protocols.xu2020.animals import FURTHEST_PAIR, POSITION, VALUE_DIFFERENCE, Animals
from rlgen_protocols.xu2020.examples import Task
from rlgen_protocols.xu2020.monsters import Monsters
from rlgen_protocols.xu2020.subset_sum import SubsetSum

MONSTERS, SUBSET_SUM = "monster-trainer", "subset-sum"
#: Tasks by the names that protocols have for them.
NAMES = (VALUE_DIFFERENCE, FURTHEST_PAIR, MONSTERS, SUBSET_SUM, POSITION)
SMALL, AUTHORS = "small", "authors"
FORMS = (SMALL, AUTHORS)


def task(name: str, form: str) -> Task:
    """A task.

    Args:
        name: One of ``NAMES``.
        form: "authors": the sizes of the authors' generators. "small": fewer objects and smaller
            values, so that minutes of one core tell networks apart.

    Raises:
        ProtocolError: For another name or form.
    """
    one_of("task", name, NAMES)
    one_of("form", form, FORMS)
    small = form == SMALL
    if name == MONSTERS:
        return Monsters(4, 2, (1, 3)) if small else Monsters(10, 10, (3, 7))
    if name == SUBSET_SUM:
        return SubsetSum(6, 20 if small else 200)
    if small:
        return Animals(name, objects=5, coordinates=2, span=10, ages=10, types=3)
    return Animals(name, objects=25, coordinates=8, span=20, ages=100, types=6, unique=False)

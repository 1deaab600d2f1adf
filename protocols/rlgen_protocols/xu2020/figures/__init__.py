"""The paper's figures from our runs: accuracy by the number of examples, one panel a task."""

from collections.abc import Iterator

from rlgen.analysis.results import Results
from rlgen.papers import Section
from rlgen_protocols.xu2020.animals import POSITION
from rlgen_protocols.xu2020.evidence import (
    maze_curves,
    maze_fits,
    policy_curves,
    task_curves,
)
from rlgen_protocols.xu2020.figures import authors, calibration, learning, rounds
from rlgen_protocols.xu2020.maze_tasks import STEPS_TO_KEY


def sections(results: Results) -> Iterator[Section]:
    """Those of which something has been run."""
    yield authors.section()
    tasks = task_curves(results)
    own = tasks[tasks["task"] != POSITION]
    if not own.empty:
        yield learning.section(
            own,
            "tasks",
            "Tasks: accuracy by the number of examples",
            "One panel a task, one line a network: share of test examples answered rightly by the "
            "weights of the best validation, mean over seeds with 95 % intervals. Networks whose "
            "structure matches an algorithm for the task should rise first: DeepSets and graph "
            "networks where a statistic of the set is asked for, one round over pairs for the "
            "furthest pair, as many rounds as a path has steps for the monster trainer, and only "
            "the network that lists all subsets for the subset sum.",
        )
    mazes = maze_curves(results)
    if not mazes.empty:
        yield learning.section(
            mazes,
            "mazes",
            "Mazes: accuracy by the number of levels",
            "The same questions about the start states of levels. object-sets and object-pairs are "
            "DeepSets and one round over pairs of the six things in a maze; gnn-K passes messages "
            "between neighbouring free cells K times; exhaustive scores the sixteen sets of "
            "objects by their shortest tours.",
        )
        fits = maze_fits(results)
        counting = fits[(fits["task"] == STEPS_TO_KEY) & fits["model"].str.startswith("gnn-")]
        if not counting.empty:
            yield rounds.section(counting)
    policies = policy_curves(results)
    if not policies.empty:
        yield learning.section(
            policies,
            "policies",
            "Policies: agreement with the planner by the number of levels",
            "Clones of the planner by graph networks with the pointer head, by rounds of messages: "
            "the share of states of held-out levels in which the most probable action is one of "
            "the planner's. If acting is a shortest path, more rounds need fewer levels.",
        )
    yield from calibration.sections(results)

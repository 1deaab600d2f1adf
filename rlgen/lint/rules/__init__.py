"""The rules: a code, a name, a line that says what the mistake is, and who finds it.

To add one, write a function from the trace of a script (or the folder of a store) to places and
reasons, and enter it in ``RULES``. A rule speaks only of what is certain: where a script may take
several ways, all of them must show the mistake.
"""

from rlgen.diagnostics import store_health
from rlgen.lint.finding import Rule
from rlgen.lint.rules import actions, held_out, normalisation, sampling
from rlgen.util.registry import Catalogue

RULES: Catalogue[Rule] = Catalogue(
    "lint rule",
    {
        "L101": Rule(
            "evaluates-in-training-environment",
            "returns are measured in the environment that the agent has learnt in",
            "make a second environment with levels or a seed of its own",
            script=held_out.training_environment,
        ),
        "L102": Rule(
            "evaluates-on-training-levels",
            "returns are measured on levels that are training levels: same ids, or same seed",
            "give the evaluation levels or a seed that training does not have",
            script=held_out.training_levels,
        ),
        "L103": Rule(
            "best-model-picked-on-test-levels",
            "the levels that pick the best model are those on which the result is reported",
            "pick on validation levels, and report on a third environment",
            script=held_out.picked_on_test,
        ),
        "L201": Rule(
            "unseeded-evaluation",
            "the evaluation environment is never seeded",
            "seed it: make_vec_env(..., seed=...), or reset(seed=...) once",
            script=sampling.unseeded,
        ),
        "L202": Rule(
            "one-level",
            "a single level or episode is evaluated, which tells nothing of others",
            "evaluate many levels, and let the seed change from episode to episode",
            script=sampling.one_level,
        ),
        "L301": Rule(
            "statistics-move-in-evaluation",
            "VecNormalize goes on updating its statistics while returns are measured",
            "set training = False on it, or VecNormalize(..., training=False)",
            script=normalisation.moving,
        ),
        "L302": Rule(
            "normalised-rewards-reported",
            "the returns that are measured are VecNormalize's, not the environment's",
            "set norm_reward = False on it, or wrap each environment in a Monitor",
            script=normalisation.rewards,
        ),
        "L303": Rule(
            "fresh-statistics",
            "VecNormalize is made anew for evaluation, without the statistics of training",
            "use VecNormalize.load or sync_envs_normalization",
            script=normalisation.fresh,
        ),
        "L304": Rule(
            "no-normalisation-in-evaluation",
            "the agent learnt from normalised observations and is evaluated on others",
            "wrap the evaluation environment with VecNormalize.load",
            script=normalisation.absent,
        ),
        "L401": Rule(
            "deterministic-and-sampled",
            "actions are deterministic in one evaluation and sampled in another",
            "say deterministic=... everywhere: predict defaults to False, evaluate_policy and "
            "EvalCallback to True",
            script=actions.mixed,
        ),
        "S101": Rule(
            "chosen-on-test-levels",
            "runs of the store were chosen by their returns on the test levels",
            "choose with rlgen.select(..., pool='validation'), and draw a new study to report",
            store=store_health.chosen_on_test,
        ),
        "S102": Rule(
            "pools-share-levels",
            "a manifest has the same level in two pools, so that it was changed by hand",
            "compute the study again in a new folder",
            store=store_health.shared_levels,
        ),
        "S201": Rule(
            "incomplete-plan",
            "cells that were asked for are missing, and with them perhaps the worst",
            "issue the command of the study again",
            store=store_health.incomplete,
        ),
        "S202": Rule(
            "conditions-missing",
            "a run was not evaluated under all conditions of the protocol",
            "issue the command of the study again",
            store=store_health.conditions,
        ),
        "S203": Rule(
            "one-run",
            "a setting was trained with one seed, so that nothing has an interval",
            "add seeds: rlgen evaluate PROTOCOL --seeds 0:5",
            store=store_health.one_run,
        ),
        "S301": Rule(
            "mixed-versions",
            "runs of one study were computed by different versions or sources",
            "compute the study again in a new folder with one version",
            store=store_health.mixed_versions,
        ),
    },
)

"""The rules: a code, a name, a line that says what the mistake is, and who finds it.

To add one, write a function from an event of a script (and all events) to what is wrong with it,
and enter it in ``RULES``. A rule speaks only of what is certain: values that differ by the way that
the script took are unknown, and equal nothing.
"""

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
            held_out.training_environment,
        ),
        "L102": Rule(
            "evaluates-on-training-levels",
            "returns are measured on levels that are training levels: same ids, or same seed",
            "give the evaluation levels or a seed that training does not have",
            held_out.training_levels,
            once=True,
        ),
        "L103": Rule(
            "best-model-picked-on-test-levels",
            "the levels that pick the best model are those on which the result is reported",
            "pick on validation levels, and report on a third environment",
            held_out.picked_on_test,
        ),
        "L104": Rule(
            "hyperparameters-chosen-on-test-levels",
            "the levels by which a study chooses are those on which the result is reported",
            "let the study use validation levels, and report on a third environment",
            held_out.studied_on_test,
        ),
        "L201": Rule(
            "unseeded-evaluation",
            "the evaluation environment is never seeded",
            "seed it: make_vec_env(..., seed=...), or reset(seed=...) once",
            sampling.unseeded,
            once=True,
        ),
        "L202": Rule(
            "one-level",
            "a single level or episode is evaluated, which tells nothing of others",
            "evaluate many levels, and let the seed change from episode to episode",
            sampling.one_level,
        ),
        "L301": Rule(
            "statistics-move-in-evaluation",
            "VecNormalize goes on updating its statistics while returns are measured",
            "set training = False on it, or VecNormalize(..., training=False)",
            normalisation.moving,
            once=True,
        ),
        "L302": Rule(
            "normalised-rewards-reported",
            "the returns that are measured are VecNormalize's, not the environment's",
            "set norm_reward = False on it, or wrap each environment in a Monitor",
            normalisation.rewards,
            once=True,
        ),
        "L303": Rule(
            "fresh-statistics",
            "VecNormalize is made anew for evaluation, without the statistics of training",
            "use VecNormalize.load or sync_envs_normalization",
            normalisation.fresh,
            once=True,
        ),
        "L304": Rule(
            "no-normalisation-in-evaluation",
            "the agent learnt from normalised observations and is evaluated on others",
            "wrap the evaluation environment with VecNormalize.load",
            normalisation.absent,
            once=True,
        ),
        "L305": Rule(
            "best-model-with-final-statistics",
            "the best model is evaluated with the statistics of the end of training",
            "save VecNormalize with the model, in EvalCallback(callback_on_new_best=...)",
            normalisation.final,
            once=True,
        ),
        "L401": Rule(
            "deterministic-and-sampled",
            "actions are deterministic in one evaluation and sampled in another",
            "say deterministic=... everywhere: predict defaults to False, evaluate_policy and "
            "EvalCallback to True",
            actions.mixed,
        ),
        "L501": Rule(
            "load-thrown-away",
            "load() is called as if it changed a model in place: it returns a new one",
            "write model = PPO.load(...), or model.set_parameters(...)",
            actions.thrown_away,
            shows=True,
        ),
        "L502": Rule(
            "recurrent-state-lost",
            "a recurrent agent is not given the state that its last predict returned",
            "write action, state = model.predict(obs, state=state, episode_start=...)",
            actions.forgetful,
            shows=True,
        ),
    },
)

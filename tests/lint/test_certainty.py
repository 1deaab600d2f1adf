"""Scripts that are right, or wrong in one branch only: nothing is said of them."""

import pytest
from lint_scripts import IMPORTS

from rlgen.lint import lint

TWO = """
import os
import sys
c = len(sys.argv) > 1
env = make_vec_env("CartPole-v1", 4, seed=0)
eval_env = make_vec_env("CartPole-v1", 4, seed=100)
model = PPO("MlpPolicy", env)
"""
UNSEEDED = """
env = make_vec_env("CartPole-v1", 4, seed=0)
eval_env = make_vec_env("CartPole-v1", 4)
model = PPO("MlpPolicy", env)
"""
JUDGED = """
model.learn(10)
print(evaluate_policy(model, eval_env))
"""
NORMAL = """
import sys
c = len(sys.argv) > 1
env = VecNormalize(make_vec_env("Pendulum-v1", seed=0))
model = PPO("MlpPolicy", env).learn(10)
env.save("s")
"""
SCRIPTS = {
    "a callback of the script's own that seeds its environment": """
class Reporting(EvalCallback):
    def __init__(self, eval_env, trial, n_eval_episodes=5):
        super().__init__(eval_env=eval_env, n_eval_episodes=n_eval_episodes)
        self.trial = trial
        eval_env.seed(100)

    def _on_step(self):
        super()._on_step()
        return self.trial.keep(self.last_mean_reward)

model = PPO("MlpPolicy", make_vec_env("CartPole-v1", 4, seed=0))
model.learn(10, callback=Reporting(make_vec_env("CartPole-v1", 4), None))
""",
    "a callback of evaluate_policy that seeds another environment": TWO
    + """
other = make_vec_env("CartPole-v1", 4)
model.learn(10)
evaluate_policy(model, eval_env, callback=lambda a, b: other.seed(7))
print(evaluate_policy(model, other))
""",
    "a function of a wrapper that seeds another environment": TWO
    + """
other = make_vec_env("CartPole-v1", 4)
seen = gym.wrappers.TransformObservation(gym.make("CartPole-v1"), lambda o: other.seed(7) or o)
model.learn(10)
print(evaluate_policy(model, other))
""",
    "a callback of the script's own that does not evaluate": """
class Reporting(EvalCallback):
    def __init__(self, eval_env, trial, n_eval_episodes=5):
        super().__init__(eval_env=eval_env, n_eval_episodes=n_eval_episodes)
        self.trial = trial

    def _on_step(self):
        pass
        return self.trial.keep(self.last_mean_reward)

env = make_vec_env("CartPole-v1", 4, seed=0)
model = PPO("MlpPolicy", env).learn(10, callback=Reporting(env, None))
""",
    "evaluate_policy that shows": TWO
    + """
model.learn(10)
frames = []
evaluate_policy(model, env, callback=lambda a, b: frames.append(1), n_eval_episodes=1)
""",
    "saved in one branch after learning": """
import sys
env = VecNormalize(make_vec_env("Pendulum-v1", seed=0))
test = VecNormalize(make_vec_env("Pendulum-v1", seed=50), training=False, norm_reward=False)
model = PPO("MlpPolicy", env)
if len(sys.argv) > 1:
    model.learn(10, callback=EvalCallback(test, best_model_save_path="logs"))
env.save("stats.pkl")
other = VecNormalize.load("stats.pkl", make_vec_env("Pendulum-v1", seed=90))
other.training = other.norm_reward = False
print(evaluate_policy(PPO.load("logs/best_model"), other))
""",
    "closure seed": TWO
    + """
def reseed():
    if c: eval_env.seed(0)
reseed()
model.learn(10)
print(evaluate_policy(model, eval_env))
""",
    "env in list": TWO
    + """
envs = [env, eval_env]
for e in envs:
    if c: e.seed(0)
model.learn(10)
print(evaluate_policy(model, eval_env))
""",
    "nested func with": TWO
    + """
with open("x") as f:
    if f.read(): eval_env.seed(0)
model.learn(10)
print(evaluate_policy(model, eval_env))
""",
    "setattr": NORMAL
    + """
e = VecNormalize.load("s", make_vec_env("Pendulum-v1", seed=1))
e.training = False; e.norm_reward = False
for k, v in [("training", True)]:
    if c: setattr(e, k, v)
print(evaluate_policy(model, e))
""",
    "attrs by alias": NORMAL
    + """
e = VecNormalize.load("s", make_vec_env("Pendulum-v1", seed=1))
f = e
f.training = False
f.norm_reward = False
print(evaluate_policy(model, e))
""",
    "frozen in function": NORMAL
    + """
def freeze(e):
    e.training = False
    e.norm_reward = False
    return e
print(evaluate_policy(model, freeze(VecNormalize.load("s", make_vec_env("Pendulum-v1", seed=1)))))
""",
    "frame stack over norm": NORMAL
    + """
e = VecNormalize.load("s", make_vec_env("Pendulum-v1", seed=1))
e.training = False
e.norm_reward = False
e = VecFrameStack(e, 4)
print(evaluate_policy(model, e))
""",
    "venv attr": NORMAL
    + """
e = VecFrameStack(VecNormalize.load("s", make_vec_env("Pendulum-v1", seed=1)), 4)
e.venv.training = False
e.venv.norm_reward = False
print(evaluate_policy(model, e))
""",
    "learn in subprocess func": TWO
    + """
def work(model):
    if os.environ.get("X"):
        return
    model.learn(100)
work(model)
print(evaluate_policy(model, env))
""",
    "dict configs": """
import sys
configs = {"a": 0, "b": 100}
which = sys.argv[1]
env = make_vec_env("CartPole-v1", 4, seed=configs[which])
model = PPO("MlpPolicy", env).learn(10)
print(evaluate_policy(model, make_vec_env("CartPole-v1", 4, seed=0)))
""",
    "global seed mutated": """
SEED = 0
def bump():
    global SEED
    SEED += 1000
env = make_vec_env("CartPole-v1", 4, seed=SEED)
bump()
model = PPO("MlpPolicy", env).learn(10)
print(evaluate_policy(model, make_vec_env("CartPole-v1", 4, seed=SEED)))
""",
    "class counter": """
class Maker:
    def __init__(self): self.n = 0
    def make(self):
        self.n += 100
        return make_vec_env("CartPole-v1", 4, seed=self.n)
m = Maker()
env, test = m.make(), m.make()
model = PPO("MlpPolicy", env).learn(10)
print(evaluate_policy(model, test))
""",
    "itertools count": """
import itertools
seeds = itertools.count()
env = make_vec_env("CartPole-v1", 1, seed=next(seeds) * 100)
test = make_vec_env("CartPole-v1", 1, seed=next(seeds) * 100)
model = PPO("MlpPolicy", env).learn(10)
print(evaluate_policy(model, test))
""",
    "rng seeds": """
rng = np.random.default_rng(0)
env = make_vec_env("CartPole-v1", 1, seed=int(rng.integers(1000)))
test = make_vec_env("CartPole-v1", 1, seed=int(rng.integers(1000)))
model = PPO("MlpPolicy", env).learn(10)
print(evaluate_policy(model, test))
""",
    "cfg update": """
from mine import cfg
env = make_vec_env("CartPole-v1", 4, seed=cfg.seed)
cfg.update(seed=500)
test = make_vec_env("CartPole-v1", 4, seed=cfg.seed)
model = PPO("MlpPolicy", env).learn(10)
print(evaluate_policy(model, test))
""",
    "cfg passed": """
from mine import cfg, change
env = make_vec_env("CartPole-v1", 4, seed=cfg.seed)
change(cfg)
test = make_vec_env("CartPole-v1", 4, seed=cfg.seed)
model = PPO("MlpPolicy", env).learn(10)
print(evaluate_policy(model, test))
""",
    "list pop": """
seeds = [0, 100]
env = make_vec_env("CartPole-v1", 4, seed=seeds.pop())
test = make_vec_env("CartPole-v1", 4, seed=seeds.pop())
model = PPO("MlpPolicy", env).learn(10)
print(evaluate_policy(model, test))
""",
    "param deleted": """
def main(seed=0, test_seed=None):
    env = make_vec_env("CartPole-v1", 4, seed=seed)
    test = make_vec_env("CartPole-v1", 4, seed=test_seed if test_seed is not None else seed + 10)
    model = PPO("MlpPolicy", env).learn(10)
    print(evaluate_policy(model, test))
main(3)
""",
    "env kwargs vary": """
env = make_vec_env("MyEnv-v0", 4, seed=0, env_kwargs={"split": "train"})
test = make_vec_env("MyEnv-v0", 4, seed=0, env_kwargs={"split": "test"})
model = PPO("MlpPolicy", env).learn(10)
print(evaluate_policy(model, test))
""",
    "attr env": TWO
    + """
model.learn(10)
eval_env.env_method("set_split", "test")
eval_env.seed(0)
print(evaluate_policy(model, eval_env))
""",
    "new learn elsewhere": TWO
    + """
model.set_env(eval_env)
model.learn(10)
print(evaluate_policy(model, env))
""",
    "break before": TWO
    + """
for i in range(10):
    if c: break
    eval_env.seed(0)
model.learn(10)
print(evaluate_policy(model, eval_env))
""",
    "continue": TWO
    + """
for i in range(10):
    if c: continue
    eval_env.seed(0)
model.learn(10)
print(evaluate_policy(model, eval_env))
""",
    "raise in try": TWO
    + """
try:
    if c: raise ValueError
    eval_env.seed(0)
except ValueError:
    print("no")
model.learn(10)
print(evaluate_policy(model, eval_env))
""",
    "else of try": TWO
    + """
try:
    import mine
except ImportError:
    pass
else:
    eval_env.seed(0)
model.learn(10)
print(evaluate_policy(model, eval_env))
""",
    "import fallback": TWO
    + """
try:
    import mine
    eval_env.seed(0)
except ImportError:
    mine = None
model.learn(10)
print(evaluate_policy(model, eval_env))
""",
    "finally": TWO
    + """
try:
    model.learn(10)
except Exception:
    pass
print(evaluate_policy(model, env))
""",
    "kb": TWO
    + """
def train():
    try:
        if c: return
        model.learn(10)
    except KeyboardInterrupt:
        pass
train()
print(evaluate_policy(model, env))
""",
    "while true break": TWO
    + """
while True:
    if c: break
    eval_env.seed(0)
    break
model.learn(10)
print(evaluate_policy(model, eval_env))
""",
    "nested if both": TWO
    + """
if c:
    seed = 0
else:
    seed = 100
eval_env.seed(seed)
model.learn(10)
print(evaluate_policy(model, eval_env))
""",
    "default arg rebinding": """
SEED = 100
def make(seed=SEED): return make_vec_env("CartPole-v1", 4, seed=seed)
SEED = 0
env = make_vec_env("CartPole-v1", 4, seed=SEED)
model = PPO("MlpPolicy", env).learn(10)
print(evaluate_policy(model, make()))
""",
    "lambda late": """
s = 0
f = lambda: make_vec_env("CartPole-v1", 4, seed=s)
env = f()
s = 500
model = PPO("MlpPolicy", env).learn(10)
print(evaluate_policy(model, f()))
""",
    "generator": """
def gen():
    for s in (0, 100): yield make_vec_env("CartPole-v1", 4, seed=s)
env, test = gen()
model = PPO("MlpPolicy", env).learn(10)
print(evaluate_policy(model, test))
""",
    "zip": """
for s, t in zip([0, 1], [100, 101]):
    env = make_vec_env("CartPole-v1", 4, seed=s)
    test = make_vec_env("CartPole-v1", 4, seed=t)
    model = PPO("MlpPolicy", env).learn(10)
    print(evaluate_policy(model, test))
""",
    "enumerate unpack": """
for s, (a, b) in enumerate([(0, 100), (1, 101)]):
    model = PPO("MlpPolicy", make_vec_env("CartPole-v1", 4, seed=a)).learn(10)
    print(evaluate_policy(model, make_vec_env("CartPole-v1", 4, seed=b)))
""",
    "swap": TWO
    + """
env, eval_env = eval_env, env
model2 = PPO("MlpPolicy", env).learn(10)
print(evaluate_policy(model2, eval_env))
""",
    "del": TWO
    + """
del env
env = make_vec_env("CartPole-v1", 4, seed=500)
model.learn(10)
print(evaluate_policy(model, env))
""",
    "walrus": TWO
    + """
if (n := len(sys.argv)) > 3 and (eval_env.seed(0) or True): pass
model.learn(10)
print(evaluate_policy(model, eval_env))
""",
    "L401 branch": TWO
    + """
if c:
    print(evaluate_policy(model, eval_env, deterministic=False))
    sys.exit()
model.learn(10)
print(evaluate_policy(model, eval_env))
""",
    "L401 either": TWO
    + """
model.learn(10)
if c:
    print(evaluate_policy(model, eval_env, deterministic=False))
else:
    print(evaluate_policy(model, eval_env, deterministic=True))
""",
    "optuna validation": """
import optuna
def make(seed): return make_vec_env("CartPole-v1", 4, seed=seed)
def objective(trial):
    model = PPO("MlpPolicy", make(0)).learn(1000)
    return evaluate_policy(model, make(100))[0]
study = optuna.create_study()
study.optimize(objective, n_trials=10)
best = PPO("MlpPolicy", make(0), **study.best_params).learn(1000)
print(evaluate_policy(best, make(200)))
""",
    "optuna if": """
import optuna, sys
env = make_vec_env("CartPole-v1", 4, seed=0)
test_env = make_vec_env("CartPole-v1", 4, seed=100)
def objective(trial):
    model = PPO("MlpPolicy", env).learn(1000)
    return evaluate_policy(model, test_env)[0]
params = {}
if "--tune" in sys.argv:
    study = optuna.create_study()
    study.optimize(objective, n_trials=10)
    params = study.best_params
best = PPO("MlpPolicy", env, **params).learn(1000)
print(evaluate_policy(best, test_env))
""",
    "load assigned": TWO
    + """
model = model.load("x", env=env)
policy = PPO.load("y")
model.learn(10)
print(evaluate_policy(model, eval_env))
""",
    "load returned": """
def get(): return PPO.load("x")
test = make_vec_env("CartPole-v1", 4, seed=1)
print(evaluate_policy(get(), test))
""",
    "json load": """
import json
class Store:
    def load(self, path): self.x = path
s = Store(); s.load("x"); json.load(open("y"))
test = make_vec_env("CartPole-v1", 4, seed=1)
test.load("x") if False else None
print(evaluate_policy(PPO.load("x"), test))
""",
    "recurrent zero": """
from sb3_contrib import RecurrentPPO
model = RecurrentPPO("MlpLstmPolicy", make_vec_env("CartPole-v1", 4, seed=0)).learn(100)
test = make_vec_env("CartPole-v1", 1, seed=50)
for ep in range(5):
    obs, state, done, total = test.reset(), None, False, 0
    while not done:
        action, state = model.predict(obs, state=state, episode_start=np.array([done]))
        obs, reward, done, info = test.step(action)
        total += reward
    print(total)
""",
    "recurrent self": """
from sb3_contrib import RecurrentPPO
class Player:
    def __init__(self, model): self.model, self.state = model, None
    def act(self, obs):
        action, self.state = self.model.predict(obs, state=self.state, deterministic=True)
        return action
model = RecurrentPPO("MlpLstmPolicy", make_vec_env("CartPole-v1", 4, seed=0)).learn(100)
test = make_vec_env("CartPole-v1", 1, seed=50)
player, obs, total = Player(model), test.reset(), 0
for _ in range(100):
    obs, reward, done, info = test.step(player.act(obs))
    total += reward
print(total)
""",
    "one level many": """
test = gym.make("rlgen/MazeBasic-v0", levels=[7])
model = PPO.load("x")
for s in range(10):
    test.reset(seed=s)
    print(evaluate_policy(model, test))
""",
    "an item of a comprehension": TWO
    + """
envs = [each for each in (eval_env,)]
eval_env.seed(0)
envs[0].seed(500)
model.learn(10)
print(evaluate_policy(model, eval_env))
""",
    "a global name, from within a function in a function": """
SEED = 0
def outer():
    def inner():
        global SEED
        SEED = 100
    inner()
env = make_vec_env("CartPole-v1", 4, seed=SEED)
outer()
model = PPO("MlpPolicy", env).learn(10)
print(evaluate_policy(model, make_vec_env("CartPole-v1", 4, seed=SEED)))
""",
    "a function that something foreign may call": """
from mine import start
eval_env = make_vec_env("CartPole-v1", 4)
def reseed(): eval_env.seed(100)
start(target=reseed)
model = PPO("MlpPolicy", make_vec_env("CartPole-v1", 4, seed=0)).learn(10)
print(evaluate_policy(model, eval_env))
""",
    "a decorated function": """
from mine import logged
eval_env = make_vec_env("CartPole-v1", 4)
@logged
def reseed(): eval_env.seed(100)
reseed()
model = PPO("MlpPolicy", make_vec_env("CartPole-v1", 4, seed=0)).learn(10)
print(evaluate_policy(model, eval_env))
""",
    "a static method": """
class Maker:
    @staticmethod
    def make(seed): return make_vec_env("CartPole-v1", 4, seed=seed)
maker = Maker()
model = PPO("MlpPolicy", maker.make(0)).learn(10)
print(evaluate_policy(model, maker.make(100)))
""",
    "a function that makes environments": """
def build():
    env = gym.make("CartPole-v1")
    env.reset(seed=3)
    return env
model = PPO("MlpPolicy", make_vec_env("CartPole-v1", 4, seed=0)).learn(10)
print(evaluate_policy(model, make_vec_env(build, 1)))
""",
    "an environment in a tuple of one": NORMAL
    + """
test = VecNormalize.load("s", make_vec_env("Pendulum-v1", seed=1))
for each in (test,):
    each.training = each.norm_reward = False
print(evaluate_policy(model, test))
""",
    "a comprehension that may be empty": TWO
    + """
[eval_env.seed(0) for each in sys.argv[1:]]
model.learn(10)
print(evaluate_policy(model, eval_env))
""",
    "text that is run": TWO
    + """
eval_env.seed(0)
exec(open("more.py").read())
model.learn(10)
print(evaluate_policy(model, eval_env))
""",
    "an environment by name": TWO
    + """
def reseed(**settings): settings["env"].seed(500)
eval_env.seed(0)
reseed(env=eval_env)
model.learn(10)
print(evaluate_policy(model, eval_env))
""",
    "entries updated": TWO
    + """
settings = dict(seed=0)
settings.update(seed=100)
eval_env.seed(**settings)
model.learn(10)
print(evaluate_policy(model, eval_env))
""",
    "one of two environments": TWO
    + """
model.learn(10)
for each in (env, eval_env):
    if c: print(evaluate_policy(model, each))
""",
    "a dataclass with another seed": TWO
    + """
from dataclasses import dataclass
@dataclass
class Config:
    seed: int = 0
eval_env.seed(Config(100).seed)
model.learn(10)
print(evaluate_policy(model, eval_env))
""",
    "an instance with another seed": TWO
    + """
class Config: seed = 0
config = Config()
setattr(config, "seed", 100)
eval_env.seed(config.seed)
model.learn(10)
print(evaluate_policy(model, eval_env))
""",
    "arguments of the same name": """
import mine
def train(args): return make_vec_env(args.env, 4, seed=args.seed)
def test(args): return make_vec_env(args.env, 4, seed=args.seed)
model = PPO("MlpPolicy", train(mine.one())).learn(10)
print(evaluate_policy(model, test(mine.two())))
""",
    "an environment that something foreign holds": TWO
    + """
from mine import Holder
holder = Holder()
holder.env = eval_env
eval_env.seed(0)
holder.reseed()
model.learn(10)
print(evaluate_policy(model, eval_env))
""",
    "reset seed per model": """
test = gym.make("CartPole-v1")
for path in ("a", "b"):
    model = PPO.load(path)
    obs, _ = test.reset(seed=0)
    total, n = 0, 0
    while n < 100:
        action, _ = model.predict(obs, deterministic=True)
        obs, reward, term, trunc, _ = test.step(action)
        total += reward
        if term or trunc:
            n += 1
            obs, _ = test.reset()
""",
    "a thread that seeds": UNSEEDED
    + """
import threading
def reseed(): eval_env.seed(100)
thread = threading.Thread(target=reseed)
thread.start()
thread.join()
"""
    + JUDGED,
    "a thread that is started later": TWO
    + """
import threading
def reseed(): eval_env.seed(100)
thread = threading.Thread(target=reseed)
eval_env.seed(0)
thread.start()
"""
    + JUDGED,
    "a comprehension that seeds": UNSEEDED
    + """
[each.seed(100) for each in [eval_env]]
"""
    + JUDGED,
    "make_vec_env of a function": """
raw = gym.make("CartPole-v1")
model = PPO("MlpPolicy", make_vec_env("CartPole-v1", 4, seed=0)).learn(10)
around = make_vec_env(lambda: raw, 1, seed=7)
print(evaluate_policy(model, raw))
""",
    "flags through the variable of a loop": NORMAL
    + """
test = VecNormalize.load("s", make_vec_env("Pendulum-v1", seed=1))
for each in [test]:
    each.training = False
    each.norm_reward = False
print(evaluate_policy(model, test))
""",
    "text that may do anything": UNSEEDED
    + """
exec("eval_env.seed(100)")
"""
    + JUDGED,
    "names by text": UNSEEDED
    + """
globals()["eval_env"] = make_vec_env("CartPole-v1", 4, seed=100)
"""
    + JUDGED,
    "finally after return": UNSEEDED
    + """
def prepare():
    try:
        return 1
    finally:
        eval_env.seed(100)
prepare()
"""
    + JUDGED,
    "finally after break": UNSEEDED
    + """
while True:
    try:
        break
    finally:
        eval_env.seed(100)
"""
    + JUDGED,
    "finally after raise": UNSEEDED
    + """
def prepare():
    try:
        raise ValueError
    finally:
        eval_env.seed(100)
try:
    prepare()
except ValueError:
    pass
"""
    + JUDGED,
    "another value each time": """
class Config:
    n = 0
    def __getattr__(self, name):
        self.n += 100
        return self.n
config = Config()
env = make_vec_env("CartPole-v1", 4, seed=config.seed)
eval_env = make_vec_env("CartPole-v1", 4, seed=config.seed)
model = PPO("MlpPolicy", env)
"""
    + JUDGED,
    "a context manager of one's own": UNSEEDED
    + """
class Seeded:
    def __enter__(self): eval_env.seed(100)
    def __exit__(self, *error): pass
with Seeded():
    pass
"""
    + JUDGED,
    "the end of a context manager of one's own": UNSEEDED
    + """
class Seeded:
    def __enter__(self): return self
    def __exit__(self, *error): eval_env.seed(100)
with Seeded() as seeded:
    pass
"""
    + JUDGED,
    "a context manager made of a generator": UNSEEDED
    + """
from contextlib import contextmanager
@contextmanager
def seeded():
    eval_env.seed(100)
    yield
with seeded():
    pass
"""
    + JUDGED,
    "a decorator of one's own": UNSEEDED
    + """
def seeded(function):
    def inner(*args):
        eval_env.seed(100)
        return function(*args)
    return inner
@seeded
def judge(agent):
    return evaluate_policy(agent, eval_env)
model.learn(10)
print(judge(model))
""",
    "functools.partial": UNSEEDED
    + """
from functools import partial
reseed = partial(eval_env.seed, 100)
reseed()
"""
    + JUDGED,
    "partial of a function": UNSEEDED
    + """
from functools import partial
def change(env, seed): env.seed(seed)
partial(change, eval_env)(100)
"""
    + JUDGED,
    "setattr of flags": NORMAL
    + """
test = VecNormalize.load("s", make_vec_env("Pendulum-v1", seed=1))
setattr(test, "training", False)
setattr(test, "norm_reward", False)
print(evaluate_policy(model, test))
""",
    "a dataclass that holds it": UNSEEDED
    + """
from dataclasses import dataclass
@dataclass
class Both:
    train: object
    test: object
both = Both(env, eval_env)
both.test.seed(100)
"""
    + JUDGED,
    "a generator that gives it": UNSEEDED
    + """
def each():
    yield eval_env
for one in each():
    one.seed(100)
"""
    + JUDGED,
    "a block with it": UNSEEDED
    + """
from contextlib import closing
with closing(eval_env) as one:
    one.seed(100)
    model.learn(10)
    print(evaluate_policy(model, eval_env))
""",
    "a class that is changed": """
class Maker:
    def seed(self): return 0
    def make(self): return make_vec_env("CartPole-v1", 4, seed=self.seed())
maker = Maker()
model = PPO("MlpPolicy", maker.make()).learn(10)
Maker.seed = lambda self: 100
print(evaluate_policy(model, maker.make()))
""",
    "try, except and else": UNSEEDED
    + """
try:
    seed = int(open("seed").read())
except OSError:
    eval_env.seed(100)
else:
    eval_env.seed(seed)
"""
    + JUDGED,
    "a loop that ends early": UNSEEDED
    + """
while True:
    model.learn(10)
    eval_env.seed(100)
    if open("stop").read():
        break
print(evaluate_policy(model, eval_env))
""",
    "names deleted": UNSEEDED
    + """
del eval_env
eval_env = make_vec_env("CartPole-v1", 4, seed=100)
"""
    + JUDGED,
    "assigned in a condition": UNSEEDED
    + """
if (one := eval_env) is not None:
    one.seed(100)
"""
    + JUDGED,
    "arguments by star": UNSEEDED
    + """
def change(first, second, seed): second.seed(seed)
change(*[env, eval_env], **{"seed": 100})
"""
    + JUDGED,
    "a property that seeds": """
class Lab:
    def __init__(self): self.env = make_vec_env("CartPole-v1", 4)
    @property
    def test(self):
        self.env.seed(100)
        return self.env
lab = Lab()
model = PPO("MlpPolicy", make_vec_env("CartPole-v1", 4, seed=0)).learn(10)
lab.test
print(evaluate_policy(model, lab.env))
""",
    "a property that gives another each time": """
class Lab:
    n = 0
    @property
    def env(self):
        self.n += 100
        return make_vec_env("CartPole-v1", 4, seed=self.n)
lab = Lab()
model = PPO("MlpPolicy", lab.env).learn(10)
print(evaluate_policy(model, lab.env))
""",
    "an attribute that instances share": """
class Lab:
    test = make_vec_env("CartPole-v1", 4)
    def reseed(self): self.test.seed(100)
Lab().reseed()
model = PPO("MlpPolicy", make_vec_env("CartPole-v1", 4, seed=0)).learn(10)
print(evaluate_policy(model, Lab.test))
""",
    "an attribute of the class that a method changes": """
class Lab:
    seed = 0
    def make(self):
        Lab.seed += 100
        return make_vec_env("CartPole-v1", 4, seed=self.seed)
model = PPO("MlpPolicy", Lab().make()).learn(10)
print(evaluate_policy(model, Lab().make()))
""",
    "a method of the class above": """
class Base:
    def __init__(self, env): self.env = env
    def prepare(self): pass
class Lab(Base):
    def prepare(self):
        super().prepare()
        self.env.seed(100)
eval_env = make_vec_env("CartPole-v1", 4)
Lab(eval_env).prepare()
model = PPO("MlpPolicy", make_vec_env("CartPole-v1", 4, seed=0))
"""
    + JUDGED,
    "a dictionary of environments": UNSEEDED
    + """
envs = {"train": env, "test": eval_env}
for name, each in envs.items():
    each.seed(100 if name == "test" else 0)
"""
    + JUDGED,
    "nonlocal": """
def main():
    seed = 0
    def bump():
        nonlocal seed
        seed += 100
    env = make_vec_env("CartPole-v1", 4, seed=seed)
    bump()
    model = PPO("MlpPolicy", env).learn(10)
    print(evaluate_policy(model, make_vec_env("CartPole-v1", 4, seed=seed)))
main()
""",
    "a function in a dictionary": UNSEEDED
    + """
import sys
def reseed(): eval_env.seed(100)
{"reseed": reseed}[sys.argv[1]]()
"""
    + JUDGED,
    "a method that something foreign may call": UNSEEDED
    + """
from mine import start
class Seeder:
    def run(self): eval_env.seed(100)
start(Seeder().run)
"""
    + JUDGED,
    "an instance that something foreign may use": UNSEEDED
    + """
from mine import start
class Seeder:
    def run(self): eval_env.seed(100)
start(Seeder())
"""
    + JUDGED,
    "a function as callback": UNSEEDED
    + """
def seeded(local, other):
    eval_env.seed(100)
    return True
model.learn(10, callback=seeded)
print(evaluate_policy(model, eval_env))
""",
    "a callback of one's own that seeds": UNSEEDED
    + """
from stable_baselines3.common.callbacks import BaseCallback
class Seeder(BaseCallback):
    def _on_step(self):
        eval_env.seed(100)
        return True
model.learn(10, callback=Seeder())
print(evaluate_policy(model, eval_env))
""",
    "called as an instance": UNSEEDED
    + """
class Seeder:
    def __call__(self): eval_env.seed(100)
Seeder()()
"""
    + JUDGED,
    "an operator of one's own": UNSEEDED
    + """
class Seeder:
    def __add__(self, other): other.seed(100)
Seeder() + eval_env
"""
    + JUDGED,
    "items of one's own": """
class Seeds:
    n = 0
    def __getitem__(self, name):
        self.n += 100
        return self.n
seeds = Seeds()
env = make_vec_env("CartPole-v1", 4, seed=seeds["x"])
eval_env = make_vec_env("CartPole-v1", 4, seed=seeds["x"])
model = PPO("MlpPolicy", env)
"""
    + JUDGED,
    "an iterator of one's own": UNSEEDED
    + """
class Seeds:
    def __iter__(self):
        eval_env.seed(100)
        return iter(())
list(Seeds())
for each in Seeds(): pass
"""
    + JUDGED,
    "a function that stands for another": """
def make(): return make_vec_env("CartPole-v1", 4, seed=0)
env = make()
make_vec_env = __import__("mine").make_vec_env
eval_env = make_vec_env("CartPole-v1", 4, seed=0)
model = PPO("MlpPolicy", env)
"""
    + JUDGED,
    "the library is changed": """
import stable_baselines3.common.env_util as util
from mine import other
env = util.make_vec_env("CartPole-v1", 4, seed=0)
util.make_vec_env = other
eval_env = util.make_vec_env("CartPole-v1", 4, seed=0)
model = PPO("MlpPolicy", env)
"""
    + JUDGED,
    "a list by a second name": """
seeds = [0]
other = seeds
env = make_vec_env("CartPole-v1", 4, seed=seeds[0])
other[0] = 100
eval_env = make_vec_env("CartPole-v1", 4, seed=seeds[0])
model = PPO("MlpPolicy", env)
"""
    + JUDGED,
    "a default value that is shared": """
def make(seeds=[0]):
    seeds[0] += 100
    return make_vec_env("CartPole-v1", 4, seed=seeds[0])
model = PPO("MlpPolicy", make()).learn(10)
print(evaluate_policy(model, make()))
""",
    "the seed of a closure": """
def counter():
    n = 0
    def step():
        nonlocal n
        n += 100
        return n
    return step
step = counter()
model = PPO("MlpPolicy", make_vec_env("CartPole-v1", 4, seed=step())).learn(10)
print(evaluate_policy(model, make_vec_env("CartPole-v1", 4, seed=step())))
""",
    "the wrapped environment is seeded": UNSEEDED
    + """
for each in eval_env.envs: each.reset(seed=100)
"""
    + JUDGED,
    "seeded by a method's name": UNSEEDED
    + """
getattr(eval_env, "seed")(100)
"""
    + JUDGED,
    "seeded by each copy": UNSEEDED
    + """
eval_env.env_method("reset", seed=100)
"""
    + JUDGED,
    "a match that seeds": UNSEEDED
    + """
match eval_env:
    case one:
        one.seed(100)
"""
    + JUDGED,
    "a match into parts": UNSEEDED
    + """
match (env, eval_env):
    case (_, one):
        one.seed(100)
"""
    + JUDGED,
    "an exception that carries it": UNSEEDED
    + """
try:
    raise ValueError(eval_env)
except ValueError as error:
    error.args[0].seed(100)
"""
    + JUDGED,
    "a function of another name space": UNSEEDED
    + """
import types
space = types.SimpleNamespace(env=eval_env)
vars(space)["env"].seed(100)
"""
    + JUDGED,
    "a weak reference": UNSEEDED
    + """
import weakref
weakref.ref(eval_env)().seed(100)
"""
    + JUDGED,
    "one of a set": UNSEEDED
    + """
for each in {eval_env}: each.seed(100)
"""
    + JUDGED,
    "map of a lambda": UNSEEDED
    + """
list(map(lambda each: each.seed(100), [eval_env]))
"""
    + JUDGED,
    "a lambda as callback after learning": UNSEEDED
    + """
import atexit, signal
signal.signal(signal.SIGALRM, lambda *a: eval_env.seed(100))
signal.alarm(1)
"""
    + JUDGED,
    "training that a subclass swallows": TWO
    + """
class Quiet(PPO):
    def learn(self, *args, **kwargs): return self
quiet = Quiet("MlpPolicy", env).learn(10)
print(evaluate_policy(quiet, env))
""",
    "a learn of one's own": TWO
    + """
PPO.learn = lambda self, steps: self
model.learn(10)
print(evaluate_policy(model, env))
""",
    "an environment that goes round its seeds": """
env = gym.make("CartPole-v1")
model = PPO.load("x")
total = 0
for episode in range(10):
    obs, _ = env.reset(seed=0 if episode == 0 else None)
    done = False
    while not done:
        obs, reward, a, b, _ = env.step(model.predict(obs, deterministic=True)[0])
        total += reward
        done = a or b
""",
    "a vector of environments, seeded for each agent": """
envs = gym.make_vec("CartPole-v1", num_envs=1)
for path in ("a", "b", "c"):
    model = PPO.load(path)
    obs, _ = envs.reset(seed=0)
    total = 0
    for step in range(10_000):
        obs, reward, a, b, _ = envs.step(model.predict(obs, deterministic=True)[0])
        total += reward.sum()
""",
    "an environment that resets itself, seeded for each agent": """
from gymnasium.wrappers import Autoreset
env = Autoreset(gym.make("CartPole-v1"))
for path in ("a", "b", "c"):
    model = PPO.load(path)
    obs, _ = env.reset(seed=0)
    total = 0
    for step in range(10_000):
        obs, reward, a, b, _ = env.step(model.predict(obs, deterministic=True)[0])
        total += reward
""",
    "one level after the other": """
def judge(model, level):
    env = gym.make("rlgen/MazeBasic-v0", levels=[level])
    env.reset(seed=0)
    return evaluate_policy(model, env)[0]
model = PPO.load("x")
print([judge(model, level) for level in range(100)])
""",
    "one episode on each of many levels": """
model = PPO.load("x")
total = sum(
    evaluate_policy(model, make_vec_env("CartPole-v1", 1, seed=seed), n_eval_episodes=1)[0]
    for seed in range(100)
)
print(total)
""",
    "levels that are added": """
levels = [1]
env = gym.make("rlgen/MazeBasic-v0", levels=range(50, 90))
levels.extend(range(2, 40))
test = gym.make("rlgen/MazeBasic-v0", levels=levels)
test.reset(seed=0)
model = PPO("MlpPolicy", env).learn(10)
print(evaluate_policy(model, test))
""",
    "a list that is emptied": """
levels = [1, 2]
env = gym.make("rlgen/MazeBasic-v0", levels=levels)
levels.clear()
levels += [100, 101]
test = gym.make("rlgen/MazeBasic-v0", levels=levels)
test.reset(seed=0)
model = PPO("MlpPolicy", env).learn(10)
print(evaluate_policy(model, test))
""",
    "one episode in each round of training": """
from stable_baselines3.common.callbacks import BaseCallback
class Watch(BaseCallback):
    def __init__(self, test):
        super().__init__()
        self.test, self.returns = test, []
    def _on_step(self):
        self.returns.append(evaluate_policy(self.model, self.test, n_eval_episodes=1)[0])
        return True
model = PPO("MlpPolicy", make_vec_env("CartPole-v1", 4, seed=0))
model.learn(10, callback=Watch(make_vec_env("CartPole-v1", 1, seed=100)))
""",
    "a callback of one's own that turns to its own environment": """
from stable_baselines3.common.callbacks import BaseCallback
class Watch(BaseCallback):
    def __init__(self, test):
        super().__init__()
        self.test = test
    def _on_training_start(self):
        self.test.seed(100)
    def _on_rollout_end(self):
        self.logger.record("eval/mean", evaluate_policy(self.model, self.test)[0])
    def _on_step(self):
        return True
model = PPO("MlpPolicy", make_vec_env("CartPole-v1", 4, seed=0))
model.learn(10, callback=[Watch(make_vec_env("CartPole-v1", 4))])
""",
    "the environment of the round before": """
import sys
env = None
for seed in map(int, sys.argv[1:]):
    test = make_vec_env("CartPole-v1", 4, seed=100 * seed)
    if env is not None:
        model = PPO("MlpPolicy", env).learn(10)
        print(evaluate_policy(model, test))
    env = make_vec_env("CartPole-v1", 4, seed=100 * seed)
""",
    "the seed of the round before": """
import sys
before = None
for seed in map(int, sys.argv[1:]):
    if before is not None:
        model = PPO("MlpPolicy", make_vec_env("CartPole-v1", 1, seed=before)).learn(10)
        print(evaluate_policy(model, make_vec_env("CartPole-v1", 1, seed=seed)))
    before = seed
""",
    "text that changes a name": """
SEED = 0
env = make_vec_env("CartPole-v1", 4, seed=SEED)
exec("SEED = 100")
model = PPO("MlpPolicy", env).learn(10)
print(evaluate_policy(model, make_vec_env("CartPole-v1", 4, seed=SEED)))
""",
    "a callback of one's own that evaluates elsewhere later": """
from stable_baselines3.common.callbacks import BaseCallback
class Watch(BaseCallback):
    def __init__(self, env):
        super().__init__()
        self.env = env
    def _on_step(self):
        if self.n_calls % 100 == 0:
            self.env = make_vec_env("CartPole-v1", 4, seed=self.n_calls + 1000)
            evaluate_policy(self.model, self.env)
        return True
model = PPO("MlpPolicy", make_vec_env("CartPole-v1", 4, seed=0))
model.learn(10, callback=Watch(model.get_env()))
""",
    "an EvalCallback of one's own with other environments": """
class Other(EvalCallback):
    def __init__(self, env, **kwargs):
        super().__init__(make_vec_env("CartPole-v1", 4, seed=100), **kwargs)
        self.env = env
model = PPO("MlpPolicy", make_vec_env("CartPole-v1", 4, seed=0))
model.learn(10, callback=Other(model.get_env(), n_eval_episodes=20))
""",
    "an EvalCallback of one's own made by a method": """
class Other(EvalCallback):
    def _on_step(self):
        self.eval_env.seed(100 + self.n_calls)
        return super()._on_step()
model = PPO("MlpPolicy", make_vec_env("CartPole-v1", 4, seed=0))
model.learn(10, callback=Other(make_vec_env("CartPole-v1", 4)))
""",
    "a callback of one's own that is another's": """
from stable_baselines3.common.callbacks import BaseCallback
class Base(BaseCallback):
    def _on_step(self): return True
class Watch(Base):
    def _on_training_start(self): eval_env.seed(100)
eval_env = make_vec_env("CartPole-v1", 4)
model = PPO("MlpPolicy", make_vec_env("CartPole-v1", 4, seed=0))
model.learn(10, callback=Watch())
print(evaluate_policy(model, eval_env))
""",
    "a callback that keeps what it did": """
from stable_baselines3.common.callbacks import BaseCallback
class Watch(BaseCallback):
    def __init__(self):
        super().__init__()
        self.seed = 0
    def _on_training_end(self):
        self.seed += 100
watch = Watch()
model = PPO("MlpPolicy", make_vec_env("CartPole-v1", 4, seed=watch.seed))
model.learn(10, callback=watch)
print(evaluate_policy(model, make_vec_env("CartPole-v1", 4, seed=watch.seed)))
""",
    "an asynchronous function": UNSEEDED
    + """
import asyncio
async def reseed(): eval_env.seed(100)
asyncio.run(reseed())
"""
    + JUDGED,
    "a generator that is sent to": UNSEEDED
    + """
def receiver():
    while True:
        each = yield
        each.seed(100)
r = receiver()
next(r)
r.send(eval_env)
"""
    + JUDGED,
    "a class made by type": UNSEEDED
    + """
Seeder = type("Seeder", (), {"run": lambda self: eval_env.seed(100)})
Seeder().run()
"""
    + JUDGED,
    "a lambda in a list": UNSEEDED
    + """
steps = [lambda: print("x"), lambda: eval_env.seed(100)]
for step in steps: step()
"""
    + JUDGED,
    "starred assignment": UNSEEDED
    + """
first, *others = [env, eval_env]
others[0].seed(100)
"""
    + JUDGED,
    "a slice of a list": UNSEEDED
    + """
[env, eval_env][1:][0].seed(100)
"""
    + JUDGED,
    "sorted by a function that seeds": UNSEEDED
    + """
max([eval_env], key=lambda each: each.seed(100) or 0)
"""
    + JUDGED,
    "a nested class": UNSEEDED
    + """
class Outer:
    class Inner:
        def run(self): eval_env.seed(100)
Outer.Inner().run()
"""
    + JUDGED,
    "a method by assignment": UNSEEDED
    + """
class Seeder: pass
Seeder.run = lambda self: eval_env.seed(100)
Seeder().run()
"""
    + JUDGED,
    "a method replaced on an instance": UNSEEDED
    + """
class Seeder:
    def run(self): pass
seeder = Seeder()
seeder.run = lambda: eval_env.seed(100)
seeder.run()
"""
    + JUDGED,
    "a function that is assigned anew": UNSEEDED
    + """
def reseed(): pass
def other(): eval_env.seed(100)
reseed = other
reseed()
"""
    + JUDGED,
    "an assertion with a side effect": UNSEEDED
    + """
assert eval_env.seed(100)
"""
    + JUDGED,
    "in the format of a text": UNSEEDED
    + """
print(f"{eval_env.seed(100)}")
"""
    + JUDGED,
    "in a default value": UNSEEDED
    + """
def f(x=eval_env.seed(100)): return x
"""
    + JUDGED,
    "in the body of a class": UNSEEDED
    + """
class C:
    x = eval_env.seed(100)
"""
    + JUDGED,
    "in an argument of a decorator": UNSEEDED
    + """
from mine import register
@register(eval_env.seed(100))
def f(): pass
"""
    + JUDGED,
    "in the condition of a loop": UNSEEDED
    + """
while not eval_env.seed(100): pass
"""
    + JUDGED,
    "in the condition of a comprehension": UNSEEDED
    + """
[1 for each in [1] if eval_env.seed(100)]
"""
    + JUDGED,
    "in the else of a loop": UNSEEDED
    + """
for each in range(3): pass
else: eval_env.seed(100)
"""
    + JUDGED,
    "deleted item": """
seeds = {"a": 0}
env = make_vec_env("CartPole-v1", 4, seed=seeds["a"])
del seeds["a"]
seeds.setdefault("a", 100)
model = PPO("MlpPolicy", env).learn(10)
print(evaluate_policy(model, make_vec_env("CartPole-v1", 4, seed=seeds["a"])))
""",
    "a table that is updated in place": """
config = dict(seed=0)
env = make_vec_env("CartPole-v1", 4, seed=config["seed"])
config |= {"seed": 100}
model = PPO("MlpPolicy", env).learn(10)
print(evaluate_policy(model, make_vec_env("CartPole-v1", 4, seed=config["seed"])))
""",
    "a table by a second name, updated in place": """
config = {"seed": 0}
same = config
env = make_vec_env("CartPole-v1", 4, seed=config["seed"])
same |= {"seed": 100}
model = PPO("MlpPolicy", env).learn(10)
print(evaluate_policy(model, make_vec_env("CartPole-v1", 4, seed=config["seed"])))
""",
    "interactive learning": TWO
    + """
if input("train? ") == "y": model.learn(10)
print(evaluate_policy(model, env))
""",
    "exit before": TWO
    + """
if c: model.learn(10)
else: print(evaluate_policy(model, env))
""",
    "learning elsewhere, put back": TWO
    + """
model = PPO.load("x", env=env)
print(evaluate_policy(model, env))
""",
    "two agents in one environment": TWO
    + """
other = A2C("MlpPolicy", env).learn(10)
model.learn(10)
print(evaluate_policy(other, eval_env))
""",
    "parameters replaced": TWO
    + """
model.learn(10)
model.set_parameters("other")
print(evaluate_policy(model, eval_env))
""",
    "a conditional expression that seeds": UNSEEDED
    + """
eval_env.seed(100) if True else None
"""
    + JUDGED,
    "a handler of a callee": UNSEEDED
    + """
def attempt():
    eval_env.seed(100)
    raise ValueError
try: attempt()
except ValueError: pass
"""
    + JUDGED,
    "exit stack": UNSEEDED
    + """
from contextlib import ExitStack
with ExitStack() as stack:
    stack.callback(eval_env.seed, 100)
"""
    + JUDGED,
    "suppressed": UNSEEDED
    + """
from contextlib import suppress
with suppress(Exception):
    eval_env.seed(100)
"""
    + JUDGED,
    "learning that is suppressed": TWO
    + """
from contextlib import suppress
with suppress(Exception):
    open("data").read()
    model.learn(10)
print(evaluate_policy(model, env))
""",
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_nothing_is_said_of_what_is_right_or_not_certain(name, tmp_path):
    path = tmp_path / "script.py"
    path.write_text(IMPORTS + SCRIPTS[name])
    result = lint([path])
    assert result.errors == result.incomplete == []
    assert result.findings == [], [str(each) for each in result.findings]

"""Several environments that take turns as one family."""

import gymnasium as gym
import pytest

from rlgen.errors import LevelError
from rlgen_envs.games import Games


def test_games_take_turns_and_a_level_is_the_games_own():
    games = Games("rlgen/CartPole-v0+CartPole-v1")
    for seed in range(6):
        observation, info = games.reset(seed=seed)
        assert info["game"] == games.games[seed % 2]
        own, _ = gym.make(info["game"]).reset(seed=seed // 2)
        assert (observation == own).all()
    assert games.reset()[1]["game"] == "CartPole-v1"
    games.close()
    assert games.max_steps == 500


def test_episodes_are_those_of_the_game():
    games = Games("rlgen/CartPole-v0+CartPole-v1")
    for seed, limit in ((0, 200), (1, 500)):
        games.reset(seed=seed)
        games._playing.unwrapped.theta_threshold_radians = 1e9
        games._playing.unwrapped.x_threshold = 1e9
        steps, ended = 0, False
        while not ended:
            _, _, terminated, truncated, _ = games.step(steps % 2)
            steps, ended = steps + 1, terminated or truncated
        assert steps == limit


class Variant(gym.Env):
    """An environment whose argument says which game it is."""

    observation_space = gym.spaces.Box(0, 1, (2,))
    action_space = gym.spaces.Discrete(2)

    def __init__(self, game, render_mode=None):
        self.game = game

    def reset(self, *, seed=None, options=None):
        return self.observation_space.sample(), {"own": self.game}


def test_variants_of_one_environment_are_games_too():
    gym.register("rlgen-test/Variant-v0", entry_point=Variant)
    games = Games("one+two", env="rlgen-test/Variant-v0")
    assert games.reset(seed=3)[1] == {"own": "two", "game": "two"}
    assert games.max_steps is None


@pytest.mark.parametrize(
    ("games", "keys", "message"),
    [
        ("CartPole-v1", {}, "needs at least two"),
        ("CartPole-v1+CartPole-v1", {}, "each once"),
        ("CartPole-v1+Acrobot-v1", {}, "observations of Acrobot-v1 are"),
        ("CartPole-v1+MountainCar-v9", {}, "games: 'MountainCar-v9'"),
        ("a+b", {"env": "CartPole-v1"}, "games: 'a': TypeError"),
    ],
)
def test_games_that_do_not_fit_are_refused(games, keys, message):
    with pytest.raises(LevelError, match=message):
        Games(games, **keys)

"""The constants of the game: actions, objects, rewards, channels (method 1.1, 1.2, A-14)."""

from enum import IntEnum


class Action(IntEnum):
    """The five actions."""

    UP = 0
    DOWN = 1
    LEFT = 2
    RIGHT = 3
    STAY = 4


#: Row and column change of each action.
MOVES = ((-1, 0), (1, 0), (0, -1), (0, 1), (0, 0))
#: The four collectable objects, in the order of their channels and mask bits.
OBJECTS = ("red diamond", "blue diamond", "bomb", "thunder")
#: Rewards of the four objects before any flip.
BASE_VALUES = (1.0, 1.0, -1.0, -1.0)
KEY_VALUE = 0.1
BUMP_PENALTY = -0.01
TIMEOUT_REWARD = -1.0
#: Steps after which an episode ends with the timeout reward.
HORIZON = 200
#: The best return of every level, whatever its flips.
BEST_RETURN = 2.1
#: Observation channels, 0/1 each.
CHANNELS = ("wall", "key", *OBJECTS, "agent")
FULL_MASK = 0b1111
#: Observation channels of a view of part of the maze: what it shows, and then one for each action,
#: which is 1 at the agent's cell if that was the last one; no channel is before the first action.
VIEW_CHANNELS = (*CHANNELS[:-1], *(f"last action {action.name}" for action in Action))

"""Any environment registered with Gymnasium as a family: a level is what ``reset(seed)`` makes."""

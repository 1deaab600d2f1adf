"""Which runs and levels are drawn."""

from hypothesis import given
from hypothesis import strategies as st

from rlgen.view.selecting import chosen_levels, spread

RETURNS = st.dictionaries(st.integers(0, 200), st.floats(-3, 3), max_size=60)


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=40), st.integers(1, 40))
def test_runs_are_spread_from_the_lowest_to_the_highest(values, most):
    places = spread(values, most)
    assert len(places) == len(set(places)) == min(most, len(values))
    assert [values[place] for place in places] == sorted(values[place] for place in places)
    if most > 1:
        assert values[places[0]] == min(values)
        assert values[places[-1]] == max(values)


@given(st.lists(RETURNS, min_size=1, max_size=4), st.integers(3, 30))
def test_levels_are_as_many_as_asked_and_each_cell_s_worst_and_best_are_among_them(cells, most):
    every = {level for own in cells for level in own}
    levels = chosen_levels(cells, most)
    assert levels == sorted(set(levels))
    assert len(levels) == min(most, len(every))
    if most >= 3 * len(cells):
        for own in filter(None, cells):
            chosen = [own[level] for level in levels if level in own]
            assert min(chosen) == min(own.values())
            assert max(chosen) == max(own.values())


def test_the_middle_is_drawn_too():
    returns = {level: float(level) for level in range(99)}
    levels = chosen_levels([returns], 9)
    assert levels == [0, 1, 2, 48, 49, 50, 96, 97, 98]

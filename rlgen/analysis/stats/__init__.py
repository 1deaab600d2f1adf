"""Statistics of returns over training runs and levels: pure functions of arrays and tables.

Every training run plays all test levels, so a table of returns is crossed, runs x levels, and
columns are dependent: resampling or averaging as if cells were independent gives intervals that
are several times too short (method 2.3).
"""

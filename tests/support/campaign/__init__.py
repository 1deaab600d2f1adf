"""Campaigns of damage: flipped bits, damaged files, fuzzed input, kills; each by a fixed seed.

    PYTHONPATH=tests/support python -m campaign flips --number 1000
    PYTHONPATH=tests/support python -m campaign all --number 50 --first 2000

A campaign is a sequence of cases, each decided by its number. It lists what no case may show: a
traceback, an exit code that means something else, a wait of more than ten seconds, a character that
acts on a terminal, a number that differs without a word, a file that is left over.
"""

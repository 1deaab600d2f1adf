"""A gate for continuous integration: limits applied to a study, one line of output each.

``limits`` decides whether an estimate keeps a limit, ``cells`` applies limits to every cell of a
store, ``junit`` writes what CI systems read. Nothing here trains.
"""

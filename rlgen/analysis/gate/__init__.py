"""A gate for continuous integration: limits put to a study, each answered by one line.

``checks`` judges and never trains; ``junit`` writes what CI systems read.
"""

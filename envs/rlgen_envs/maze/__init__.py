"""The gridworlds of Zhang et al. 2018 (section 3.1, appendix A.1), one idea per module.

``geometry`` draws walls and positions, ``rewards`` draws sign flips, ``levels`` holds a batch with
its look-up tables, ``env`` plays one level by the letter of the rules, ``observing`` paints
observations, ``vector`` plays many at once, ``tabular`` enumerates the states for exact evaluation,
``edits`` changes levels, ``drawing`` makes pictures, ``options`` has the settings, and ``families``
combines them.
"""

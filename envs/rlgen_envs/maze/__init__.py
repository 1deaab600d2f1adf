"""The gridworlds of Zhang et al. 2018 (section 3.1, appendix A.1), one idea a module.

``geometry`` draws walls and positions, ``rewards`` draws sign flips, ``levels`` holds a batch with
its look-up tables, ``env`` plays one level by the letter of the rules, ``observing`` paints what
agents see, ``vector`` plays many at once, ``tabular`` lists the states for exact evaluation,
``drawing`` makes pictures, and ``families`` puts them together.
"""

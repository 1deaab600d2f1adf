"""Calibration: the instrument reads agents whose overfitting is known before anyone trusts it.

``population`` says which agents, ``job`` makes and reads them in workers, ``run`` keeps the workers
busy, ``summary`` scores the checks and judges the instrument.
"""

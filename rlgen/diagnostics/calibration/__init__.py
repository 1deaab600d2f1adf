"""Calibration: the instrument reads agents whose overfitting is known before anyone trusts it.

``population`` says which agents, ``cells`` makes and reads them as any other work is done,
``reading`` is what a worker does, ``summary`` scores the detectors and judges the instrument.
"""

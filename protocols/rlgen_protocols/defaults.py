"""What the machinery takes where nothing is named: plain values, imported with nothing else."""

#: The family of a calibration: small mazes, on which networks come out sound as well as overfitted
#: within minutes.
CALIBRATED = "maze-basic"
CALIBRATED_OPTIONS = ("size=7",)
#: The networks that a calibration clones, their training levels, and the flip probability of
#: these. The first four come out overfitted on mazes, the last two sound; the last cost most, since
#: nothing smaller is both sound and good enough on its training levels to be asked about.
CLONED = (
    ("conv-a", 10, 0.0),
    ("conv-b", 10, 0.0),
    ("mlp-512-128", 10, 0.0),
    ("mlp-512-128", 100, 0.5),
    ("conv-b", 1000, 0.0),
    ("conv-k2x2", 1000, 0.0),
)
#: The network for pictures that are too small for the general one.
SMALL_PICTURES = "conv-a"

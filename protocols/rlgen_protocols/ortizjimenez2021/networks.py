"""The networks that the paper's controls need."""

from rlgen.networks.factory import Factory

NETWORKS = {
    "ntk-mlp": Factory(
        "ntk-mlp",
        "one wide hidden layer in NTK parametrisation, which training hardly moves",
        "rlgen_protocols.ortizjimenez2021.wide:make",
        {"width": 4096},
        {"width": (1, 65_536)},
        hidden=True,
        own_head=True,
        learning_rate=1e-5,
    )
}

"""Every block of code in the documents is run, or read where that takes hours or a cluster."""

import shlex
import shutil
import tarfile
import tomllib

import pytest
from documents import ROOT, Session, arguments, blocks, contains, documents, lines, replaced
from html_pages import undrawn
from shared import once

import rlgen

DOCUMENTS = documents()
PAGES = [path for path in DOCUMENTS if path == "README.md" or path.startswith("docs/")]
KEPT = "protocols/results/quickstart.tar.xz"
FURTHER = "protocols/results/garden.tar.xz"
#: What makes the study of the how-to on sweeps small enough to be computed here.
SMALL = {
    'family = "maze-basic"\n': 'family = "maze-basic"\nfamily_options = { size = 5 }\n'
    "n_validation_levels = 4\nn_test_levels = 8\ncurve_points = 1\n"
    "agent_options = { n_envs = 16, batch_size = 256 }\n",
    "[10, 100, 1000]": "[4]",
    '"conv-a", "mlp-512-128"': '"linear", "mlp-512-128"',
    '"0:5"': '"0:2"',
    "250_000": "600",
    "--jobs 8": "--jobs 1",
    "--seeds 0:20": "--seeds 0:2",
}
#: As little training and playing as there can be.
LEAST = " --steps 16 --seeds 0 --episodes 1 --jobs 1 --test-levels 1000:1002"
#: By document, what is changed before its blocks are run.
CHANGES = {
    "docs/howto/sweep.md": SMALL,
    "docs/howto/view.md": {"--levels 60": "--levels 3"},
    "docs/howto/python.md": {
        '"family": "maze-basic"': '"family": "maze-basic", "family_options": {"size": 6}',
        "[10, 1000]": "[3, 6]",
        '"conv-a", "mlp-512-128"': '"mlp-512-128"',
        "250_000": "1500",
        '"n_test_levels": 200': '"n_test_levels": 8, "n_validation_levels": 4',
        "range(20), jobs=8": "range(2), jobs=2",
        "n_train=100, n_validation=20, n_test=100": "n_train=3, n_validation=2, n_test=4",
    },
    "docs/howto/policies.md": {
        "episodes=300, longest=400": "episodes=2, longest=9",
        "episodes=10": "episodes=1",
        ": 400": ": 9",
    },
    "docs/tutorials/two-agents.md": {
        "range(3)": "range(2)",
        "levels=range(30)), seed=seed)": "levels=range(30)), seed=seed, n_steps=64)",
        "20_000": "32",
        '"episodes": 5': '"episodes": 1',
        "1000:1100": "1000:1004",
        "quiet=False": "jobs=1",
    },
    "docs/tutorials/your-environment.md": {
        "--seeds 0:3": LEAST,
    },
}
#: By document, beginnings of commands that are read and not run, and why.
UNRUN = {
    "README.md": {},
    "docs/tutorials/quickstart.md": {"rlgen evaluate quickstart --seeds": "six long runs"},
    "docs/tutorials/your-environment.md": {
        "rlgen evaluate --env MiniGrid": "tests/envs plays it",
        "rlgen evaluate --env Pendulum": "tests/agents and tests/policies have vectors as actions",
        "rlgen evaluate packer2018-cartpole": "hours",
    },
    "docs/howto/groups.md": {"rlgen plan far.toml": "it measures how fast agents learn"},
    "docs/howto/view.md": {"rlgen view results/depth": "tests/view draws two, and serves"},
    "docs/howto/tune.md": {"rlgen tune": "tests/study tunes"},
    "docs/howto/track.md": {"rlgen evaluate": "tests/study follows studies"},
    "docs/howto/import.md": {"rlgen import logs": "tests/store imports such files"},
    "docs/howto/policies.md": {"rlgen evaluate --env": "tests/policies evaluates such files"},
    "docs/gallery/zhang2018.md": {"rlgen": "nights; tests/store/test_kept.py reports what is kept"},
}
#: Commands that end with another code than 0.
CODES = {"rlgen lint train.py": 1, "rlgen check results/quickstart": 1}
#: Texts that no block before them prints, and what holds them to what is true.
TEXTS = {
    "docs/reference/store.md": "a drawing of folders",
    "docs/gallery/zhang2018.md": "tests/store/test_kept.py",
}
#: Programs that are not rlgen's.
OTHERS = frozenset(
    [
        *(".", ".ci/run", ".venv/bin/pip", ".venv/bin/pytest", "PYTHONPATH=tests/support"),
        *("flock", "journalctl", "kubectl", "nohup", "pip", "pre-commit", "pytest", "python"),
        *("python3", "ray", "scancel", "squeue", "systemctl", "tail", "tensorboard"),
    ]
)
#: Texts that a document's blocks must have printed, whatever it says of them.
PRINTED = {
    "docs/howto/python.md": (
        *("ppo/mlp-512-128 trained on 3 levels", "ppo/mlp-512-128 trained on 6 levels"),
        *("sticky_proposed:0.25", "red diamond"),
    ),
    "docs/tutorials/two-agents.md": ("results/garden/report.html", "held-out return"),
    "docs/howto/policies.md": ("sticky_executed:0.25",),
}
#: Whose commands may print more than is shown: that there was nothing to compute.
LONGER = {"README.md", "docs/tutorials/quickstart.md"}
RUN = {"sh", "python", "toml", "py", "text"}


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """A folder with the studies that the documents name: one that is kept, two small ones."""

    def make(folder):
        (folder / "protocols" / "results").mkdir(parents=True)
        shutil.copy(ROOT / KEPT, folder / KEPT)
        shutil.copy(ROOT / FURTHER, folder / FURTHER)
        with tarfile.open(folder / KEPT) as archive:
            archive.extractall(folder / "results" / "quickstart", filter="data")
        (folder / "results" / "quickstart" / "MANIFEST.json").unlink()
        (text,) = (b.text for b in blocks(DOCUMENTS["docs/howto/sweep.md"]) if b.language == "toml")
        (folder / "depth.toml").write_text(replaced(text, SMALL))
        study = tomllib.loads(replaced(text, SMALL))
        other = {"name": "other", "agent": "a2c", "agent_options": {}, "network": "linear"}
        with undrawn():
            rlgen.evaluate(study, folder / "results" / "depth", jobs=1)
            rlgen.evaluate(study | other, folder / "results" / "other", jobs=1)

    return once(tmp_path_factory, "documents", make)[0]


@pytest.mark.slow
@pytest.mark.parametrize(
    "path", [p for p in PAGES if {b.language for b in blocks(DOCUMENTS[p])} & RUN]
)
def test_what_a_document_says_can_be_typed(path, site, tmp_path):
    if path == "docs/howto/policies.md":
        pytest.importorskip("ale_py")
    shutil.copytree(site, tmp_path, dirs_exist_ok=True)
    session = Session(tmp_path, CHANGES.get(path, {}), tuple(UNRUN.get(path, ())), CODES, OTHERS)
    everything = ""
    for block in blocks(DOCUMENTS[path]):
        if block.language == "py":
            (tmp_path / "train.py").write_text(block.text)
        elif block.language == "text":
            place = f"{path}:{block.line}"
            if path not in TEXTS:
                assert contains(session.printed, block.text), (place, session.printed)
                exact = "..." in block.text or path in LONGER or session.printed == block.text
                assert exact, (place, session.printed)
        else:
            session.run(block)
            everything += session.printed
    for text in PRINTED.get(path, ()):
        assert text in everything


@pytest.mark.parametrize("path", DOCUMENTS)
def test_commands_can_be_read(path, tmp_path):
    """Also those of documents elsewhere, whose programs have tests of their own."""
    scripts = [block.text for block in blocks(DOCUMENTS[path]) if block.language == "sh"]
    every = ("rlgen", ".venv/bin/rlgen")
    session = Session(tmp_path, unrun=every, others=OTHERS)
    for block in blocks(DOCUMENTS[path]):
        if block.language == "sh":
            session.run(block)
    assert not session.ran
    commands = [command for script in scripts for command in lines(script)]
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"][
        "optional-dependencies"
    ]
    for command in commands:
        for word in shlex.split(command):
            if word.startswith("rlgen["):
                assert word[6:-1] in extras, command


def test_what_is_not_run_is_there_and_has_a_reason():
    for path, reasons in UNRUN.items():
        commands = [
            command
            for block in blocks(DOCUMENTS[path])
            if block.language == "sh"
            for command in lines(block.text)
            if arguments(command) is not None
        ]
        for start, reason in reasons.items():
            assert reason
            assert any(command.startswith(start) for command in commands), (path, start)
    assert set(CHANGES) | set(TEXTS) <= set(DOCUMENTS)
    for path, changes in CHANGES.items():
        text = DOCUMENTS[path]
        assert all(old in text for old in changes), (path, [o for o in changes if o not in text])

"""Sizes: of files in a commit, of modules, and of the top folder."""

import shutil
import statistics
import subprocess
import sys
from pathlib import Path

import pytest
import size_guard

ROOT = Path(__file__).parents[2]
MODULES = {
    path.relative_to(ROOT).as_posix(): len(path.read_text().splitlines())
    for path in sorted((ROOT / "rlgen").rglob("*.py"))
}


def test_modules_are_small():
    assert not {name: n for name, n in MODULES.items() if n > 300}
    assert statistics.median(MODULES.values()) <= 110


def test_few_modules_lie_loose():
    loose = [name for name in MODULES if name.count("/") == 1]
    assert len(loose) <= 6, loose


@pytest.fixture
def repository(tmp_path):
    """A folder with files of many sizes."""
    (tmp_path / "protocols" / "results").mkdir(parents=True)
    (tmp_path / "small.py").write_bytes(b"x" * size_guard.LARGEST)
    (tmp_path / "large.bin").write_bytes(b"x" * (size_guard.LARGEST + 1))
    (tmp_path / "protocols" / "results" / "bundle.zip").write_bytes(b"x" * 11_000_000)
    (tmp_path / "protocols" / "results" / "huge.zip").write_bytes(b"x" * 16_000_001)
    for i in range(size_guard.RESULT_FILES):
        (tmp_path / "protocols" / "results" / f"{i}.json").write_text("{}")
    return tmp_path


def test_the_guard_refuses_what_is_large(repository):
    assert size_guard.problems(["small.py", "gone.py"], repository) == []
    assert size_guard.problems(["large.bin", "small.py"], repository) == [
        "large.bin: 500,001 bytes; the limit is 500,000"
    ]
    assert size_guard.problems(["protocols/results/bundle.zip"], repository) == []
    (line,) = size_guard.problems(["protocols/results/huge.zip"], repository)
    assert line.endswith("16,000,001 bytes; the limit is 16,000,000")


def test_the_guard_refuses_many_files_of_results(repository):
    many = [f"protocols/results/{i}.json" for i in range(size_guard.RESULT_FILES)]
    assert size_guard.problems(many, repository) == []
    (line,) = size_guard.problems([*many, "protocols/results/bundle.zip"], repository)
    assert "6 files in one commit; the limit is 5: make one bundle" in line


def test_the_guard_ends_with_1(repository):
    for name, code in (("small.py", 0), ("large.bin", 1)):
        done = subprocess.run(
            [sys.executable, size_guard.__file__, name],
            cwd=repository,
            capture_output=True,
            text=True,
        )
        assert (done.returncode, bool(done.stdout)) == (code, bool(code)), done.stderr


def test_nothing_in_the_repository_is_large():
    if not (ROOT / ".git").exists():
        pytest.skip("not a clone")
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    assert listed.returncode == 0, listed.stderr
    lines = size_guard.problems(listed.stdout.splitlines(), ROOT)
    assert [line for line in lines if "files in one commit" not in line] == []


@pytest.mark.slow
def test_a_commit_of_something_large_fails(repository):
    """By pre-commit itself, with the hooks that the repository has."""
    pytest.importorskip("pre_commit")
    shutil.copy(ROOT / ".pre-commit-config.yaml", repository)
    guard = repository / "tests" / "support" / "size_guard.py"
    guard.parent.mkdir(parents=True)
    shutil.copy(size_guard.__file__, guard)
    assert subprocess.run(["git", "init", "-q"], cwd=repository).returncode == 0
    for name, code in (("small.py", 0), ("large.bin", 1)):
        assert subprocess.run(["git", "add", name], cwd=repository).returncode == 0
        done = subprocess.run(
            [sys.executable, "-m", "pre_commit", "run", "size-guard"],
            cwd=repository,
            capture_output=True,
            text=True,
        )
        assert done.returncode == code, done.stdout + done.stderr
        assert ("large.bin: 500,001 bytes" in done.stdout) == bool(code)

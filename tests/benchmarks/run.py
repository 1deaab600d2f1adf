"""Measured against target: ``python tests/benchmarks/run.py [NAME ...] [--write]``.

Each benchmark is a module of ``measures/`` with a function ``measure() -> list[Row]``. Each runs
in a process of its own with one thread; nothing else should run on the machine. ``--write`` keeps
the results in ``results.json`` and puts the table into this folder's README.md.
"""

import json
import os
import platform
import subprocess
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "support")]

from base import Row  # noqa: E402  # found through the line above

RESULTS, README = HERE / "results.json", HERE / "README.md"
BEGIN, END = "<!-- results -->", "<!-- end of results -->"
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
PACKAGES = ("torch", "stable_baselines3", "gymnasium", "numpy", "numba", "pandas")


def names() -> list[str]:
    return sorted(path.stem for path in (HERE / "measures").glob("*.py"))


def machine() -> str:
    """Processor and versions, in words."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if sys.platform == "linux" else []
    named = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    processor = named[0] if named else platform.processor()
    cores = os.cpu_count()
    return f"{processor}, {cores} cores; Python {platform.python_version()}, {packages}"


def measured(name: str) -> list[Row] | None:
    """Run one benchmark in a process of its own; None if it failed."""
    environment = os.environ | dict.fromkeys(THREADS, "1")
    command = [sys.executable, __file__, "--inside", name]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        return None
    return [Row(**told) for told in json.loads(done.stdout.splitlines()[-1])]


def number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def table(rows: list[Row]) -> str:
    """The rows in Markdown."""
    lines = [
        "| what | against | measured | target | reached | detail |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        sign = "≥" if row.at_least else "≤"
        numbers = f"{number(row.measured)} {row.unit} | {sign} {number(row.target)} {row.unit}"
        reached = "yes" if row.reached else "**no**"
        lines.append(
            f"| {row.what} | {row.against or '-'} | {numbers} | {reached} | {row.detail} |"
        )
    return "\n".join(lines)


def write(rows: dict[str, list[Row]]) -> None:
    """Keep the results, those of benchmarks that were not run as they were."""
    kept = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for name, measured_rows in rows.items():
        kept[name] = {"machine": machine(), "rows": [asdict(row) for row in measured_rows]}
    RESULTS.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")
    all_rows = [Row(**told) for name in sorted(kept) for told in kept[name]["rows"]]
    machines = "\n".join(sorted({f"Measured on: {entry['machine']}." for entry in kept.values()}))
    before, _, rest = README.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    README.write_text(f"{before}{BEGIN}\n{machines}\n\n{table(all_rows)}\n{END}{after}")


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(names())}")
    parser.add_argument("--write", action="store_true", help="keep the results")
    parser.add_argument("--inside", help="run this benchmark here and print JSON")
    told = parser.parse_args()
    if told.inside:
        rows = import_module(f"measures.{told.inside}").measure()
        print(json.dumps([asdict(row) for row in rows]))
        return
    unknown = set(told.names) - set(names())
    if unknown:
        parser.error(f"no benchmark {sorted(unknown)[0]!r}; there are {', '.join(names())}")
    print(machine(), flush=True)
    found: dict[str, list[Row]] = {}
    failed: list[str] = []
    for name in told.names or names():
        print(f"{name} ...", file=sys.stderr, flush=True)
        rows = measured(name)
        if rows is None:
            failed.append(name)
            continue
        found[name] = rows
        print(table(found[name]) if found[name] else "nothing to measure here", flush=True)
        if told.write:
            write(found)
    missed = [row.what for rows in found.values() for row in rows if not row.reached]
    print(f"{len(missed)} targets missed{': ' if missed else ''}{'; '.join(missed)}")
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()

"""``python -m campaign``: run a campaign at any size, from any case on."""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from campaign import cluster, command_lines, damage, faults, flips, kills, protocols, tables

CAMPAIGNS = {
    "flips": flips.cases,
    "damage": damage.cases,
    "protocols": protocols.cases,
    "tables": tables.cases,
    "lines": command_lines.cases,
    "kills": kills.cases,
    "faults": faults.cases,
    "cluster": cluster.cases,
}


def main():
    """Print a line for each thing found; exit code 1 if there is one."""
    parser = argparse.ArgumentParser(prog="campaign", description=__doc__)
    parser.add_argument("which", choices=[*CAMPAIGNS, "all"])
    parser.add_argument("--number", type=int, default=100, help="cases")
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    parser.add_argument("--folder", type=Path, help="where; a temporary one by default")
    options = parser.parse_args()
    found = 0
    for name, cases in CAMPAIGNS.items():
        if options.which not in (name, "all"):
            continue
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix=f"campaign-{name}-") as temporary:
            folder = options.folder or Path(temporary)
            folder.mkdir(exist_ok=True, parents=True)
            numbers = range(options.first, options.first + options.number)
            for line in cases(folder, numbers):
                found += 1
                print(f"{name}: {line}", flush=True)
        took = time.monotonic() - began
        print(f"{name}: cases {numbers.start} to {numbers.stop - 1} in {took:.0f} s", flush=True)
    sys.exit(found > 0)


if __name__ == "__main__":
    main()

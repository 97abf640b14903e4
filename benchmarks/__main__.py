"""Every benchmark in turn, or one with its options: `python -m benchmarks [NAME [OPTIONS]]`.

Figures are printed as JSON; what ends in `_of_budget` is the share of the budget that was used.
"""

import subprocess
import sys
from pathlib import Path


def names() -> list[str]:
    """The benchmarks: every module beside this one."""
    found = sorted(path.stem for path in Path(__file__).parent.glob("*.py"))
    return [name for name in found if not name.startswith("_")]


def main() -> None:
    """Run what was asked for; exit code 1 when one of them failed."""
    asked = sys.argv[1:]
    if asked and asked[0] not in names():
        sys.exit(f"There is no benchmark {asked[0]!r}; there are: {', '.join(names())}.")
    runs = [asked] if asked else [[name] for name in names()]
    failed = []
    for name, *options in runs:
        print(f"-- {name}", file=sys.stderr)
        done = subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *options], check=False)
        if done.returncode:
            failed.append(name)
    if failed:
        sys.exit(f"Not held: {', '.join(failed)}")


if __name__ == "__main__":
    main()

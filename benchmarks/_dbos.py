"""DBOS at the same calls, in an environment of its own that is thrown away afterwards."""

import json
import subprocess
import sys
import venv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

PACKAGES = ("dbos", "httpx", "httpx-aiohttp")
PROGRAM = Path(__file__).with_name("_dbos_flows.py")
# It is given the better of these: how many flows it has in hand at a time.
SIDE_BY_SIDE = (8, 32)

# Site and order; every other one is an order of the store.
Places = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Theirs:
    """So many flows in so many seconds, by this version of DBOS."""

    flows: int
    seconds: float
    cpu_seconds: float
    version: str
    side_by_side: int = 0

    @property
    def a_second(self) -> float:
        """The rate."""
        return self.flows / self.seconds


def measured(url: str, folder: Path, places: Callable[[], Places], warm_up: int) -> Theirs:
    """The better of several runs, each on a database and orders of its own."""
    python = _installed(folder / "dbos")
    runs = [_run(python, url, folder, places(), warm_up, side_by_side) for side_by_side in SIDE_BY_SIDE]
    return max(runs, key=lambda run: run.a_second)


def _run(python: Path, url: str, folder: Path, places: Places, warm_up: int, side_by_side: int) -> Theirs:
    listed = folder / "places.json"
    listed.write_text(json.dumps(places))
    database = folder / f"dbos-{side_by_side}.sqlite"
    command = [str(one) for one in (python, PROGRAM, url, database, listed, warm_up, side_by_side)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=folder)
    return Theirs(**json.loads(done.stdout.splitlines()[-1]), side_by_side=side_by_side)


def _installed(folder: Path) -> Path:
    print("installing DBOS …", file=sys.stderr)
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", *PACKAGES], check=True, stdout=sys.stderr)
    return python.absolute()

"""The second book: the outbox, looked into while workers write it, and listed when they are through."""

import json
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

FINAL = frozenset({"done", "suppressed", "failed"})
MOST = 100_000
BUSY_SECONDS = 10.0


def standing(file: Path) -> tuple[Counter[str], int]:
    """How many effects stand in each state, and how many outcomes the log doesn't have yet."""
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=BUSY_SECONDS)) as connection:
        states = connection.execute("select state, count(*) from effects group by state").fetchall()
        (unsent,) = connection.execute("select count(*) from unsent_outcomes").fetchone()
    return Counter(dict(states)), unsent


def hasten(file: Path, *, seconds: float, read_back_seconds: float) -> int:
    """Let nothing wait longer than `seconds` from now, as if the time had passed; how many waited longer.

    What failed several times waits for minutes and hours. A doubtful call is still asked after no
    sooner than `read_back_seconds` after it was made.
    """
    now = time.time()
    latest = _microseconds(now + seconds)
    asked_at = f"coalesce(called_at, 0) + {_microseconds(read_back_seconds)}"
    with closing(sqlite3.connect(file, timeout=BUSY_SECONDS)) as connection, connection:
        done = connection.execute(
            f"update effects set due_at = max(?, {asked_at})"
            f" where state in ('waiting', 'doubtful') and due_at > max(?, {asked_at})",
            (latest, latest),
        )
        return done.rowcount


def _microseconds(seconds: float) -> int:
    return int(seconds * 1_000_000)


def listed(environment: Mapping[str, str]) -> list[dict[str, Any]]:
    """Every effect, as `streams effects list` shows it to a person."""
    command = [sys.executable, "-m", "streams", "effects", "list", "--limit", str(MOST), "--json"]
    done = subprocess.run(command, env=dict(environment), capture_output=True, check=True)
    effects: list[dict[str, Any]] = json.loads(done.stdout)
    return effects

"""The second book: the outbox, looked into while workers write it, and listed when they are through."""

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, NullPool, create_engine, text

FINAL = frozenset({"done", "suppressed", "failed"})
MOST = 100_000
BUSY_SECONDS = 10.0


def standing(url: str) -> tuple[Counter[str], int]:
    """How many effects stand in each state, and how many outcomes the log doesn't have yet."""
    with _open(url) as connection:
        states = connection.execute(text("select state, count(*) from effects group by state")).tuples().all()
        unsent = connection.execute(text("select count(*) from unsent_outcomes")).scalar_one()
    return Counter(dict(states)), unsent


def hasten(url: str, *, seconds: float, read_back_seconds: float) -> int:
    """Let nothing wait longer than `seconds` from now, as if the time had passed; how many waited longer.

    What failed several times waits for minutes and hours. A doubtful call is still asked after no
    sooner than `read_back_seconds` after it was made.
    """
    latest = _microseconds(time.time() + seconds)
    asked_at = f"coalesce(called_at, 0) + {_microseconds(read_back_seconds)}"
    soon = f"case when {asked_at} > {latest} then {asked_at} else {latest} end"
    waits = "state in ('waiting', 'doubtful')"
    with _open(url) as connection:
        done = connection.execute(
            text(f"update effects set due_at = {soon} where {waits} and due_at > {soon}")
        )
        return done.rowcount


@contextmanager
def _open(url: str) -> Iterator[Connection]:
    """One transaction, by a connection of its own: whatever holds the database is waited for."""
    wait: dict[str, Any] = {"timeout": BUSY_SECONDS} if url.startswith("sqlite") else {}
    engine = create_engine(url, poolclass=NullPool, connect_args=wait)
    with engine.begin() as connection:
        yield connection


def _microseconds(seconds: float) -> int:
    return int(seconds * 1_000_000)


def listed(environment: Mapping[str, str]) -> list[dict[str, Any]]:
    """Every effect, as `streams effects list` shows it to a person."""
    command = [sys.executable, "-m", "streams", "effects", "list", "--limit", str(MOST), "--json"]
    done = subprocess.run(command, env=dict(environment), capture_output=True, check=True)
    effects: list[dict[str, Any]] = json.loads(done.stdout)
    return effects

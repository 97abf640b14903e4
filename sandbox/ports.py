"""Ports for every room: the default one where it is free, else the next."""

import random
import socket
from dataclasses import dataclass, fields

TRIES = 200
# Below those that systems give to outgoing connections: while a room is down between two starts, a
# client that calls it again and again could be given its very port.
QUIET = range(20_000, 32_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Where each room listens on 127.0.0.1. The defaults are the settings' own."""

    kafka: int = 9092
    ingest: int = 8000
    reports: int = 8100
    wix: int = 8200
    dashboard: int = 8501
    ingest_internal: int = 9101
    worker_internal: int = 9102
    ledger_internal: int = 9103
    wix_internal: int = 9104


def near_defaults(**fixed: int | None) -> Ports:
    """Each default port if it is free, else the next free one; a fixed one is taken as it is."""
    taken = {port for port in fixed.values() if port is not None}
    chosen: dict[str, int] = {}
    for field in fields(Ports):
        default: int = getattr(Ports(), field.name)
        port = fixed.get(field.name) or _next_free(default, taken)
        taken.add(port)
        chosen[field.name] = port
    return Ports(**chosen)


def anywhere() -> Ports:
    """Free ports that nobody else is likely to want: for tests that run beside others."""
    chosen: set[int] = set()
    while len(chosen) < len(fields(Ports)):
        chosen.add(quiet_port())
    return Ports(**dict(zip((field.name for field in fields(Ports)), chosen, strict=True)))


def quiet_port() -> int:
    """A free port that stays free while who listens there is started again."""
    for _ in range(TRIES):
        port = random.choice(QUIET)  # noqa: S311 - no secret
        if _is_free(port):
            return port
    raise OSError(f"no free port between {QUIET.start} and {QUIET.stop - 1}")


def _next_free(first: int, taken: set[int]) -> int:
    for port in range(first, first + TRIES):
        if port not in taken and _is_free(port):
            return port
    raise OSError(f"no free port between {first} and {first + TRIES - 1}")


def _is_free(port: int) -> bool:
    try:
        with socket.create_server(("127.0.0.1", port)):
            return True
    except OSError:
        return False

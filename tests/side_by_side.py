"""Which tests stay in one process when several run side by side, and which begin first.

xdist's own `--dist=loadgroup` tells groups by changing a test's node id, which pytest 9.2 no longer
lets it: each test would go anywhere, and each process start everything that a file's tests share.
https://github.com/pytest-dev/pytest-xdist/issues/1386
"""

from pathlib import PurePosixPath

from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]  # ships no types

# Folders whose tests share one running system.
SHARING = {"journey", "browser"}
# What takes longest begins first, so that no process ends long after the others.
LONGEST = (
    "browser",
    "journey",
    "tests/chaos/test_chaos.py",
    "tests/streams/test_worker.py",
    "tests/streams/test_watchdog.py",
    "tests/streams/test_ledger_process.py",
    "tests/streams/test_replay.py",
    "tests/streams/test_replay_stopped.py",
    "tests/test_secrets.py",
    "tests/contracts/test_publisher.py",
    "tests/streams/test_pause.py",
    "tests/test_compose.py",
    "tests/analytics/test_ledger.py",
    "tests/analytics/test_command_line.py",
    "tests/streams/test_log_goes.py",
    "tests/streams/test_doctor.py",
    "tests/streams/test_rebuild.py",
    "tests/sandbox/test_broker.py",
    "tests/streams/test_reconcile.py",
    "tests/analytics/test_standing.py",
    "tests/ingest/test_serving.py",
    "tests/dashboard/test_pages.py",
    "tests/test_side_by_side.py",
    "tests/test_slow_clients.py",
    "tests/test_tracing.py",
)


def together(nodeid: str) -> str:
    """What stays in one process: a file's tests, and a folder's that share a system."""
    path = PurePosixPath(nodeid.partition("::")[0])
    return path.parent.name if path.parent.name in SHARING else path.as_posix()


def rank(nodeid: str) -> int:
    """How early a test begins."""
    group = together(nodeid)
    return LONGEST.index(group) if group in LONGEST else len(LONGEST)


class SideBySide(LoadScopeScheduling):  # type: ignore[misc]  # untyped, see above
    """Gives a process one group after another; where it may not reorder them, as they were collected."""

    def _split_scope(self, nodeid: str) -> str:
        return together(nodeid)

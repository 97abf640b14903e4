"""`python -m …` as a process of its own that has no more to import: forked from one that has.

Each of the hundreds of processes that the tests start would spend one to two seconds of a processor on the
same imports. Otherwise it is what the command line gives: its own environment, arguments, output, signals
and exit code. Journeys, chaos and the demo start theirs by the command line.
"""

import atexit
import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from multiprocessing.context import ForkServerContext
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.source_tree import ROOT

# What the entry points import when they know what they are to do.
IMPORTED = [
    "analytics.asking",
    "analytics.export",
    "analytics.reports",
    "ingest.serving",
    "ingest.tracing",
    "streams.settings_help",
    "streams.ledger_process",
    "streams.worker_process",
]


class Started:
    """A running process, as `subprocess.Popen` has it."""

    def __init__(
        self,
        *command: str,
        environment: Mapping[str, str],
        stdout: Path,
        stderr: Path,
        stdin: Path = Path(os.devnull),
        folder: Path = ROOT,
    ) -> None:
        # There from the beginning, as with a shell.
        stdout.touch()
        stderr.touch()
        given = (list(command), dict(environment), (stdin, stdout, stderr), folder)
        self._process = _context().Process(target=_become, args=given)
        self._process.start()
        assert self._process.pid
        self.pid = self._process.pid

    def poll(self) -> int | None:
        """Its exit code; None while it runs."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, once it has ended."""
        self._process.join(timeout)
        if (code := self._process.exitcode) is None:
            raise subprocess.TimeoutExpired("python -m …", timeout or 0)
        return code

    def send_signal(self, number: int) -> None:
        """A signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """kill -9."""
        self.send_signal(signal.SIGKILL)


def ended(
    *command: str, environment: Mapping[str, str], timeout: float = 120, folder: Path = ROOT
) -> subprocess.CompletedProcess[str]:
    """`python -m …` once it has ended, as `subprocess.run` has it."""
    with TemporaryDirectory() as place:
        stdout, stderr = Path(place, "stdout"), Path(place, "stderr")
        process = Started(*command, environment=environment, stdout=stdout, stderr=stderr, folder=folder)
        try:
            code = process.wait(timeout)
        finally:
            process.kill()
        return subprocess.CompletedProcess(list(command), code, stdout.read_text(), stderr.read_text())


@cache
def _context() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(IMPORTED)
    return context


def _become(
    command: Sequence[str], environment: Mapping[str, str], files: Sequence[Path], folder: Path
) -> None:
    """Be `python -m command` from here on."""
    for number, path in enumerate(files):
        opened = os.open(path, os.O_RDWR | os.O_APPEND)
        os.dup2(opened, number)
        os.close(opened)
    sys.stdin = os.fdopen(0, closefd=False)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.argv = list(command)
    try:
        runpy.run_module(command[0], run_name="__main__", alter_sys=True)
    finally:
        # As Python ends: after its threads, what was asked for at its exit. A fork would leave that out.
        threading._shutdown()  # type: ignore[attr-defined] # the standard library's own
        atexit._run_exitfuncs()
        sys.stdout.flush()

"""A process that is forked is the one that the command line starts."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.source_tree import ROOT
from tests.started import Started, ended

TOLD = {"PATH": os.environ["PATH"], "TOLD": "something"}


@pytest.mark.parametrize("end", ["number", "sentence", "thread", "nothing"])
def test_it_says_and_ends_as_by_the_command_line(end: str) -> None:
    command = [sys.executable, "-m", "tests.itself", end]
    wanted = subprocess.run(
        command, cwd=ROOT, env=TOLD, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )

    done = ended("tests.itself", end, environment=TOLD)

    assert "something" in wanted.stdout
    assert (done.returncode, done.stdout, done.stderr) == (wanted.returncode, wanted.stdout, wanted.stderr)


def test_what_it_raises_it_tells_and_ends_with_1(tmp_path: Path) -> None:
    done = ended("tests.itself", environment=TOLD)

    assert done.returncode == 1
    assert "IndexError: list index out of range" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_signal_reaches_it_and_it_alone(tmp_path: Path, number: signal.Signals) -> None:
    said, other = tmp_path / "said", tmp_path / "other"
    one = Started("tests.itself", "wait", environment=TOLD, stdout=said, stderr=said)
    two = Started("tests.itself", "wait", environment=TOLD, stdout=other, stderr=other)
    try:
        while "waiting" not in said.read_text() or "waiting" not in other.read_text():
            assert one.poll() is None
            time.sleep(0.02)

        one.send_signal(number)

        assert one.wait(60) == (1 if number == signal.SIGINT else -number)
        assert two.poll() is None
    finally:
        one.kill()
        two.kill()
    assert two.wait(60) == -signal.SIGKILL

"""The short form of `make chaos`: nothing is lost and nothing is done twice, whoever is killed when."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import psutil
import pytest
from click.testing import CliRunner

from tests.chaos.__main__ import main
from tests.chaos.kills import planned_kills

WORKERS = ("worker", "worker-2")
EFFECTS, KILLS = 80, 10
SHORT = ("--effects", str(EFFECTS), "--kills", str(KILLS), "--kill-seconds", "2.5", "--settle-seconds", "150")

needs_own_broker = pytest.mark.skipif(
    bool(os.environ.get("KAFKA_BOOTSTRAP_SERVERS")), reason="the broker is somebody else's, who is not killed"
)


def chaos(folder: Path, *options: str) -> "subprocess.Popen[str]":
    """`python -m tests.chaos`, which stops every process of its own whatever happens."""
    command = [sys.executable, "-m", "tests.chaos", "--json", *options]
    # What it keeps for a person to look at goes with the tests' other files.
    environment = os.environ | {"TMPDIR": str(folder)}
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@needs_own_broker
@pytest.mark.journey
@pytest.mark.timeout(420)
def test_nothing_is_lost_and_nothing_done_twice_whoever_is_killed(tmp_path: Path) -> None:
    """Five kills of the ledger, and one or more of each other process, under load and bad weather at Wix."""
    with chaos(tmp_path, *SHORT) as run:
        said, progress = run.communicate()

    assert run.returncode == 0, progress
    told: dict[str, Any] = json.loads(said)
    assert told["wrong"] == []
    assert told["killed"].keys() == {"ingest", "ledger", "broker", *WORKERS}
    assert sum(told["killed"].values()) == KILLS
    assert told["killed"]["ledger"] >= 5
    assert told["on_log"] == told["taken"] > EFFECTS
    assert sum(told["outcomes"].values()) == told["expected"] >= EFFECTS
    assert told["messages"]["at_wix"] == told["messages"]["expected"] > 0
    assert told["fulfillments"]["at_wix"] == told["fulfillments"]["expected"] > 0
    assert told["access"]["at_wix"] == told["access"]["expected"] > 0
    assert told["rows"]["on_log"] == told["rows"]["ledger"] == told["rows"]["rebuilt"] > 0
    assert told["reports"]["asked"] > 150
    assert sum(told["faults"].values()) > 0


@needs_own_broker
def test_an_interrupted_run_leaves_no_process_behind(tmp_path: Path) -> None:
    with chaos(tmp_path, "--effects", "10", "--kills", "1") as run:
        assert run.stderr is not None
        assert "starting" in run.stderr.readline()
        me = psutil.Process(run.pid)
        while not (started := me.children(recursive=True)):
            assert run.poll() is None
        run.send_signal(signal.SIGINT)
        _, progress = run.communicate(timeout=60)

    assert "Interrupted" in progress
    assert run.returncode == 1
    _, alive = psutil.wait_procs(started, timeout=30)
    assert alive == []


@pytest.mark.parametrize(
    "nonsense", [("--effects", "0"), ("--workers", "0"), ("--kills", "-1"), ("--kill-seconds", "0")]
)
def test_a_run_that_would_show_nothing_is_refused_before_it_starts(nonsense: tuple[str, str]) -> None:
    refused = CliRunner().invoke(main, nonsense)

    assert (refused.exit_code, f"Invalid value for '{nonsense[0]}'" in refused.stderr) == (2, True)


class TestPlannedKills:
    @pytest.mark.parametrize("kills", [5, KILLS, 200])
    def test_each_kind_of_process_is_killed_and_no_more_than_was_asked_for(self, kills: int) -> None:
        planned = planned_kills(Random(7), kills, WORKERS)

        assert len(planned) == kills
        assert set(planned) == {"ingest", "ledger", "broker", *WORKERS}

    def test_a_long_run_kills_the_ledger_fifty_times(self) -> None:
        assert Counter(planned_kills(Random(7), 200, WORKERS))["ledger"] == 50

    def test_the_seed_decides(self) -> None:
        assert planned_kills(Random(7), 50, WORKERS) == planned_kills(Random(7), 50, WORKERS)
        assert planned_kills(Random(7), 50, WORKERS) != planned_kills(Random(8), 50, WORKERS)

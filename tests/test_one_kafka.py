"""Processes that run tests side by side share a Kafka: it starts once and stops once."""

import subprocess
import sys
from pathlib import Path

import pytest

from ingest.admin import BrokerAway, topic_ids
from ingest.settings import KafkaSettings
from tests.one_kafka import OneKafka
from tests.source_tree import ROOT

pytestmark = pytest.mark.kafka

# Joins, says where it listens, and leaves when it is told to.
ANOTHER = """
import sys
from pathlib import Path
from tests.one_kafka import OneKafka
kafka = OneKafka(Path(sys.argv[1]))
print(kafka.join(), flush=True)
sys.stdin.readline()
kafka.leave()
"""


def another(folder: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", ANOTHER, str(folder)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def said(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def leave(process: "subprocess.Popen[str]") -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def answers(address: str) -> bool:
    try:
        topic_ids(KafkaSettings(_env_file=None, kafka_bootstrap_servers=address))
    except BrokerAway:
        return False
    return True


def test_all_have_the_same_and_it_ends_when_the_last_has_left_or_died(tmp_path: Path) -> None:
    here = OneKafka(tmp_path)
    with another(tmp_path) as first:
        address = said(first)
        assert here.join() == address
        with another(tmp_path) as killed:
            assert said(killed) == address
            killed.kill()
        leave(first)

        with pytest.raises(subprocess.TimeoutExpired):
            first.wait(timeout=0.5)
        assert answers(address), "who started it waits for the others"

        here.leave()
        assert first.wait(timeout=60) == 0
    assert not answers(address)

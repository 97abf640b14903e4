"""The two Faust apps: one that reads the event topics, one that reads the rows. No logic."""

from pathlib import Path
from typing import Any

import faust

from ingest.settings import KafkaSettings
from streams.letting_go import LettingGo

# A fetch brings at most this many records of a partition, so that a slow agent's queue has room
# for what is under way and never holds up the other agents of the process.
RECORDS_PER_POLL = 200
STREAM_BUFFER = 4096
# After kill -9 the group waits this long for the dead member.
SESSION_SECONDS = 6.0
HEARTBEAT_SECONDS = 1.0
REBALANCE_SECONDS = 60.0
COMMIT_SECONDS = 1.0
# A broker that has just started may know of no topic yet. Who is dealt nothing by that has to hear soon
# that there is something; left to itself the client asks again after five minutes.
METADATA_SECONDS = 5.0


def worker_group(kafka: KafkaSettings) -> str:
    """The consumer group of all workers."""
    return f"{kafka.topic_prefix}worker"


def ledger_group(kafka: KafkaSettings) -> str:
    """The consumer group of the ledger process. It commits for show: DuckDB holds the position."""
    return f"{kafka.topic_prefix}ledger"


def make_app(
    group: str, kafka: KafkaSettings, data_dir: Path, *, records_per_poll: int = RECORDS_PER_POLL
) -> Any:
    """A Faust app that hands out raw bytes, keeps no tables and opens no port."""
    urls, credentials = kafka.faust_broker()
    app = faust.App(
        group,
        broker=urls,
        broker_credentials=credentials,
        autodiscover=False,
        # Decoding is ours: a codec's error would skip the record and commit past it.
        key_serializer="raw",
        value_serializer="raw",
        store="memory://",
        datadir=data_dir / "faust",
        topic_disable_leader=True,
        topic_allow_declare=False,
        table_standby_replicas=0,
        consumer_auto_offset_reset="earliest",
        broker_session_timeout=SESSION_SECONDS,
        broker_heartbeat_interval=HEARTBEAT_SECONDS,
        broker_rebalance_timeout=REBALANCE_SECONDS,
        broker_commit_interval=COMMIT_SECONDS,
        consumer_metadata_max_age_ms=int(METADATA_SECONDS * 1000),
        broker_max_poll_records=records_per_poll,
        stream_buffer_maxsize=STREAM_BUFFER,
        # SIGTERM and rebalances wait for what is being handled.
        stream_wait_empty=True,
        web_enabled=False,
    )
    app.flow_control = LettingGo(app)
    return app

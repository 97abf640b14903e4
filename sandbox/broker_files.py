"""What a single-node Kafka reads at its start: server.properties, its log's layout, meta.properties."""

import base64
import re
import uuid
from pathlib import Path

VERSION_IN_NAME = re.compile(r"^kafka-(\d+(?:\.\d+)+)$")

SERVER_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller_port}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={data}
num.partitions=4
default.replication.factor=1
min.insync.replicas=1
offsets.topic.replication.factor=1
offsets.retention.minutes=576000
offsets.topic.num.partitions=5
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=5
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
num.network.threads=2
num.io.threads=2
background.threads=2
num.recovery.threads.per.data.dir=1
log.cleaner.threads=1
# The default of 128 MB does not fit a heap of 512 MB.
log.cleaner.dedupe.buffer.size=2097152
log.segment.bytes=67108864
# After kill -9 a new start waits until the old session is over: 9 s by default.
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
"""

LOG4J2_PROPERTIES = """\
rootLogger.level=INFO
rootLogger.appenderRef.out.ref=out
appender.out.type=Console
appender.out.name=out
appender.out.layout.type=PatternLayout
appender.out.layout.pattern=%d{ISO8601} %p %c{1}: %m%n
"""

META_PROPERTIES = """\
version=1
cluster.id={cluster_id}
node.id=1
directory.id={directory_id}
"""


class NewerData(Exception):
    """A newer Kafka has written here; an older one refuses such data."""

    def __init__(self, data_dir: Path, written_by: str, version: str) -> None:
        super().__init__(
            f"{data_dir} was written by Kafka {written_by}; this is {version}. "
            "Use that version or another data folder."
        )


def prepare_folder(data_dir: Path, version: str) -> Path:
    """The broker's own folder, `DATA_DIR/kafka-VERSION`, made and identified when it is new.

    The version is in the name because Kafka's storage format only moves forward.
    """
    for folder in data_dir.glob("kafka-*"):
        found = VERSION_IN_NAME.match(folder.name)
        if found and _ordered(found[1]) > _ordered(version):
            raise NewerData(data_dir, found[1], version)
    folder = data_dir / f"kafka-{version}"
    (folder / "data").mkdir(parents=True, exist_ok=True)
    meta = folder / "data" / "meta.properties"
    if not meta.exists():
        # Written by hand, it saves starting a second JVM that formats the folder.
        meta.write_text(META_PROPERTIES.format(cluster_id=_random_id(), directory_id=_random_id()))
    return folder


def write_configuration(folder: Path, *, port: int, controller_port: int) -> tuple[Path, Path]:
    """server.properties and log4j2.properties, new at every start because the ports may be."""
    server, logging = folder / "server.properties", folder / "log4j2.properties"
    data = (folder / "data").resolve()
    server.write_text(SERVER_PROPERTIES.format(port=port, controller_port=controller_port, data=data))
    logging.write_text(LOG4J2_PROPERTIES)
    return server, logging


def _ordered(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _random_id() -> str:
    """A UUID as Kafka spells it: 22 characters of base64url; a leading dash would read as an option."""
    while (text := base64.urlsafe_b64encode(uuid.uuid4().bytes)[:22].decode()).startswith("-"):
        continue
    return text

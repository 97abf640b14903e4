"""testcontainers' Kafka on Apache's own image, the one docker-compose.yml runs."""

import shutil
import subprocess
from textwrap import dedent

from testcontainers.community.kafka import KafkaContainer

IMAGE = "apache/kafka:4.3.1"


def docker_answers() -> bool:
    """Whether there is a Docker daemon; having the `docker` command is not enough.

    Asked by the command, because docker's Python client leaves its socket open where nobody answers.
    """
    if shutil.which("docker") is None:
        return False
    question = ["docker", "version", "--format", "{{.Server.Version}}"]
    try:
        return subprocess.run(question, capture_output=True, timeout=10, check=False).returncode == 0
    except subprocess.TimeoutExpired:
        return False


class ApacheKafkaContainer(KafkaContainer):
    """testcontainers knows Confluent's image; Apache's starts by another script."""

    def __init__(self) -> None:
        super().__init__(IMAGE)
        self.kraft_enabled = True
        # It would stand beside node.id, which says the same.
        self.env.pop("KAFKA_BROKER_ID", None)
        self.with_env("KAFKA_AUTO_CREATE_TOPICS_ENABLE", "false")
        self.with_env("KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR", "1")
        self.with_env("KAFKA_TRANSACTION_STATE_LOG_MIN_ISR", "1")

    def tc_start(self) -> None:
        """The advertised address holds the mapped port, known only once the container runs."""
        outside = f"{self.listener_name}://{self.get_bootstrap_server()}"
        script = f"""\
            #!/bin/sh
            export KAFKA_ADVERTISED_LISTENERS={outside},BROKER://$(hostname -i | cut -d' ' -f1):9092
            exec /etc/kafka/docker/run
            """
        self.create_file(dedent(script).encode(), KafkaContainer.TC_START_SCRIPT)

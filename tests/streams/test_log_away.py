"""Commands of a person say after a while that Kafka is away, and what to do; they don't wait for ever."""

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from ingest.settings import KafkaSettings
from streams.commands import forget, reconcile, replay
from tests.streams.processes import free_port
from tests.streams.test_log_goes import STOPPED, Command

REPLAY = replay.replay_group

COMMANDS = {
    "forget": (forget.forget_command, ["--site", "site-1", "--dry-run"], 1),
    "reconcile": (reconcile.reconcile, ["--site", "site-1"], 3),
    "rederive": (REPLAY, ["rederive"], 1),
    "rebuild": (REPLAY, ["rebuild"], 1),
    "rebuild --check": (REPLAY, ["rebuild", "--check"], 1),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_it_gives_up_with_a_sentence_and_its_exit_code(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody = f"127.0.0.1:{free_port()}"
    settings = {
        "KAFKA_BOOTSTRAP_SERVERS": nobody,
        "DATA_DIR": str(tmp_path),
        "WIX_APP_ID": "app",
        "WIX_APP_SECRET": "secret",
    }
    for setting, value in settings.items():
        monkeypatch.setenv(setting, value)
    for module in (forget, reconcile, replay):
        monkeypatch.setattr(module, "COMMAND_SECONDS", 0.1)
    command, words, code = COMMANDS[name]
    assert isinstance(command, click.Command)

    said = CliRunner().invoke(command, words)

    assert (said.exit_code, "Traceback" in said.output) == (code, False)
    assert f"Error: Kafka does not answer at {nobody}" in said.output
    assert "python -m sandbox broker" in said.output


@pytest.mark.parametrize("name", ["forget", "reconcile"])
def test_while_it_waits_ctrl_c_ends_it(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WIX_APP_ID", "app")
    monkeypatch.setenv("WIX_APP_SECRET", "secret")
    nobody = KafkaSettings(_env_file=None, kafka_bootstrap_servers=f"127.0.0.1:{free_port()}")

    with Command(nobody, tmp_path, name, "--site", "site-1") as command:
        command.until_said("waiting for Kafka")

        assert command.interrupted() == STOPPED
        assert "Stopped. The same command" in command.said
        assert "Traceback" not in command.said

"""A warehouse: parcels on its packing list are handed over to ingest, after the time that packing takes.

The packing list is a folder, `DATA_DIR/sandbox/warehouse/list`, with one JSON file for each parcel. What
is handed over moves to `done`, what ingest refuses to `refused` with the answer beside it; while ingest
is away a parcel stays on the list and is tried again under the same idempotency key.
"""

import json
import logging
import signal
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import httpx
from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from sandbox.log_lines import Format, start_logging

log = logging.getLogger("sandbox.warehouse")

LOOK_SECONDS = 0.2
TIMEOUT_SECONDS = 5.0


class WarehouseSettings(BaseSettings):
    """Where the warehouse hands over, as whom, and how long it packs."""

    model_config = SettingsConfigDict(
        env_file=".env", extra="ignore", frozen=True, use_attribute_docstrings=True
    )

    data_dir: Path = Path("data")
    handover_url: str = "http://127.0.0.1:8000/handovers"
    """Where the warehouse hands over."""
    warehouse_token: SecretStr = SecretStr("")
    """The warehouse's token, of which the door holds the hash in HANDOVER_TOKENS."""
    warehouse_delay_seconds: float = 2.0
    """How long packing takes, counted from when the parcel came onto the list."""
    log_format: Format = "text"
    """Log lines as text, or as JSON: one object a line."""


class PackingList:
    """The parcels that wait, and those that left."""

    def __init__(self, data_dir: Path) -> None:
        folder = data_dir / "sandbox" / "warehouse"
        self._waiting, self._done, self._refused = folder / "list", folder / "done", folder / "refused"
        for path in (self._waiting, self._done, self._refused):
            path.mkdir(parents=True, exist_ok=True)

    def add(self, key: str, body: Mapping[str, Any]) -> None:
        """Put a parcel on the list; `key` becomes its idempotency key. Adding it again changes nothing."""
        written = self._waiting / f"{key}.new"
        written.write_text(json.dumps({"key": key, "body": body}))
        written.replace(self._waiting / f"{key}.json")

    def packed(self, *, delay_seconds: float) -> list[Path]:
        """The parcels whose packing time is over, oldest first."""
        ready = time.time() - delay_seconds
        parcels = ((path.stat().st_mtime, path) for path in self._waiting.glob("*.json"))
        return [path for since, path in sorted(parcels) if since <= ready]

    def left(self, parcel: Path, status: int, answer: str) -> None:
        """It is handed over (202), or refused for good."""
        folder = self._done if status == 202 else self._refused
        (folder / f"{parcel.stem}.answer").write_text(f"{status} {answer}\n")
        parcel.replace(folder / parcel.name)


def hand_over(http: httpx.Client, settings: WarehouseSettings, parcel: Path) -> tuple[int, str]:
    """Post one parcel; status and text of the answer, status 0 when nobody answered."""
    order = json.loads(parcel.read_text())
    headers = {
        "authorization": f"Bearer {settings.warehouse_token.get_secret_value()}",
        "idempotency-key": order["key"],
    }
    try:
        answer = http.post(settings.handover_url, json=order["body"], headers=headers)
    except httpx.TransportError as error:
        return 0, str(error)
    return answer.status_code, answer.text


def work(settings: WarehouseSettings, stop: threading.Event) -> None:
    """Hand over what is packed, until `stop`."""
    parcels = PackingList(settings.data_dir)
    with httpx.Client(timeout=TIMEOUT_SECONDS) as http:
        while not stop.wait(LOOK_SECONDS):
            for parcel in parcels.packed(delay_seconds=settings.warehouse_delay_seconds):
                _leave(parcels, parcel, *hand_over(http, settings, parcel))


def _leave(parcels: PackingList, parcel: Path, status: int, answer: str) -> None:
    if status == 0 or status == 429 or status >= 500:
        log.warning("%s stays on the list: ingest answered %s", parcel.stem, status or "nothing")
        return
    parcels.left(parcel, status, answer)
    is_taken = status == 202
    said = "handed over" if is_taken else "refused"
    log.log(logging.INFO if is_taken else logging.WARNING, "%s %s (%s %s)", parcel.stem, said, status, answer)


@click.command("warehouse")
def command() -> None:
    """Hand over the parcels on the packing list until Ctrl-C.

    The list is the folder DATA_DIR/sandbox/warehouse/list; each file there is {"key": …, "body": …}
    with the body of POST /handovers. Settings: DATA_DIR, HANDOVER_URL, WAREHOUSE_TOKEN (ingest holds
    its hash in HANDOVER_TOKENS), WAREHOUSE_DELAY_SECONDS, LOG_FORMAT.
    """
    settings = WarehouseSettings()
    start_logging(settings.log_format)
    if not settings.warehouse_token.get_secret_value():
        raise click.UsageError("WAREHOUSE_TOKEN is empty, and ingest would refuse every parcel; set it.")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    log.info("packing for %s", settings.handover_url)
    work(settings, stop)

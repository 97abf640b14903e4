"""The sandbox's log on stderr, as text or, like that of every other room, one JSON object a line."""

import json
import logging
from datetime import UTC, datetime
from typing import Literal

Format = Literal["text", "json"]

TEXT = "%(asctime)s %(levelname)s %(name)s %(message)s"


class JsonLines(logging.Formatter):
    """The fields that the other rooms write as well."""

    def format(self, record: logging.LogRecord) -> str:
        """One line, whatever the message holds."""
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = {
            "time": time.replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        return json.dumps(
            line | ({"exception": self.formatException(way)} if (way := record.exc_info) else {})
        )


def start_logging(how: Format) -> None:
    """Send INFO and above to stderr; of its HTTP client and server what is worth a warning."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines() if how == "json" else logging.Formatter(TEXT))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for name in ("httpx", "uvicorn"):
        logging.getLogger(name).setLevel(logging.WARNING)

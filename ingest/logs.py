"""The log on stderr, where a broker that is away may say so once, not a hundred times a second."""

import logging
import sys
import time

from ingest.log_lines import Format, formatter

# aiokafka writes 75 to 110 errors a second while the broker is away.
EVERY_SECONDS = 10.0
MAX_KINDS = 1_000


class Sparingly(logging.Filter):
    """Lets one warning of a kind through in ten seconds and says how many were like it.

    A kind is the logger and the text before its arguments are put in.
    """

    def __init__(self) -> None:
        super().__init__()
        self._last: dict[tuple[str, str], float] = {}
        self._held: dict[tuple[str, str], int] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """False for what was said a moment ago."""
        if record.levelno < logging.WARNING or record.levelno >= logging.CRITICAL:
            return True
        kind = (record.name, str(record.msg))
        now = time.monotonic()
        if now - self._last.get(kind, -EVERY_SECONDS) < EVERY_SECONDS:
            self._held[kind] = self._held.get(kind, 0) + 1
            return False
        if len(self._last) > MAX_KINDS:
            self._last.clear()
        self._last[kind] = now
        if held := self._held.pop(kind, 0):
            record.msg, record.args = f"{record.getMessage()} (and {held} like it)", ()
        return True


def start_logging(how: Format) -> None:
    """Send INFO and above to stderr, everybody's lines in one form."""
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(Sparingly())
    handler.setFormatter(formatter(how))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.captureWarnings(True)
    # What is worth knowing of these two we say ourselves.
    logging.getLogger("kafka").setLevel(logging.ERROR)
    logging.getLogger("uvicorn").setLevel(logging.WARNING)

"""Log lines on stderr; the Kafka client's, which come by the hundred while a broker is away, thinned out."""

import logging
import time

from ingest.log_lines import Format, formatter

# aiokafka writes about a hundred error lines a second while no broker answers.
NOISY = ("aiokafka", "faust", "mode", "kafka", "opentelemetry")
QUIET_SECONDS = 30.0


class ThinnedOut(logging.Filter):
    """Lets one line of each kind through per period and says how many were left out."""

    def __init__(self) -> None:
        super().__init__()
        self._shown: dict[tuple[str, str], float] = {}
        self._left_out: dict[tuple[str, str], int] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """True for the first line of its kind in a while, and for all lines of our own."""
        if record.name.partition(".")[0] not in NOISY:
            return True
        kind = (record.name, str(record.msg)[:80])
        now = time.monotonic()
        if now - self._shown.get(kind, -QUIET_SECONDS) < QUIET_SECONDS:
            self._left_out[kind] = self._left_out.get(kind, 0) + 1
            return False
        self._shown[kind] = now
        left_out = self._left_out.pop(kind, 0)
        if left_out:
            record.msg = f"{record.msg} (and {left_out} more like it)"
        return True


def set_up(how: Format) -> None:
    """Send the log to stderr, from INFO for our own lines and WARNING for the clients', all in one form."""
    handler = logging.StreamHandler()
    handler.setFormatter(formatter(how))
    handler.addFilter(ThinnedOut())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.captureWarnings(True)
    for name in (*NOISY, "httpx", "uvicorn"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # Its warnings are about its own scheduling; what matters is raised.
    logging.getLogger("kafka").setLevel(logging.ERROR)

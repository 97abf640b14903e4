"""A log record becomes one line, as text or JSON, with what it is about: event, site, effect.

Never a person: an exception is told by its kind and the way to it, since its message might quote one.
"""

import json
import logging
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Literal

from pydantic_settings import BaseSettings, SettingsConfigDict

Format = Literal["text", "json"]

# Exceptions whose message tells of files, sockets and brokers, and of nobody.
_IMPERSONAL = (OSError,)
_IMPERSONAL_PACKAGES = ("aiokafka", "kafka")

_about: ContextVar[Mapping[str, str] | None] = ContextVar("about", default=None)


class LogSettings(BaseSettings):
    """How log lines look."""

    model_config = SettingsConfigDict(
        env_file=".env", extra="ignore", frozen=True, use_attribute_docstrings=True, hide_input_in_errors=True
    )

    log_format: Format = "text"
    """Log lines as text, or as JSON: one object a line, with event, site and effect where they are known."""


@contextmanager
def about(**facts: str) -> Iterator[None]:
    """Lines inside the block say this as well."""
    before = _about.set({**(_about.get() or {}), **facts})
    try:
        yield
    finally:
        _about.reset(before)


def note(**facts: str) -> None:
    """Lines of this task say this as well, from now on."""
    _about.set({**(_about.get() or {}), **facts})


class Lines(logging.Formatter):
    """Text for people: time, level, logger, message, and in brackets what it is about."""

    def format(self, record: logging.LogRecord) -> str:
        """One line, and below it the way to an exception."""
        facts = " ".join(f"{name}={value}" for name, value in (_about.get() or {}).items())
        line = f"{_time(record)} {record.levelname} {record.name}: {record.getMessage()}"
        return "\n".join(filter(None, [f"{line} [{facts}]" if facts else line, _way(record)]))


class JsonLines(logging.Formatter):
    """JSON for machines; what it is about is on the top level."""

    def format(self, record: logging.LogRecord) -> str:
        """One line, whatever the message holds."""
        line = {
            "time": _time(record),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **(_about.get() or {}),
        }
        return json.dumps(line | ({"exception": way} if (way := _way(record)) else {}))


def formatter(how: Format) -> logging.Formatter:
    """The one that LOG_FORMAT asks for."""
    return JsonLines() if how == "json" else Lines()


def _time(record: logging.LogRecord) -> str:
    return (
        datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    )


def _way(record: logging.LogRecord) -> str:
    """Kind and way of the record's exception, and of those it came from."""
    error = record.exc_info[1] if record.exc_info else None
    told = []
    while error is not None:
        told.append(f"{_kind(error)}{_frames(error.__traceback__)}")
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\ncaused by ".join(told)


def _kind(error: BaseException) -> str:
    kind = type(error)
    is_impersonal = isinstance(error, _IMPERSONAL) or kind.__module__.startswith(_IMPERSONAL_PACKAGES)
    return f"{kind.__qualname__}: {error}" if is_impersonal else kind.__qualname__


def _frames(way: TracebackType | None) -> str:
    return "".join(
        f"\n  at {Path(frame.filename).name}:{frame.lineno} {frame.name}"
        for frame in traceback.extract_tb(way)
    )

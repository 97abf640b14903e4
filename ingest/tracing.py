"""Traces in OpenTelemetry's form, from a webhook to the calls at Wix; off without a setting, at no cost.

Spans hold ids, codes and names of routes, never what an exception says: that might quote a person. A trace
goes through the log: this is the form it has there, for the room that writes and the room that reads.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, Protocol
from urllib.parse import urlsplit

from pydantic import field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

Kind = Literal["server", "client", "producer", "consumer", "internal"]

# How long a collector that is away may hold up the end of a process, and how soon spans are sent.
EXPORT_SECONDS = 5.0
SEND_EVERY_MS = 1_000


class TraceSettings(BaseSettings):
    """Where traces go."""

    model_config = SettingsConfigDict(
        env_file=".env", extra="ignore", frozen=True, use_attribute_docstrings=True, hide_input_in_errors=True
    )

    otel_exporter_otlp_endpoint: str = ""
    """Where a collector takes OpenTelemetry's OTLP over HTTP: http://127.0.0.1:4318. Empty: no traces."""

    @field_validator("otel_exporter_otlp_endpoint")
    @classmethod
    def _check_url(cls, url: str) -> str:
        """A room that started with one that is none would trace to nowhere, in silence."""
        try:
            parts = urlsplit(url)
            is_one = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:  # a port that is no number
            is_one = False
        if url and (not is_one or any(sign.isspace() for sign in url)):
            raise ValueError("write it as http://host:4318")
        return url


class Tell(Protocol):
    """Adds facts to the span of a block."""

    def __call__(self, **facts: str | int) -> None:
        """Say them."""


@dataclass(slots=True)
class _Switch:
    """The tracer in force; None while traces are off."""

    tracer: Any = None


_switch = _Switch()


@contextmanager
def tracing(service: str, settings: TraceSettings) -> Iterator[None]:
    """Collect and send spans while the block runs; what is unsent then gets a few seconds."""
    if not settings.otel_exporter_otlp_endpoint:
        yield
        return
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    where = f"{settings.otel_exporter_otlp_endpoint.rstrip('/')}/v1/traces"
    exporter = OTLPSpanExporter(endpoint=where, timeout=EXPORT_SECONDS)
    provider = TracerProvider(
        resource=Resource.create({"service.name": f"orderline-{service}"}), shutdown_on_exit=False
    )
    provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=SEND_EVERY_MS))
    _switch.tracer = provider.get_tracer("orderline")
    try:
        yield
    finally:
        _switch.tracer = None
        provider.shutdown()


@contextmanager
def traced(name: str, kind: Kind = "internal", parent: str | None = None, **facts: str) -> Iterator[Tell]:
    """A span around the block: below `parent` (a traceparent), else below the span around it."""
    if _switch.tracer is None:
        yield _nothing
        return
    from opentelemetry.trace import SpanKind, Status, StatusCode
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    above = TraceContextTextMapPropagator().extract({"traceparent": parent}) if parent else None
    with _switch.tracer.start_as_current_span(
        name,
        context=above,
        kind=SpanKind[kind.upper()],
        attributes=facts,
        record_exception=False,
        set_status_on_exception=False,
    ) as span:
        try:
            yield lambda **more: span.set_attributes(more)
        except BaseException as error:
            span.set_status(Status(StatusCode.ERROR, type(error).__name__))
            raise


def here() -> str | None:
    """The traceparent of the span around; None where there is none."""
    if _switch.tracer is None:
        return None
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier)
    return carrier.get("traceparent")


def _nothing(**facts: str | int) -> None:
    """Traces are off."""

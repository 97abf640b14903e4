"""What can't be a setting is refused at the start, by its name, without its value, and with a reason."""

import pytest
from pydantic import ValidationError
from pydantic_settings import BaseSettings

from analytics.settings import AnalyticsSettings
from dashboard.settings import DashboardSettings
from ingest.settings import IngestSettings, KafkaSettings
from ingest.tracing import TraceSettings
from streams.settings import (
    FlowSettings,
    LedgerProcessSettings,
    OutboxSettings,
    ReportsSettings,
    UpkeepSettings,
    WixSettings,
    WorkerSettings,
)
from streams.settings_faults import unusable
from tests.settings_table import PRODUCT, settings_classes

NO_ADDRESSES = ("nonsense", "ftp://host", "http://", "https://host:port", "https://ho st", "")
A_WEB_ADDRESS = r"write it as https?://host"

REFUSED: list[tuple[type[BaseSettings], str, tuple[str, ...], str]] = [
    (WixSettings, "wix_api_url", NO_ADDRESSES, A_WEB_ADDRESS),
    (WixSettings, "wix_timeout_seconds", ("0", "-1"), "greater than 0"),
    (WixSettings, "wix_timeout_seconds", ("nan", "inf"), "finite"),
    (WixSettings, "wix_calls_per_minute", ("0", "-5"), "greater than or equal to 1"),
    (WixSettings, "wix_command_calls_per_minute", ("0", "-9"), "greater than or equal to 1"),
    (WixSettings, "wix_command_calls_per_minute", ("201",), "more than WIX_CALLS_PER_MINUTE, which is 200"),
    (WorkerSettings, "worker_sites", ("0", "-1"), "greater than or equal to 1"),
    (OutboxSettings, "site_lease", ("PT0S", "-PT1S"), "greater than 0 seconds"),
    (OutboxSettings, "read_back_after", ("-PT1S",), "0 seconds"),
    (OutboxSettings, "payloads_kept", ("-P1D",), "0 seconds"),
    (FlowSettings, "notice_max_age", ("-P1D",), "0 seconds"),
    (FlowSettings, "fulfillment_max_age", ("-P1D",), "0 seconds"),
    (LedgerProcessSettings, "snapshot_seconds", ("0", "-1"), "greater than 0"),
    (LedgerProcessSettings, "snapshot_seconds", ("nan",), "finite"),
    (LedgerProcessSettings, "ledger_threads", ("-1",), "greater than or equal to 0"),
    (
        LedgerProcessSettings,
        "ledger_memory",
        ("abc", "", "0MB", "512", "-1GB", "80%"),
        "write it as 512MB or 2GB",
    ),
    (LedgerProcessSettings, "switch_within", ("-P1D",), "0 seconds"),
    (UpkeepSettings, "reconcile_at", ("3:00", "24:00", "noon"), "write it as HH:MM"),
    (ReportsSettings, "reports_url", NO_ADDRESSES, A_WEB_ADDRESS),
    (AnalyticsSettings, "reports_url", NO_ADDRESSES, A_WEB_ADDRESS),
    (AnalyticsSettings, "switch_within", ("-P1D",), "0 seconds"),
    (DashboardSettings, "reports_url", NO_ADDRESSES, A_WEB_ADDRESS),
    (IngestSettings, "wix_leeway_seconds", ("inf", "nan"), "finite"),
    (IngestSettings, "wix_leeway_seconds", ("-1",), "0"),
    (KafkaSettings, "topic_prefix", ("ä /x", "order line.", "a/b"), "write it in letters from a to z"),
    (KafkaSettings, "topic_prefix", ("x" * 201,), "at most 200"),
    (TraceSettings, "otel_exporter_otlp_endpoint", NO_ADDRESSES[:-1], A_WEB_ADDRESS),
]

TAKEN: list[tuple[type[BaseSettings], str, tuple[str, ...]]] = [
    (WixSettings, "wix_api_url", ("http://127.0.0.1:8200", "http://wix:8200", "http://[::1]:8200/base")),
    (WixSettings, "wix_calls_per_minute", ("1000000",)),
    (WixSettings, "wix_command_calls_per_minute", ("1", "200")),
    (OutboxSettings, "read_back_after", ("PT0S", "PT1S")),
    (OutboxSettings, "site_lease", ("PT3S",)),
    (LedgerProcessSettings, "snapshot_seconds", ("0.5",)),
    (LedgerProcessSettings, "ledger_memory", ("512MB", "2GB", "1.5GiB", "2 gb")),
    (LedgerProcessSettings, "switch_within", ("PT0S",)),
    (UpkeepSettings, "reconcile_at", ("", "03:00", "23:59")),
    (KafkaSettings, "topic_prefix", ("", "orderline.", "orderline-demo_x1.")),
    (TraceSettings, "otel_exporter_otlp_endpoint", ("", "http://127.0.0.1:4318")),
]


@pytest.mark.parametrize(
    ("kind", "name", "value", "reason"),
    [(kind, name, value, reason) for kind, name, values, reason in REFUSED for value in values],
)
def test_what_is_out_of_range_is_refused_with_a_reason(
    kind: type[BaseSettings], name: str, value: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name.upper(), value)

    with pytest.raises(ValidationError, match=reason) as refused:
        kind(_env_file=None)

    assert [one["loc"] for one in refused.value.errors()] == [(name,)]


@pytest.mark.parametrize(
    ("kind", "name", "value"), [(kind, name, value) for kind, name, values in TAKEN for value in values]
)
def test_what_people_need_is_taken(
    kind: type[BaseSettings], name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name.upper(), value)

    assert name in kind(_env_file=None).model_fields_set


@pytest.mark.parametrize("kind", settings_classes(*PRODUCT), ids=lambda kind: kind.__name__)
def test_no_refusal_quotes_what_was_given(kind: type[BaseSettings]) -> None:
    assert kind.model_config.get("hide_input_in_errors") is True


@pytest.mark.parametrize("value", ["abc", "P", "10 minutes"])
def test_a_length_of_time_that_is_none_says_how_to_write_one(
    value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHDOG_AFTER", value)

    with pytest.raises(ValidationError) as refused:
        WorkerSettings(_env_file=None)

    assert "WATCHDOG_AFTER: write it as seconds, or as PT30S" in unusable(refused.value).message

"""docs/observability.md is what the processes expose, and no metric can grow with the number of customers."""

import re

import pytest
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from tests.metrics_table import PAGE, measured, registries, with_table

# What takes a value for each customer, order or request.
UNBOUNDED = {"site", "instance_id", "order", "order_id", "effect", "key", "event", "path", "url", "id"}


class TestTable:
    def test_the_page_is_what_the_processes_expose(self) -> None:
        """Write it anew with: python -m tests.metrics_table"""
        page = PAGE.read_text(encoding="utf-8")

        assert with_table(page) == page

    @pytest.mark.parametrize("process", registries())
    def test_what_a_process_answers_is_in_it(self, process: str) -> None:
        """By the text itself, as Prometheus reads it."""
        text = generate_latest(registries()[process]).decode()

        shown = {family.name for family in text_string_to_metric_families(text)}
        # A counter's moment of birth comes beside it.
        ours = {name for name in shown if not name.startswith("process_") and not name.endswith("_created")}
        rows = {row.name.removesuffix("_total") for row in measured() if process in row.processes}
        assert {name.removesuffix("_total") for name in ours} == rows
        assert any(name.startswith("process_") for name in shown)

    def test_every_metric_says_what_it_means_and_begins_with_our_name(self) -> None:
        for row in measured():
            assert row.about
            assert row.name.startswith(("orderline_", "sandbox_wix_"))
            assert row.type != "counter" or row.name.endswith("_total")
            assert row.type != "histogram" or row.name.endswith("_seconds")

    def test_no_label_takes_a_value_for_each_customer(self) -> None:
        assert {row.name: row.labels for row in measured() if set(row.labels) & UNBOUNDED} == {}

    def test_every_metric_that_the_page_speaks_of_exists(self) -> None:
        text = PAGE.read_text(encoding="utf-8")
        spoken = set(re.findall(r"\borderline_[a-z_]+", text))

        known = {row.name for row in measured()}
        assert {name.removesuffix("_bucket") for name in spoken} - known == set()

"""`python -m sandbox trigger`: every documented webhook, by hand."""

import json
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import click
import pytest
from click.testing import CliRunner

from sandbox.templates import NAMES, template
from sandbox.trigger import changed, command

NOW = datetime(2026, 1, 31, 9, tzinfo=UTC)
# The thirteen of Pricing Plans, six of eCommerce orders, fulfillments, five payments, six others.
KINDS = 13 + 6 + 1 + 5 + 6


class TestTemplate:
    def test_every_documented_event_has_one(self) -> None:
        assert len(set(NAMES)) == KINDS

    @pytest.mark.parametrize("name", NAMES)
    def test_event_is_of_the_kind_that_its_name_says(self, name: str) -> None:
        webhook = template(name, Random(1), NOW)

        if name.startswith("plan_order_"):
            assert webhook.event_type == "wix.pricing_plans.v2.order_" + name.removeprefix("plan_order_")
        if name.startswith("store_order_"):
            assert webhook.event_type == "wix.ecom.v1.order_" + name.removeprefix("store_order_")
        if "slug" in webhook.body:
            assert webhook.event_type == f"{webhook.body['entityFqdn']}_{webhook.body['slug']}"


class TestChanged:
    def test_value_is_set_where_the_path_leads(self) -> None:
        assert changed({"a": {"b": 1}}, "a.b=2") == {"a": {"b": 2}}

    def test_missing_objects_on_the_way_are_made(self) -> None:
        assert changed({}, "a.b=text") == {"a": {"b": "text"}}

    @pytest.mark.parametrize("assignment", ["no-equals", "=1", "a.b=1"])
    def test_assignment_that_can_not_be_made_is_a_named_error(self, assignment: str) -> None:
        with pytest.raises(click.BadParameter):
            changed({"a": 1}, assignment)


class TestCommand:
    def test_list_names_every_event(self) -> None:
        assert CliRunner().invoke(command, ["--list"]).output.split() == list(NAMES)

    def test_print_shows_the_innermost_json_and_sends_nothing(self) -> None:
        result = CliRunner().invoke(command, ["payment_approved", "--print", "--set", "id=mine"])

        assert result.exit_code == 0
        assert json.loads(result.output)["id"] == "mine"

    def test_nobody_there_is_said_in_one_line(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("DATA_DIR", str(tmp_path))

        result = CliRunner().invoke(command, ["payment_approved", "--url", "http://127.0.0.1:1/"])

        assert result.exit_code == 1
        assert "nobody answered at http://127.0.0.1:1/" in result.output

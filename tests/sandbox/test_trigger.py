"""`python -m sandbox trigger`: every documented webhook, by hand."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import Random
from typing import ClassVar

import click
import pytest
from click.testing import CliRunner

from ingest.catalogue import WEBHOOKS, entity_of, find
from sandbox.templates import NAMES, template
from sandbox.trigger import changed, command

NOW = datetime(2026, 1, 31, 9, tzinfo=UTC)
# The thirteen of Pricing Plans, nine of eCommerce orders, fulfillments, seven payments, seven others.
KINDS = 13 + 9 + 1 + 7 + 7


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

    @pytest.mark.parametrize("name", NAMES)
    def test_what_it_is_about_is_where_the_product_looks_for_it(self, name: str) -> None:
        webhook = template(name, Random(1), NOW)

        known = find(webhook.event_type, webhook.body)
        assert known is not None
        assert entity_of(known, webhook.body)

    def test_the_product_knows_no_event_that_has_none(self) -> None:
        types = {template(name, Random(1), NOW).event_type for name in NAMES}

        assert set(WEBHOOKS) - types <= {"email-marketing.email-subscriptions.changed"}

    @pytest.mark.parametrize(
        ("slug", "status"),
        [("created", "DRAFT"), ("paused", "PAUSED"), ("resumed", "ACTIVE"), ("ended", "ENDED")],
    )
    def test_a_plan_order_is_in_the_state_of_its_event(self, slug: str, status: str) -> None:
        webhook = template(f"plan_order_{slug}", Random(1), NOW)
        known = find(webhook.event_type, webhook.body)

        assert known is not None
        assert entity_of(known, webhook.body)["status"] == status

    def test_each_has_ids_of_its_own_and_the_same_seed_gives_the_same(self) -> None:
        rng = Random(1)
        first, second = (template("plan_order_paused", rng, NOW) for _ in range(2))

        assert first.body["entityId"] != second.body["entityId"]
        assert template("plan_order_paused", Random(1), NOW).body == first.body


class TestChanged:
    def test_a_place_in_a_list_is_a_number(self) -> None:
        assert changed({"a": [{"b": 1}, 2]}, "a.0.b=3") == {"a": [{"b": 3}, 2]}
        assert changed({"a": [{"b": 1}, 2]}, "a.1=3") == {"a": [{"b": 1}, 3]}

    def test_value_is_set_where_the_path_leads(self) -> None:
        assert changed({"a": {"b": 1}}, "a.b=2") == {"a": {"b": 2}}

    def test_missing_objects_on_the_way_are_made(self) -> None:
        assert changed({}, "a.b=text") == {"a": {"b": "text"}}

    @pytest.mark.parametrize(
        "assignment", ["no-equals", "=1", "a.b=1", "a.b.c=1", "list.2=1", "list.last=1", "list.0.x=1"]
    )
    def test_assignment_that_can_not_be_made_is_a_named_error(self, assignment: str) -> None:
        with pytest.raises(click.BadParameter):
            changed({"a": 1, "list": [1, 2]}, assignment)


class Receiver(BaseHTTPRequestHandler):
    """Takes webhooks and answers each with the next status, then with 200."""

    taken: ClassVar[list[bytes]] = []
    statuses: ClassVar[list[int]] = []

    def do_POST(self) -> None:
        self.taken.append(self.rfile.read(int(self.headers["content-length"])))
        self.send_response(self.statuses.pop(0) if self.statuses else 200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Where webhooks are taken."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    Receiver.taken.clear()
    Receiver.statuses.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


class TestSending:
    @pytest.mark.parametrize("paced", [[], ["--rate", "500"]])
    def test_so_many_are_sent_and_their_answers_counted(self, url: str, paced: list[str]) -> None:
        asked = ["plan_order_purchased", "--count", "70", "--url", url, *paced]
        result = CliRunner().invoke(command, asked)

        assert (result.exit_code, result.output) == (0, "200: 70\n")
        assert len(set(Receiver.taken)) == 70

    def test_any_answer_but_200_is_exit_code_1(self, url: str) -> None:
        Receiver.statuses.append(503)
        result = CliRunner().invoke(command, ["app_installed", "--count", "3", "--url", url])

        assert (result.exit_code, result.output) == (1, "200: 2\n503: 1\n")

    @pytest.mark.parametrize("option", [["--count", "0"], ["--rate", "0"], ["--rate", "-1"]])
    def test_a_count_or_rate_that_makes_no_sense_is_wrong_usage(self, option: list[str]) -> None:
        assert CliRunner().invoke(command, ["app_installed", *option]).exit_code == 2


class TestCommand:
    def test_list_names_every_event(self) -> None:
        assert CliRunner().invoke(command, ["--list"]).output.split() == list(NAMES)

    def test_print_shows_the_innermost_json_and_sends_nothing(self) -> None:
        result = CliRunner().invoke(command, ["payment_approved", "--print", "--set", "id=mine"])

        assert result.exit_code == 0
        assert json.loads(result.output)["id"] == "mine"

    @pytest.mark.parametrize("paced", [[], ["--rate", "100", "--count", "3"]])
    def test_nobody_there_is_said_in_one_line(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, paced: list[str]
    ) -> None:
        monkeypatch.setenv("DATA_DIR", str(tmp_path))

        result = CliRunner().invoke(command, ["payment_approved", "--url", "http://127.0.0.1:1/", *paced])

        assert result.exit_code == 1
        assert "nobody answered at http://127.0.0.1:1/" in result.output

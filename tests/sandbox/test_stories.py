"""Stories: the same seed tells the same ones, and each says what must come of everything it makes due."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from sandbox.stories.library import library
from sandbox.stories.story import Story, Webhook, without_access
from sandbox.stories.told_now import NAMES

NOW = datetime(2026, 1, 31, 9, tzinfo=UTC)
LIB = library(NOW, seed=3, subscriptions=60, store_orders=80)
PLAN = "wix.pricing_plans.v2.order_"
STORE = "wix.ecom.v1.order_"


# Each story of the fixed set by itself, and the whole past as one.
TOLD = [*([story] for story in LIB.now), list(LIB.past)]
each = pytest.mark.parametrize("stories", TOLD, ids=[*NAMES, "the past"])


def due_keys(story: Story) -> set[str]:
    """What a reader of the rules would find due, from the events and parcels alone."""
    keys = {key for webhook in story.webhooks for key in _due(webhook)}
    site = story.instance_id
    return keys | {f"fulfillment:{site}:{p.body['orderId']}:depot:{p.key}" for p in story.parcels}


def _due(webhook: Webhook) -> list[str]:
    body, site = webhook.body, webhook.instance_id
    changed = body.get("transactionStatusChangedEvent") or body.get("transactionCreatedEvent")
    if changed:
        transaction = changed["transaction"]
        is_new = transaction["status"] == "APPROVED" != changed.get("previousStatus") and "id" in transaction
        return [f"notice:payment:{site}:{transaction['id']}"] if is_new else []
    if webhook.event_type.startswith(PLAN):
        return [*_purchases(webhook), *_access(webhook)]
    if webhook.event_type == f"{STORE}approved":
        return [f"fulfillment:{site}:{body['entityId']}:immediate"]
    return []


def _purchases(webhook: Webhook) -> list[str]:
    body = webhook.body
    is_created = webhook.event_type == f"{PLAN}created"
    is_bought = is_created and body["createdEvent"]["entity"]["status"] != "DRAFT"
    if not is_bought and webhook.event_type != f"{PLAN}purchased":
        return []
    return [f"notice:purchase:{webhook.instance_id}:{body['entityId']}"]


def _access(webhook: Webhook) -> list[str]:
    """A running order has access since its start or its last pause, any other one of these has lost it."""
    body = webhook.body
    carriers = [body.get(name, {}) for name in ("createdEvent", "updatedEvent", "actionEvent")]
    created, updated, acted = carriers
    order = created.get("entity") or updated.get("currentEntity") or acted["body"]["order"]
    pauses = len(order["pausePeriods"])
    stands = {"ACTIVE": f"grant {pauses}", "PAUSED": f"revoke {pauses}", "CANCELED": "revoke 0"}
    verb, _, number = stands.get(order["status"], "").partition(" ")
    return [f"access:{verb}:{webhook.instance_id}:{order['id']}:{number}"] if verb else []


class TestLibrary:
    def test_same_seed_tells_the_same_stories(self) -> None:
        assert library(NOW, seed=3, subscriptions=60, store_orders=80) == LIB

    def test_another_seed_tells_of_other_people_at_the_same_sites(self) -> None:
        other = library(NOW, seed=4, subscriptions=60, store_orders=80)

        ids = {webhook.body["id"] for story in LIB.stories for webhook in story.webhooks}
        others = {webhook.body["id"] for story in other.stories for webhook in story.webhooks}
        assert ids.isdisjoint(others)
        assert other.sites == LIB.sites

    def test_every_kind_of_story_is_told(self) -> None:
        assert [story.name for story in LIB.now] == list(NAMES)

    def test_sites_differ_in_currency_and_settings(self) -> None:
        assert len({site.currency for site in LIB.sites}) == 4
        assert {site.policy for site in LIB.sites} == {"handover", "immediate"}
        assert {site.payment_address for site in LIB.sites} == {"member", "contact"}
        assert {site.payment_notice for site in LIB.sites} == {True, False}


class TestExpectations:
    @each
    def test_every_effect_that_is_due_has_an_expected_end(self, stories: list[Story]) -> None:
        for story in stories:
            assert Counter(end.key for end in story.expected) == Counter(due_keys(story))

    @each
    def test_suppressed_effects_say_why_and_done_ones_do_not(self, stories: list[Story]) -> None:
        ends = [end for story in stories for end in story.expected]

        assert all((end.reason is None) == (end.state == "done") for end in ends)

    def test_nobody_is_written_to_about_the_past_and_nothing_of_it_is_fulfilled(self) -> None:
        ends = [end for story in LIB.past for end in story.expected if end.flow != "access"]

        assert {end.state for end in ends} == {"suppressed"}
        assert {end.reason for end in ends if end.flow != "fulfillment"} == {"too_old"}

    def test_of_past_access_only_what_still_holds_is_told(self) -> None:
        for story in LIB.past:
            ends = [end for end in story.expected if end.flow == "access"]
            told = {end.key.split(":")[1] for end in ends if end.state == "done"}
            assert len(told) == bool(ends)
            assert {end.reason for end in ends} <= {None, "superseded"}

    def test_without_a_receiver_no_change_of_access_is_told(self) -> None:
        ends = [end for story in LIB.stories for end in without_access(story).expected]

        assert {end.reason for end in ends if end.flow == "access"} == {"off_by_setting"}
        assert not any(end.is_access for end in ends)
        assert any(end.is_message for end in ends)

    def test_each_flow_is_carried_out_in_some_story(self) -> None:
        done = {end.flow for story in LIB.now for end in story.expected if end.state == "done"}

        assert done == {"payment_notice", "purchase_notice", "fulfillment", "access"}

    def test_what_lacks_the_id_of_a_payment_is_the_only_thing_to_be_put_aside(self) -> None:
        aside = [(story.name, webhook) for story in LIB.stories for webhook in story.put_aside]

        ((name, webhook),) = aside
        assert name == "payment_without_id"
        assert webhook.body["transactionStatusChangedEvent"]["transaction"]["status"] == "APPROVED"
        assert "id" not in webhook.body["transactionStatusChangedEvent"]["transaction"]


class TestEvents:
    @each
    def test_every_event_has_an_id_of_its_own(self, stories: list[Story]) -> None:
        """Only the story about duplicates delivers an event twice."""
        times = Counter(webhook.body["id"] for story in stories for webhook in story.webhooks)

        is_twice = stories[0].name == "delivered_twice_and_backwards"
        assert set(times.values()) == ({2} if is_twice else {1})

    def test_past_events_lie_within_the_ninety_days_before(self) -> None:
        times = [
            datetime.fromisoformat(webhook.body["eventTime"])
            for story in LIB.past
            for webhook in story.webhooks
        ]

        assert min(times) > NOW - timedelta(days=92)
        assert max(times) < NOW
        assert max(times) - min(times) > timedelta(days=80)

    def test_past_payments_are_too_old_to_be_written_about(self) -> None:
        payments = [
            datetime.fromisoformat(webhook.body["eventTime"])
            for story in LIB.past
            for webhook in story.webhooks
            if "wixAppId" in webhook.body
        ]

        assert payments
        assert max(payments) < NOW - timedelta(days=3)

    def test_sequence_and_time_of_a_plan_order_rise_together(self) -> None:
        for story in LIB.past:
            told = [
                (int(webhook.body["entityEventSequence"]), webhook.body["eventTime"])
                for webhook in story.webhooks
                if webhook.event_type.startswith(PLAN)
            ]
            assert told == sorted(told)
            assert all(earlier[0] < later[0] for earlier, later in pairwise(told))

    def test_past_has_every_fate(self) -> None:
        slugs = {webhook.body.get("slug") for story in LIB.past for webhook in story.webhooks}

        assert {"canceled", "auto_renew_canceled", "paused", "resumed", "ended", "fulfilled"} <= slugs

    def test_prices_add_up_as_wix_computes_them(self) -> None:
        """total = subtotal − discount + tax (wix: price identity)."""
        prices = [
            price["price"]
            for story in LIB.stories
            for webhook in story.webhooks
            if webhook.event_type == f"{PLAN}created"
            for price in webhook.body["createdEvent"]["entity"]["pricing"]["prices"]
        ]
        for price in prices:
            tax = Decimal(price.get("tax", {}).get("amount", "0"))
            assert Decimal(price["total"]) == Decimal(price["subtotal"]) - Decimal(price["discount"]) + tax

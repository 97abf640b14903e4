"""Which access an event about a plan order calls for, and whether it still does when it is carried out."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.record import EventRecord, Unreadable
from streams import due, reason
from streams.access import decide, is_not_there_yet, never_began, unwanted
from streams.effect import ACCESS, Effect
from streams.plan_order import PlanOrder
from tests.streams.event_records import AT, SITE, payload, record, recorded

ORDER = "44444444-4444-4444-8444-444444444444"
PLAN = "wix.pricing_plans.v2.order_"
GOING_ON = {"status": "ACTIVE", "pauseDate": "2026-02-01T00:00:00Z"}
GONE = {"status": "ENDED", "pauseDate": "2026-02-01T00:00:00Z", "resumeDate": "2026-02-09T00:00:00Z"}


def an_order(status: str | None, *pauses: dict[str, Any], **more: Any) -> dict[str, Any]:
    shown = {"id": ORDER, "status": status, "pausePeriods": list(pauses), **more}
    return {name: value for name, value in shown.items() if value is not None}


def an_event(slug: str, order: dict[str, Any], *, anonymized: bool = False) -> EventRecord:
    body: dict[str, Any] = {"id": f"{slug}-1", "slug": slug, "triggeredByAnonymizeRequest": anonymized}
    if slug == "created":
        body["createdEvent"] = {"entity": order}
    elif slug == "updated":
        body["updatedEvent"] = {"currentEntity": order}
    else:
        body["actionEvent"] = {"body": {"order": order}}
    return record(body, event_type=f"{PLAN}{slug}")


def keys(*events: EventRecord) -> set[str]:
    """The changes of access that events make due, without what is the same in each key."""
    found = (effect.key for event in events for effect in decide(event).effects)
    return {f"{verb}:{number}" for _, verb, _, _, number in (key.split(":") for key in found)}


def the_effect(slug: str, order: dict[str, Any]) -> Effect:
    (effect,) = decide(an_event(slug, order)).effects
    return effect


class TestDecide:
    @pytest.mark.parametrize(
        ("slug", "order", "expected"),
        [
            # Not bought, or bought and not begun.
            ("created", an_order("DRAFT"), set()),
            ("purchased", an_order("PENDING"), set()),
            ("updated", an_order("UNDEFINED"), set()),
            ("updated", an_order(None), set()),
            # It runs: paid, free, offline, in a trial; whichever event shows it.
            ("created", an_order("ACTIVE"), {"grant:0"}),
            ("purchased", an_order("ACTIVE"), {"grant:0"}),
            ("updated", an_order("ACTIVE"), {"grant:0"}),
            ("started", an_order("ACTIVE"), {"grant:0"}),
            ("cycle_started", an_order("ACTIVE"), {"grant:0"}),
            ("marked_as_paid", an_order("ACTIVE"), {"grant:0"}),
            # Started, though the picture is from before.
            ("started", an_order("PENDING"), {"grant:0"}),
            # Canceled for the next payment date: it runs until then.
            ("auto_renew_canceled", an_order("ACTIVE", autoRenewCanceled=True), {"grant:0"}),
            # Paused and resumed, once and again; pausePeriods may be missing or late.
            ("paused", an_order("PAUSED", GOING_ON), {"revoke:1"}),
            ("updated", an_order("PAUSED", GOING_ON), {"revoke:1"}),
            ("paused", an_order("PAUSED"), {"revoke:1"}),
            ("resumed", an_order("ACTIVE", GONE), {"grant:1"}),
            ("resumed", an_order("ACTIVE", GOING_ON), {"grant:1"}),
            ("resumed", an_order("PAUSED", GOING_ON), {"grant:1"}),
            ("cycle_started", an_order("ACTIVE", GONE), {"grant:1"}),
            ("paused", an_order("PAUSED", GONE, GOING_ON), {"revoke:2"}),
            ("resumed", an_order("ACTIVE", GONE, GONE), {"grant:2"}),
            # Over, and over for good.
            ("updated", an_order("CANCELED"), {"revoke:0"}),
            ("canceled", an_order("CANCELED"), {"revoke:0"}),
            ("ended", an_order("CANCELED"), {"revoke:0"}),
            ("ended", an_order("ENDED"), {"revoke:0"}),
            ("ended", an_order("ACTIVE"), {"revoke:0"}),
            ("canceled", an_order("CANCELED", GOING_ON), {"revoke:0"}),
        ],
    )
    def test_each_picture_of_an_order_calls_for_one_change_at_most(
        self, slug: str, order: dict[str, Any], expected: set[str]
    ) -> None:
        assert keys(an_event(slug, order)) == expected

    @pytest.mark.parametrize(
        ("name", "expected"),
        [
            ("plan_order_created__draft_on_ecom", set()),
            ("plan_order_start_date_changed__draft", set()),
            ("plan_order_created__lifetime", {"grant:0"}),
            ("plan_order_purchased__lifetime", {"grant:0"}),
            ("plan_order_started__lifetime", {"grant:0"}),
            ("plan_order_cycle_started__trial", {"grant:0"}),
            ("plan_order_cycle_started__free", {"grant:0"}),
            ("plan_order_auto_renew_canceled__trial", {"grant:0"}),
            ("plan_order_marked_as_paid__offline", {"grant:0"}),
            ("plan_order_paused__lifetime", {"revoke:1"}),
            ("plan_order_resumed__lifetime", {"grant:1"}),
            ("plan_order_canceled__immediately", {"revoke:0"}),
            ("plan_order_canceled__free_by_coupon", {"revoke:0"}),
            ("plan_order_ended__canceled", {"revoke:0"}),
        ],
    )
    def test_recorded_events_call_for_what_they_tell_of(self, name: str, expected: set[str]) -> None:
        assert keys(recorded(name)) == expected

    def test_other_events_call_for_nothing(self) -> None:
        assert keys(recorded("store_order_approved__shipped")) == set()
        assert keys(recorded("payment_transaction_status_changed__plan")) == set()

    def test_buyer_who_asked_to_be_forgotten_is_granted_nothing_but_may_end(self) -> None:
        assert keys(an_event("updated", an_order("ACTIVE"), anonymized=True)) == set()
        assert keys(an_event("updated", an_order("CANCELED"), anonymized=True)) == {"revoke:0"}

    def test_change_of_an_order_without_id_goes_to_the_dead_letters(self) -> None:
        nameless = {"status": "ACTIVE"}

        with pytest.raises(Unreadable):
            decide(an_event("started", nameless))

        assert keys(an_event("created", {"status": "DRAFT"})) == set()

    def test_effect_names_site_order_and_what_happened(self) -> None:
        effect = the_effect("paused", an_order("PAUSED", GOING_ON))

        assert effect.key == f"access:revoke:{SITE}:{ORDER}:1"
        assert (effect.flow, effect.instance_id, effect.order_id) == (ACCESS, SITE, ORDER)
        assert effect.event_at == AT
        assert effect.payload == {"verb": "revoke", "number": 1, "change": "paused"}

    def test_purchase_makes_its_notice_due_first_and_then_access(self) -> None:
        found = due.decide(recorded("plan_order_purchased__lifetime")).effects

        assert [effect.flow for effect in found] == ["purchase_notice", "access"]


# What an order may live through, as Wix tells it: slugs of each move, and the picture they all carry.
MOVES = {
    "starts": ("updated", "purchased", "started", "cycle_started"),
    "renews": ("updated", "cycle_started"),
    "pauses": ("updated", "paused"),
    "resumes": ("updated", "resumed"),
    "is canceled": ("updated", "canceled", "ended"),
    "runs out": ("updated", "ended"),
}


@st.composite
def lives(draw: st.DrawFn) -> list[list[EventRecord]]:
    """The events of one order's life, move by move."""
    pauses: list[dict[str, Any]] = []
    told = [[an_event("created", an_order("DRAFT"))]]
    move, status = "starts", "ACTIVE"
    for _ in range(draw(st.integers(0, 7))):
        told.append([an_event(slug, an_order(status, *pauses)) for slug in MOVES[move]])
        if status in ("CANCELED", "ENDED"):
            break
        if status == "PAUSED":
            move = draw(st.sampled_from(["resumes", "is canceled"]))
        else:
            move = draw(st.sampled_from(["renews", "pauses", "is canceled", "runs out"]))
        if move == "pauses":
            pauses, status = [*pauses, GOING_ON], "PAUSED"
        elif move == "resumes":
            pauses, status = [*pauses[:-1], GONE], "ACTIVE"
        elif move != "renews":
            status = "CANCELED" if move == "is canceled" else "ENDED"
    return told


class TestKeys:
    @given(lives(), st.data())
    def test_any_order_and_any_repetition_of_the_same_events_give_the_same_keys(
        self, life: list[list[EventRecord]], data: st.DataObject
    ) -> None:
        events = [event for move in life for event in move]
        twice = data.draw(st.lists(st.sampled_from(events)))
        arrived = data.draw(st.permutations([*events, *twice]))

        assert keys(*arrived) == keys(*events)

    @given(lives(), st.data())
    def test_one_event_of_each_move_is_enough(
        self, life: list[list[EventRecord]], data: st.DataObject
    ) -> None:
        """What Wix gives up to deliver after two days is made up for by what it told beside it."""
        arrived = [data.draw(st.sampled_from(move)) for move in life]

        assert keys(*arrived) == keys(*(event for move in life for event in move))

    @given(lives())
    def test_changes_take_turns_until_the_end(self, life: list[list[EventRecord]]) -> None:
        changes = list(dict.fromkeys(key for move in life for event in move for key in keys(event)))

        running = [key for key in changes if key != "revoke:0"]
        verbs = [key.partition(":")[0] for key in running]
        assert verbs == ["grant", "revoke"] * (len(verbs) // 2) + ["grant"] * (len(verbs) % 2)
        assert "revoke:0" not in changes[:-1]


BEFORE, AFTER = (AT - timedelta(hours=1)).isoformat(), (AT + timedelta(hours=1)).isoformat()
STARTED = the_effect("started", an_order("ACTIVE"))
PAUSED = the_effect("paused", an_order("PAUSED", GOING_ON))
RESUMED = the_effect("resumed", an_order("ACTIVE", GONE))
ENDED = the_effect("ended", an_order("CANCELED"))
PRICED = {"prices": [{"duration": {"cycleFrom": 1}, "price": {"total": "9"}}]}


class TestPresentWord:
    @pytest.mark.parametrize(
        ("effect", "now", "expected"),
        [
            # As the event said, or further on in the same direction.
            (STARTED, an_order("ACTIVE"), "wanted"),
            (STARTED, an_order("ACTIVE", GONE), "wanted"),
            (PAUSED, an_order("PAUSED", GOING_ON), "wanted"),
            (PAUSED, an_order("CANCELED", GONE), "wanted"),
            (RESUMED, an_order("ACTIVE", GONE), "wanted"),
            (ENDED, an_order("CANCELED"), "wanted"),
            (ENDED, an_order("ENDED"), "wanted"),
            (ENDED, an_order("PAUSED", GOING_ON), "wanted"),
            # A grant of an order that has been paused or is over since.
            (STARTED, an_order("PAUSED", GOING_ON), "superseded"),
            (STARTED, an_order("CANCELED"), "superseded"),
            (STARTED, an_order("ENDED"), "superseded"),
            (RESUMED, an_order("PAUSED", GONE, GOING_ON), "superseded"),
            (RESUMED, an_order("CANCELED", GONE), "superseded"),
            # A revoke of an order that runs again.
            (PAUSED, an_order("ACTIVE", GONE), "superseded"),
            (PAUSED, an_order("ACTIVE", GONE, GONE), "superseded"),
            (ENDED, an_order("ACTIVE", updatedDate=AFTER), "superseded"),
            # Wix shows the order as it was before the event: too soon to tell.
            (STARTED, an_order("DRAFT"), "too soon"),
            (STARTED, an_order("PENDING"), "too soon"),
            (PAUSED, an_order("ACTIVE"), "too soon"),
            (PAUSED, an_order("ACTIVE", GOING_ON), "too soon"),
            (RESUMED, an_order("PAUSED", GOING_ON), "too soon"),
            (ENDED, an_order("ACTIVE", updatedDate=BEFORE), "too soon"),
            (ENDED, an_order("ACTIVE"), "too soon"),
        ],
    )
    def test_change_is_told_while_it_is_true(
        self, effect: Effect, now: dict[str, Any], expected: str
    ) -> None:
        order = PlanOrder.from_json(now)

        is_early = is_not_there_yet(effect, order)

        found = unwanted(effect, order, was_granted=True) or ("too soon" if is_early else "wanted")
        assert found == expected

    @pytest.mark.parametrize(
        "order",
        [
            # A draft that was given up, and an order canceled before its start.
            an_order("CANCELED", type="ONLINE", lastPaymentStatus="UNPAID", pricing=PRICED),
            an_order("CANCELED", startDate=AFTER, endDate=BEFORE),
        ],
    )
    def test_order_that_never_began_has_nothing_to_revoke_unless_it_was_granted(
        self, order: dict[str, Any]
    ) -> None:
        shown = PlanOrder.from_json(order)

        assert never_began(shown)
        assert unwanted(ENDED, shown, was_granted=False) == reason.NEVER_GRANTED
        assert unwanted(ENDED, shown, was_granted=True) is None

    @pytest.mark.parametrize(
        "name", ["plan_order_canceled__immediately", "plan_order_canceled__free_by_coupon"]
    )
    def test_recorded_cancellations_are_of_orders_that_had_begun(self, name: str) -> None:
        order = PlanOrder.from_json(payload(name)["actionEvent"]["body"]["order"])

        assert not never_began(order)

"""Which notices an event makes due, and which it takes back."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.record import Unreadable
from ingest.topics import SNAPSHOTS
from streams import due, notification, reason
from streams.effect import NOTHING, PAYMENT_NOTICE, PURCHASE_NOTICE, payment_notice_key, purchase_notice_key
from streams.notification import unwanted_by_consent
from tests.streams.event_records import AT, SITE, a_payment, a_plan_order_event, payload, raw_record, recorded

STATUSES = [
    *("UNDEFINED", "APPROVED", "PENDING", "PENDING_MERCHANT", "CANCELED", "DECLINED"),
    *("REFUNDED", "PARTIALLY_REFUNDED", "AUTHORIZED", "SOMETHING_NEW", "****", None),
]
KINDS = [
    *("TRANSACTION_STATUS_CHANGED", "TRANSACTION_CREATED", "TRANSACTION_UPDATED"),
    *("REFUND_STATUS_CHANGED", "RECURRING_PAYMENT_STATUS_CHANGED"),
]
ORDER = "87a8eb86-adc5-51b0-b288-d4686680f7e1"


class TestPayments:
    def test_an_approved_payment_makes_one_notice_due(self) -> None:
        decision = due.decide(recorded("payment_transaction_status_changed__plan"))

        [effect] = decision.effects
        assert effect.flow == PAYMENT_NOTICE
        assert effect.key == payment_notice_key(SITE, "d172ee0c-3b63-539d-9e18-6eb5183bef8f")
        assert effect.order_id == "e7e532a7-a11f-54e1-913b-5e9a38e697d1"
        assert effect.event_at == AT
        assert effect.payload == {
            "app_id": "1522827f-c56c-a5c9-2ac9-00f9e6ae12d3",
            "transaction_id": "d172ee0c-3b63-539d-9e18-6eb5183bef8f",
            "amount": "9.08",
            "currency": "EUR",
        }

    def test_wix_may_leave_the_previous_status_out(self) -> None:
        """As in its own sample of a card payment; whose app it is, the runner judges."""
        [effect] = due.decide(recorded("payment_transaction_status_changed__store")).effects

        assert effect.payload["app_id"] == "1380b703-ce81-ff05-f115-39571d94dfcd"

    def test_a_payment_approved_at_once_makes_one_due(self) -> None:
        assert len(due.decide(a_payment("TRANSACTION_CREATED", previous=None)).effects) == 1

    def test_all_events_about_one_transaction_share_one_key(self) -> None:
        changed, created = a_payment(), a_payment("TRANSACTION_CREATED")

        assert due.decide(changed).effects[0].key == due.decide(created).effects[0].key

    def test_an_update_makes_nothing_due(self) -> None:
        assert due.decide(recorded("payment_transaction_updated__store")) == NOTHING

    @given(
        kind=st.sampled_from(KINDS),
        status=st.sampled_from(STATUSES),
        previous=st.sampled_from(STATUSES),
        refund=st.sampled_from([None, "APPROVED", "PENDING", "DECLINED"]),
        anonymized=st.sampled_from([None, True, False]),
    )
    def test_nothing_but_a_fresh_approval_ever_makes_a_notice_due(
        self, kind: str, status: str | None, previous: str | None, refund: str | None, anonymized: bool | None
    ) -> None:
        event = a_payment(kind, status=status, previous=previous, refund=refund, anonymized=anonymized)

        effects = due.decide(event).effects

        is_fresh = kind == "TRANSACTION_CREATED" or (
            kind == "TRANSACTION_STATUS_CHANGED" and previous != "APPROVED"
        )
        assert bool(effects) == (is_fresh and status == "APPROVED" and not anonymized)

    @given(st.lists(st.sampled_from(list(itertools.product(KINDS[:3], STATUSES[:6], STATUSES[:6])))))
    def test_however_often_and_in_whatever_order_events_come_a_transaction_has_one_notice(
        self, events: list[tuple[str, str, str]]
    ) -> None:
        decisions = [due.decide(a_payment(kind, status=now, previous=was)) for kind, now, was in events]

        keys = {effect.key for decision in decisions for effect in decision.effects}
        assert keys <= {payment_notice_key(SITE, "t-1")}

    def test_an_approved_payment_without_an_id_can_not_be_decided(self) -> None:
        with pytest.raises(Unreadable):
            due.decide(a_payment(transaction_id=None))


class TestMarks:
    """What an event takes back, which no call to Wix would show."""

    @pytest.mark.parametrize(
        ("event", "why"),
        [
            (a_payment("REFUND_STATUS_CHANGED", refund="APPROVED"), reason.REFUNDED),
            (a_payment(status="REFUNDED", previous="APPROVED"), reason.REFUNDED),
            (a_payment(status="PARTIALLY_REFUNDED", previous="APPROVED"), reason.REFUNDED),
            (a_payment("TRANSACTION_UPDATED", status="REFUNDED"), reason.REFUNDED),
            (a_payment("TRANSACTION_UPDATED", anonymized=True), reason.ANONYMIZED),
            (a_payment(status="CANCELED", previous="APPROVED"), reason.CANCELED),
            (a_payment(status="DECLINED", previous="APPROVED"), reason.CANCELED),
        ],
    )
    def test_a_payment_that_went_back_takes_its_notice_back(self, event: object, why: str) -> None:
        decision = due.decide(event)  # type: ignore[arg-type]  # parametrize loses the type

        [mark] = decision.marks
        assert (mark.effect_key, mark.reason, mark.at) == (payment_notice_key(SITE, "t-1"), why, AT)
        assert decision.effects == ()

    @pytest.mark.parametrize(
        "event",
        [
            a_payment("REFUND_STATUS_CHANGED", refund="PENDING"),
            a_payment("REFUND_STATUS_CHANGED", refund="DECLINED"),
            a_payment(status="DECLINED", previous="PENDING"),
        ],
        ids=["refund asked for", "refund declined", "first try declined"],
    )
    def test_what_may_still_become_a_payment_takes_nothing_back(self, event: object) -> None:
        assert due.decide(event) == NOTHING  # type: ignore[arg-type]  # parametrize loses the type

    def test_masked_events_are_read_without_stumbling(self) -> None:
        [mark] = due.decide(recorded("payment_transaction_updated__anonymized")).marks

        assert mark.reason == reason.ANONYMIZED

    def test_an_anonymized_order_takes_its_purchase_notice_back(self) -> None:
        decision = due.decide(a_plan_order_event("purchased", anonymized=True))

        assert decision.effects == ()
        [mark] = decision.marks
        assert (mark.effect_key, mark.reason) == (purchase_notice_key(SITE, ORDER), reason.ANONYMIZED)


class TestPurchases:
    def test_an_order_that_is_no_draft_is_bought_when_it_is_created(self) -> None:
        [effect] = notification.decide(recorded("plan_order_created__lifetime")).effects

        assert effect.flow == PURCHASE_NOTICE
        assert effect.key == purchase_notice_key(SITE, ORDER)
        assert effect.payload == {}

    def test_created_and_purchased_are_one_notice(self) -> None:
        created, purchased = a_plan_order_event("created"), a_plan_order_event("purchased")

        assert notification.decide(created).effects[0].key == notification.decide(purchased).effects[0].key

    @pytest.mark.parametrize("status", ["DRAFT", "UNDEFINED", None])
    def test_a_draft_is_bought_when_it_is_purchased(self, status: str | None) -> None:
        assert notification.decide(a_plan_order_event("created", status=status)) == NOTHING
        assert len(notification.decide(a_plan_order_event("purchased", status=status)).effects) == 1

    @pytest.mark.parametrize(
        "slug",
        [
            *("updated", "started", "cycle_started", "auto_renew_canceled", "canceled", "ended", "paused"),
            *("resumed", "marked_as_paid", "end_date_postponed", "start_date_changed"),
        ],
    )
    def test_no_other_event_of_an_order_is_a_purchase(self, slug: str) -> None:
        assert notification.decide(a_plan_order_event(slug)) == NOTHING


def test_an_import_of_orders_notifies_nobody() -> None:
    body = payload("plan_order_purchased__lifetime")

    snapshot = raw_record(body, topic=SNAPSHOTS.name, event_type="wix.pricing_plans.v2.order_purchased")

    assert due.decide(snapshot) == NOTHING


def test_the_same_record_always_gives_the_same_decision() -> None:
    assert due.decide(a_payment()) == due.decide(a_payment())
    assert due.decide(a_plan_order_event("created")) == due.decide(a_plan_order_event("created"))


@given(st.text(), st.text())
def test_no_status_but_subscribed_and_deliverable_ever_permits_a_mail(subscribed: str, delivers: str) -> None:
    assert unwanted_by_consent(subscribed, "BOUNCED") is not None
    if subscribed != "SUBSCRIBED":
        assert unwanted_by_consent(subscribed, delivers) is not None
    if delivers not in ("VALID", "NOT_SET", "ABSENT"):
        assert unwanted_by_consent("SUBSCRIBED", delivers) is not None


def test_every_reason_has_its_meaning() -> None:
    codes = {value for name, value in vars(reason).items() if name.isupper() and isinstance(value, str)}

    assert codes == set(reason.MEANINGS)

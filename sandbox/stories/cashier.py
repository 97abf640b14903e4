"""Payments: what Wix's cashier sends when a transaction is approved, declined or refunded."""

from datetime import datetime
from decimal import Decimal
from random import Random

from sandbox.stories.cast import Site
from sandbox.stories.envelope import PAYMENT_EVENT, PRICING_PLANS_APP_ID, Json, guid, iso, payment_event
from sandbox.stories.story import Script, Webhook

INSUFFICIENT_FUNDS = 3012


class Cashier:
    """The transactions of one order. `app_id` is the Wix app that asks for the money."""

    def __init__(
        self,
        script: Script,
        rng: Random,
        site: Site,
        *,
        now: datetime,
        order_id: str,
        item: str,
        price: Decimal,
        app_id: str = PRICING_PLANS_APP_ID,
    ) -> None:
        self.script, self._rng, self._site, self._now = script, rng, site, now
        self._app_id = app_id
        self._price = price
        self._order: Json = {
            "id": guid(rng),
            "wixAppOrderId": order_id,
            "items": [{"id": "1", "name": item, "price": float(price), "quantity": 1}],
            "itemsTotalCount": 1,
            "additionalCharges": {},
        }
        self._created: dict[str, datetime] = {}

    def new_transaction(self, at: datetime | None = None) -> str:
        """The id of a transaction that is begun."""
        transaction_id = guid(self._rng)
        self._created[transaction_id] = at or self._now
        return transaction_id

    def approve(
        self, at: datetime | None = None, *, cycle: int | None = None, transaction_id: str | None = None
    ) -> str:
        """A payment goes through: PENDING, then APPROVED; the transaction's id."""
        paid = transaction_id or self.new_transaction(at)
        self._changed(self._transaction(paid, "APPROVED", cycle), "PENDING", at)
        return paid

    def create_approved(self, at: datetime | None = None) -> str:
        """A payment that is approved when it is first heard of; the transaction's id."""
        paid = self.new_transaction(at)
        content = {"order": self._order, "transaction": self._transaction(paid, "APPROVED")}
        self._send("TRANSACTION_CREATED", "transactionCreatedEvent", content, at)
        return paid

    def approve_unnamed(self, at: datetime | None = None) -> None:
        """A payment goes through, and Wix tells of it without its id."""
        transaction = self._transaction(self.new_transaction(at), "APPROVED")
        del transaction["id"]
        self._changed(transaction, "PENDING", at)

    def decline(self, at: datetime | None = None) -> str:
        """The bank says no; the transaction's id."""
        declined = self.new_transaction(at)
        transaction = {**self._transaction(declined, "DECLINED"), "reasonCode": INSUFFICIENT_FUNDS}
        self._changed(transaction, "PENDING", at)
        return declined

    def refund(self, transaction_id: str, at: datetime | None = None) -> None:
        """All of it goes back: the refund is approved and the transaction is refunded."""
        amount = self._amount()
        transaction = {**self._transaction(transaction_id, "REFUNDED"), "refundedAmount": amount}
        refund = {
            "id": guid(self._rng),
            "amount": amount,
            "status": "APPROVED",
            "createdAt": iso(at or self._now),
        }
        content = {
            "order": self._order,
            "transaction": transaction,
            "refund": refund,
            "previousStatus": "PENDING",
        }
        self._send("REFUND_STATUS_CHANGED", "refundStatusChangedEvent", content, at)
        self._changed(transaction, "APPROVED", at)

    def _changed(self, transaction: Json, previous: str, at: datetime | None) -> None:
        content = {"order": self._order, "transaction": transaction, "previousStatus": previous}
        self._send("TRANSACTION_STATUS_CHANGED", "transactionStatusChangedEvent", content, at)

    def _transaction(self, transaction_id: str, status: str, cycle: int | None = None) -> Json:
        transaction: Json = {
            "id": transaction_id,
            "amount": self._amount(),
            "status": status,
            "paymentMethod": "creditCard",
            "paymentProvider": "com.wix.wixpay.us",
            "createdAt": iso(self._created[transaction_id]),
            "creditCardPaymentMethodData": {"network": "visa", "maskedCreditCard": "411111****1111"},
        }
        if cycle is not None:
            transaction["recurringPaymentDetails"] = {"cycleNumber": cycle}
        return transaction

    def _amount(self) -> Json:
        return {"amount": float(self._price), "currency": self._site.currency}

    def _send(self, kind: str, carrier: str, content: Json, at: datetime | None) -> None:
        body = payment_event(guid(self._rng), kind, carrier, content, app_id=self._app_id, at=at or self._now)
        webhook = Webhook(
            instance_id=self._site.instance_id,
            event_type=PAYMENT_EVENT,
            body=body,
            happens_now=at is None,
            lacks_its_id="id" not in content["transaction"],
        )
        self.script.add(webhook)

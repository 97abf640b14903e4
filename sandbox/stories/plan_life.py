"""The life of one plan order: each move changes the order at Wix and sends the webhooks Wix sends for it.

Moves take the time at which they happen; None means the moment they are told.
"""

from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from random import Random

from sandbox.stories.cashier import Cashier
from sandbox.stories.cast import Customer, Plan, Site
from sandbox.stories.envelope import PLAN_ORDER, Json, domain_event, guid, iso, later
from sandbox.stories.story import Expected, Script, Seed, Webhook, access

CENT = Decimal("0.01")


class PlanLife:
    """One order of `plan` by `buyer`, from its creation on.

    `now` is when the story is planned. With `only_last_seed` nothing is seeded on the way:
    a history is told after the fact, when Wix holds only how it ended.
    """

    def __init__(
        self,
        script: Script,
        rng: Random,
        site: Site,
        buyer: Customer,
        plan: Plan,
        *,
        now: datetime,
        only_last_seed: bool = False,
    ) -> None:
        self.script, self.rng, self.site, self.buyer, self.plan = script, rng, site, buyer, plan
        self.now = now
        self.order = self._new_order()
        self.id: str = self.order["id"]
        self.cashier = Cashier(script, rng, site, now=now, order_id=self.id, item=plan.name, price=plan.price)
        self._only_last_seed = only_last_seed
        self._sequence = 0
        # Every change of access so far, as verb and number, in the order in which they came.
        self.access_changes: list[tuple[str, int]] = []

    def create(self, at: datetime | None = None) -> None:
        """The buyer starts to order: a draft until paid; a free plan is active at once."""
        moment = at or self.now
        times = dict.fromkeys(("createdDate", "startDate", "updatedDate"), iso(moment))
        self.order.update(times)
        if self.plan.price:
            self._happened(["created"], at)
            return
        self.order.update(status="ACTIVE", lastPaymentStatus="NOT_APPLICABLE")
        self._start_cycle(1, moment)
        self._happened(["created", "purchased", "updated", "started"], at)

    def create_offline(self, at: datetime | None = None) -> None:
        """The owner takes the order at the desk, paid there."""
        moment = at or self.now
        self.order.update(dict.fromkeys(("createdDate", "startDate", "updatedDate"), iso(moment)))
        self.order.update(type="OFFLINE", status="ACTIVE", lastPaymentStatus="PAID")
        self._start_cycle(1, moment)
        self._happened(["created", "purchased", "updated", "started"], at, by="owner")

    def pay(self, at: datetime | None = None) -> str:
        """The first payment goes through; the transaction's id."""
        moment = at or self.now
        self.order.update(status="ACTIVE", lastPaymentStatus="PAID", startDate=iso(moment))
        self._start_cycle(1, moment)
        self._happened(["updated", "purchased", "started", "cycle_started"], at)
        return self.cashier.approve(at)

    def start_trial(self, at: datetime | None = None) -> None:
        """A card is stored and the trial begins; nothing is paid, so nothing is bought yet."""
        moment = at or self.now
        self.order.update(status="ACTIVE", lastPaymentStatus="PENDING", startDate=iso(moment))
        ends = moment + timedelta(days=self.plan.trial_days)
        self.order["currentCycle"] = {"index": 0, "startedDate": iso(moment), "endedDate": iso(ends)}
        self._happened(["updated", "started", "cycle_started"], at)

    def pay_after_trial(self, at: datetime | None = None) -> str:
        """The trial ends and the card is charged; the transaction's id."""
        self.order.update(lastPaymentStatus="PAID")
        self._start_cycle(1, at or self.now)
        self._happened(["updated", "cycle_started", "purchased"], at)
        return self.cashier.approve(at)

    def renew(self, at: datetime | None = None) -> str:
        """The next cycle starts and is paid; the transaction's id."""
        index = self.order["currentCycle"]["index"] + 1
        self._start_cycle(index, at or self.now)
        self._happened(["updated", "cycle_started"], at)
        return self.cashier.approve(at, cycle=index)

    def card_fails(self, at: datetime | None = None) -> str:
        """The card is declined; the transaction's id."""
        self.order.update(lastPaymentStatus="FAILED")
        self._happened(["updated"], at)
        return self.cashier.decline(at)

    def cancel_now(self, cause: str, at: datetime | None = None) -> None:
        """Canceled at once by MEMBER_ACTION, OWNER_ACTION, PAYMENT_FAILURE …."""
        moment = at or self.now
        self.order.update(
            status="CANCELED",
            endDate=iso(moment),
            cancellation={"requestedDate": iso(moment), "cause": cause, "effectiveAt": "IMMEDIATELY"},
        )
        self.order.pop("currentCycle", None)
        self._happened(["updated", "canceled", "ended"], at, by=_BY.get(cause))

    def cancel_at_period_end(self, cause: str, at: datetime | None = None) -> None:
        """The buyer keeps what is paid; the order ends with the current cycle."""
        moment = iso(at or self.now)
        self.order.update(
            autoRenewCanceled=True,
            endDate=self.order["currentCycle"]["endedDate"],
            cancellation={"requestedDate": moment, "cause": cause, "effectiveAt": "NEXT_PAYMENT_DATE"},
        )
        self._happened(["updated", "auto_renew_canceled"], at, by=_BY.get(cause))

    def period_ends(self, at: datetime | None = None) -> None:
        """The last paid cycle is over."""
        self.order.update(status="CANCELED", endDate=iso(at or self.now))
        self.order.pop("currentCycle", None)
        self._happened(["updated", "canceled", "ended"], at)

    def pause(self, at: datetime | None = None) -> None:
        """Paused: nothing is charged until it goes on."""
        pause = {"status": "ACTIVE", "pauseDate": iso(at or self.now)}
        self.order.update(status="PAUSED", pausePeriods=[*self.order["pausePeriods"], pause])
        self._happened(["updated", "paused"], at, by="owner")

    def resume(self, at: datetime | None = None) -> None:
        """The pause is over."""
        *before, last = self.order["pausePeriods"]
        ended = {**last, "status": "ENDED", "resumeDate": iso(at or self.now)}
        self.order.update(status="ACTIVE", pausePeriods=[*before, ended])
        self._happened(["updated", "resumed"], at, by="owner")

    def refund(self, transaction_id: str, at: datetime | None = None) -> None:
        """The money goes back; the order stays what it is."""
        self.order.update(lastPaymentStatus="REFUNDED")
        self._happened(["updated"], at, by="owner")
        self.cashier.refund(transaction_id, at)

    def send(self, slug: str, at: datetime | None, place: int = 0, by: str | None = None) -> None:
        """Wix tells of the order as it is; `place` orders what happens in the same moment."""
        self._sequence += 1
        number = {"cycleNumber": self.order["currentCycle"]["index"]} if slug == "cycle_started" else None
        body = domain_event(
            guid(self.rng),
            PLAN_ORDER,
            slug,
            self.id,
            self.order,
            at=(at or self.now) + timedelta(milliseconds=place),
            sequence=self._sequence,
            beside=number,
        )
        webhook = Webhook(
            instance_id=self.site.instance_id,
            event_type=f"{PLAN_ORDER}_{slug}",
            body=body,
            identity=self._identity(by),
            happens_now=at is None,
        )
        self.script.add(webhook)

    def access_end(self) -> Expected:
        """The last change is told to the receiver; a story must let it come to its end before the next."""
        return access(self.site.instance_id, self.id, *self.access_changes[-1], "done")

    def access_ends_in_hindsight(self) -> list[Expected]:
        """Told after the fact: what the order has left behind since is not told any more."""
        last = [verb for verb, _ in self.access_changes][-1:]
        return [
            access(self.site.instance_id, self.id, verb, number, "done")
            if verb in last
            else access(self.site.instance_id, self.id, verb, number, "suppressed", "superseded")
            for verb, number in self.access_changes
        ]

    def seed(self) -> Seed:
        """The order as Wix holds it now."""
        held = {"instanceId": self.site.instance_id, "order": {**self.order}}
        return Seed(content={"planOrders": [held]})

    def _new_order(self) -> Json:
        order: Json = {
            "id": guid(self.rng),
            "planId": self.plan.id,
            "subscriptionId": guid(self.rng),
            "buyer": {"memberId": self.buyer.member_id, "contactId": self.buyer.contact_id},
            "pricing": {**self._model(), "prices": [self._price()]},
            "type": "ONLINE",
            "status": "DRAFT",
            "lastPaymentStatus": "UNPAID",
            "pausePeriods": [],
            "planName": self.plan.name,
            "planDescription": "",
            "planPrice": str(self.plan.price),
        }
        if self.plan.price:
            order["wixPayOrderId"] = guid(self.rng)
        if self.plan.unit:
            order["autoRenewCanceled"] = False
        if self.plan.trial_days:
            order["freeTrialDays"] = self.plan.trial_days
        return order

    def _model(self) -> Json:
        if self.plan.unit is None:
            return {"singlePaymentUnlimited": True}
        return {"subscription": {"cycleDuration": {"count": 1, "unit": self.plan.unit}, "cycleCount": 0}}

    def _price(self) -> Json:
        total = self.plan.price
        price = {"subtotal": str(total), "discount": "0", "total": str(total), "currency": self.site.currency}
        percent = self.site.tax_percent
        if percent and total:
            tax = (total - total / (1 + percent / 100)).quantize(CENT, ROUND_HALF_UP)
            rate = {"name": "VAT", "includedInPrice": True, "rate": str(percent), "amount": str(tax)}
            price = {**price, "subtotal": str(total - tax), "tax": rate}  # type: ignore[dict-item]  # nested JSON
        return {"duration": {"cycleFrom": 1}, "price": price}

    def _start_cycle(self, index: int, moment: datetime) -> None:
        cycle: Json = {"index": index, "startedDate": iso(moment)}
        if self.plan.unit:
            cycle["endedDate"] = iso(later(moment, 1, self.plan.unit))
        self.order["currentCycle"] = cycle

    def _happened(self, slugs: list[str], at: datetime | None, *, by: str | None = None) -> None:
        self.order["updatedDate"] = iso(at or self.now)
        self._note_access()
        if not self._only_last_seed:
            self.script.add(self.seed())
        for place, slug in enumerate(slugs):
            self.send(slug, at, place, by)

    def _note_access(self) -> None:
        """What the order as it is now means for access: it runs, pauses, or is over."""
        pauses = len(self.order["pausePeriods"])
        changes = {"ACTIVE": ("grant", pauses), "PAUSED": ("revoke", pauses), "CANCELED": ("revoke", 0)}
        change = changes.get(self.order["status"])
        if change is not None and change not in self.access_changes:
            self.access_changes.append(change)

    def _identity(self, by: str | None) -> Json | None:
        if by == "owner":
            return {"identityType": "WIX_USER", "wixUserId": self.site.instance_id}
        if by == "member":
            return {"identityType": "MEMBER", "memberId": self.buyer.member_id}
        return None


_BY = {"MEMBER_ACTION": "member", "OWNER_ACTION": "owner"}

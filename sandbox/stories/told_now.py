"""The fixed set: one story for each thing that can happen to an order, told as it happens today."""

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random

from sandbox.stories.cast import (
    BOUNCED,
    LONG_AGO,
    SUBSCRIBED,
    UNSUBSCRIBED,
    Consent,
    Customer,
    Site,
    customer,
)
from sandbox.stories.envelope import guid
from sandbox.stories.plan_life import PlanLife
from sandbox.stories.store_life import WAREHOUSE, StoreLife
from sandbox.stories.story import Script, Seed, Story, Webhook, fulfillment, payment_notice, purchase_notice

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def told_now(rng: Random, cast: tuple[Site, ...], now: datetime) -> tuple[Story, ...]:
    """Every story of the fixed set. The same generator state and `now` give the same stories."""
    return tuple(one_told_now(name, rng, cast, now) for name in NAMES)


def one_told_now(name: str, rng: Random, cast: tuple[Site, ...], now: datetime) -> Story:
    """The story of that name, with people and ids of its own."""
    move, place = _SET[name]
    site = cast[place]
    script = Script(name, (move.__doc__ or name).strip(), site.instance_id)
    move(_Stage(script, rng, site, now))
    return script.told()


class _Stage:
    """Where one story is played: its script, its site and the hour."""

    def __init__(self, script: Script, rng: Random, site: Site, now: datetime) -> None:
        self.script, self.rng, self.site, self.now = script, rng, site, now

    def plan(
        self,
        name: str,
        *,
        at_member: Consent = SUBSCRIBED,
        at_contact: Consent = SUBSCRIBED,
        has_address: bool = True,
    ) -> PlanLife:
        """A new customer is about to order the site's plan `name`."""
        buyer = self._customer(at_member, at_contact, has_address=has_address)
        return PlanLife(self.script, self.rng, self.site, buyer, self.site.plans[name], now=self.now)

    def basket(self, *items: tuple[int, int]) -> StoreLife:
        """A new customer is about to order; each item is a product's place in the site's list, and units."""
        basket = tuple((self.site.products[place], units) for place, units in items)
        buyer = self._customer(SUBSCRIBED, SUBSCRIBED, has_address=True)
        return StoreLife(self.script, self.rng, self.site, buyer, basket, now=self.now)

    def paid(self, life: PlanLife, transaction_id: str, reason: str | None = None) -> None:
        """The payment notice is sent, or suppressed; the purchase notice says nothing beside it."""
        state = "done" if reason is None else "suppressed"
        self.script.expect(
            life.access_end(),
            payment_notice(self.site.instance_id, transaction_id, life.id, state, reason),  # type: ignore[arg-type]  # one of two literals
            purchase_notice(self.site.instance_id, life.id, "suppressed", "covered_by_payment"),
        )

    def packed_later(self, at: datetime, *items: tuple[int, int]) -> StoreLife:
        """A store order placed then, approved and paid a minute later; it waits for the warehouse."""
        life = self.basket(*items)
        life.place(at)
        life.approve(at + HOUR / 60)
        life.pay(at + HOUR / 60)
        self.waits_for_warehouse(life)
        return life

    def waits_for_warehouse(self, life: StoreLife) -> None:
        """Approval alone ships nothing here."""
        self.script.expect(
            fulfillment(self.site.instance_id, life.id, "immediate", "suppressed", "policy_handover")
        )

    def parcel(self, life: StoreLife, *places: int) -> str:
        """The warehouse hands over the lines at these places, or everything; a fulfillment comes of it.

        Gives its tracking number.
        """
        number = f"1Z{guid(self.rng)[:8].upper()}"
        lines = [life.lines[place] for place in places] or None
        key = life.hand_over(number, lines=lines)
        how = f"{WAREHOUSE}:{key}"
        end = fulfillment(self.site.instance_id, life.id, how, "done", tracking_number=number)
        self.script.expect(end)
        return number

    def _customer(self, at_member: Consent, at_contact: Consent, *, has_address: bool) -> Customer:
        buyer = customer(
            self.rng, self.site, at_member=at_member, at_contact=at_contact, has_address=has_address
        )
        self.script.add(Seed(content=buyer.seed(self.now - LONG_AGO)))
        return buyer


def _bought_by_member(stage: _Stage) -> None:
    """A plan is bought and paid; the member's address is the subscribed one."""
    life = stage.plan("monthly", at_contact=UNSUBSCRIBED)
    life.create()
    stage.paid(life, life.pay())


def _bought_by_contact(stage: _Stage) -> None:
    """A plan is bought and paid at a site that writes to contacts; only that address is subscribed."""
    life = stage.plan("yearly", at_member=UNSUBSCRIBED)
    life.create()
    stage.paid(life, life.pay())


def _free_plan(stage: _Stage) -> None:
    """A free plan is taken; there is no payment, so the purchase is what is written about."""
    life = stage.plan("free")
    life.create()
    stage.script.expect(life.access_end(), purchase_notice(stage.site.instance_id, life.id, "done"))


def _offline_plan(stage: _Stage) -> None:
    """The owner sells a plan at the desk; no cashier is involved."""
    life = stage.plan("once")
    life.create_offline()
    stage.script.expect(life.access_end(), purchase_notice(stage.site.instance_id, life.id, "done"))


def _only_purchase_notices(stage: _Stage) -> None:
    """A plan is bought and paid at a site that has switched payment notices off."""
    life = stage.plan("monthly")
    life.create()
    transaction = life.pay()
    stage.script.expect(
        life.access_end(),
        payment_notice(stage.site.instance_id, transaction, life.id, "suppressed", "off_by_setting"),
        purchase_notice(stage.site.instance_id, life.id, "done"),
    )


def _trial_then_failed_card(stage: _Stage) -> None:
    """A trial ends, the card is declined, the order is canceled; nobody is written to."""
    life = stage.plan("trial")
    life.create(stage.now - 9 * DAY)
    life.start_trial(stage.now - 9 * DAY + HOUR)
    stage.script.expect(life.access_end())

    stage.script.next_chapter()
    life.card_fails(stage.now - 2 * DAY)
    life.cancel_now("PAYMENT_FAILURE", stage.now - DAY)
    stage.script.expect(life.access_end())


def _canceled_now(stage: _Stage) -> None:
    """A plan is bought and paid, and canceled at once by the buyer."""
    life = stage.plan("monthly", at_member=UNSUBSCRIBED)
    life.create()
    stage.paid(life, life.pay())

    stage.script.next_chapter()
    life.cancel_now("MEMBER_ACTION")
    stage.script.expect(life.access_end())


def _canceled_at_period_end(stage: _Stage) -> None:
    """A plan is bought and paid, and set to end with its first month."""
    life = stage.plan("monthly")
    life.create()
    stage.paid(life, life.pay())

    stage.script.next_chapter()
    life.cancel_at_period_end("MEMBER_ACTION")


def _paused_and_resumed(stage: _Stage) -> None:
    """A plan is bought yesterday, paused, and resumed today."""
    life = stage.plan("monthly")
    life.create(stage.now - 20 * HOUR)
    stage.paid(life, life.pay(stage.now - 20 * HOUR + HOUR / 60))

    stage.script.next_chapter()
    life.pause(stage.now - 5 * HOUR)
    stage.script.expect(life.access_end())

    stage.script.next_chapter()
    life.resume()
    stage.script.expect(life.access_end())


def _refunded(stage: _Stage) -> None:
    """A plan is bought and paid; later the money goes back. The one message stays the only one."""
    life = stage.plan("once")
    life.create()
    transaction = life.pay()
    stage.paid(life, transaction)

    stage.script.next_chapter()
    life.refund(transaction)


def _refunded_before_we_looked(stage: _Stage) -> None:
    """The refund is told before the payment; a mail about the payment would be untrue by now."""
    life = stage.plan("once")
    life.create(stage.now - HOUR)
    transaction = life.cashier.new_transaction(stage.now - HOUR)
    life.order.update(status="ACTIVE", lastPaymentStatus="REFUNDED")
    stage.script.add(life.seed())
    life.cashier.refund(transaction, stage.now - HOUR / 2)
    life.cashier.approve(stage.now - HOUR, transaction_id=transaction)
    end = payment_notice(stage.site.instance_id, transaction, life.id, "suppressed", "refunded")
    stage.script.expect(end)


def _declined(stage: _Stage) -> None:
    """The card is declined; the order stays a draft and nobody is written to."""
    life = stage.plan("monthly")
    life.create()
    life.cashier.decline()


def _payment_without_id(stage: _Stage) -> None:
    """Wix tells of a payment without saying which: it is put aside, whole, and nobody is written to."""
    life = stage.plan("monthly")
    life.create()
    life.cashier.approve_unnamed()


def _unsubscribed(stage: _Stage) -> None:
    """A plan is bought and paid by someone who doesn't want mail."""
    life = stage.plan("weekly", at_member=UNSUBSCRIBED)
    life.create()
    stage.paid(life, life.pay(), "not_subscribed")


def _bounced(stage: _Stage) -> None:
    """A plan is bought and paid by someone whose address bounces."""
    life = stage.plan("monthly", at_member=BOUNCED)
    life.create()
    stage.paid(life, life.pay(), "undeliverable")


def _no_address(stage: _Stage) -> None:
    """A plan is bought and paid by someone without an address at Wix."""
    life = stage.plan("monthly", has_address=False)
    life.create()
    stage.paid(life, life.pay(), "no_address")


def _delivered_twice_and_backwards(stage: _Stage) -> None:
    """Wix delivers everything about one purchase twice and in the wrong order; one message comes of it."""
    held = Script("held", "", stage.site.instance_id)
    life = stage.plan("monthly")
    life.script = life.cashier.script = held
    life.create()
    stage.paid(life, life.pay())
    backwards = tuple(reversed(held.told().webhooks))
    stage.script.add(life.seed())
    for webhook in backwards + backwards:
        stage.script.add(webhook)


def _shipped_late(stage: _Stage) -> None:
    """A store order is paid six days ago and shipped today, past the three days it should take."""
    life = stage.basket((0, 1), (2, 2))
    life.place(stage.now - 6 * DAY)
    life.approve(stage.now - 6 * DAY + HOUR / 60)
    life.pay(stage.now - 6 * DAY + HOUR / 30)
    stage.waits_for_warehouse(life)

    stage.script.next_chapter()
    stage.parcel(life)


def _shipped_at_once(stage: _Stage) -> None:
    """A site without a warehouse fulfills when the order is approved; the store's payment is not a plan's."""
    life = stage.basket((1, 1))
    life.place()
    transaction = life.cashier().create_approved()
    life.pay()
    life.approve()
    stage.script.expect(
        payment_notice(stage.site.instance_id, transaction, life.id, "suppressed", "other_app"),
        fulfillment(stage.site.instance_id, life.id, "immediate", "done"),
    )


def _shipped_in_two_parcels(stage: _Stage) -> None:
    """A store order leaves in two parcels, each with its own tracking number."""
    life = stage.packed_later(stage.now - DAY, (0, 1), (1, 2))

    stage.script.next_chapter()
    stage.parcel(life, 0)

    stage.script.next_chapter()
    stage.parcel(life, 1)


def _label_printed_twice(stage: _Stage) -> None:
    """Two parcels have one tracking number, then a key is used again; both are left to a person."""
    life = stage.packed_later(stage.now - DAY, (0, 1), (1, 1))

    stage.script.next_chapter()
    number = stage.parcel(life, 0)

    stage.script.next_chapter()
    key = life.hand_over(number, lines=life.lines[1:], key=f"again-{number}")
    end = fulfillment(
        stage.site.instance_id, life.id, f"{WAREHOUSE}:{key}", "failed", "tracking_number_in_use"
    )
    stage.script.expect(end)

    stage.script.next_chapter()
    life.hand_over(f"{number}9", lines=life.lines[1:], key=key)


def _canceled_before_shipping(stage: _Stage) -> None:
    """A store order is paid and canceled before the warehouse packs it."""
    life = stage.packed_later(stage.now - 3 * HOUR, (2, 1))

    stage.script.next_chapter()
    life.cancel()


def _canceled_before_shipped_at_once(stage: _Stage) -> None:
    """The approval of a store order is told late, when the order is canceled already; nothing is shipped."""
    life = stage.basket((0, 2))
    life.place(stage.now - HOUR)
    held = Script("held", "", stage.site.instance_id)
    life.script = held
    life.approve(stage.now - HOUR / 2)
    life.script = stage.script
    life.cancel()
    _tell_late(stage.script, held.told().webhooks)
    stage.script.expect(fulfillment(stage.site.instance_id, life.id, "immediate", "suppressed", "canceled"))


def _digital(stage: _Stage) -> None:
    """A digital order is fulfilled by Wix itself, and must not be fulfilled again."""
    life = stage.basket((3, 1))
    life.place()
    life.pay()
    life.approve()
    stage.waits_for_warehouse(life)


def _tell_late(script: Script, webhooks: tuple[Webhook, ...]) -> None:
    for webhook in webhooks:
        script.add(webhook)


_YOGA, _STUDIO, _CLAY, _TEA, _PAGES = range(5)
# In the order in which a demo tells them.
_SET: dict[str, tuple[Callable[[_Stage], None], int]] = {
    move.__name__.removeprefix("_"): (move, place)
    for move, place in (
        (_bought_by_member, _YOGA),
        (_bought_by_contact, _STUDIO),
        (_free_plan, _TEA),
        (_shipped_late, _YOGA),
        (_shipped_at_once, _STUDIO),
        (_offline_plan, _STUDIO),
        (_only_purchase_notices, _PAGES),
        (_trial_then_failed_card, _YOGA),
        (_canceled_now, _STUDIO),
        (_canceled_at_period_end, _YOGA),
        (_paused_and_resumed, _TEA),
        (_refunded, _YOGA),
        (_refunded_before_we_looked, _STUDIO),
        (_declined, _CLAY),
        (_unsubscribed, _YOGA),
        (_bounced, _CLAY),
        (_no_address, _CLAY),
        (_delivered_twice_and_backwards, _CLAY),
        (_shipped_in_two_parcels, _CLAY),
        (_canceled_before_shipping, _CLAY),
        (_canceled_before_shipped_at_once, _STUDIO),
        (_digital, _TEA),
        (_label_printed_twice, _CLAY),
        (_payment_without_id, _YOGA),
    )
}
NAMES = tuple(_SET)

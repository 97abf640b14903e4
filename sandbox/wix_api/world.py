"""World: all sites of the sandbox Wix with everything on them, and what moves or hinders them."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from sandbox.wix_api.business import Business
from sandbox.wix_api.clock import Clock, instant
from sandbox.wix_api.contacts import Contacts
from sandbox.wix_api.events import (
    ORDER,
    Event,
    Happening,
    order_fulfilled,
    order_placed,
    subscription_changed,
)
from sandbox.wix_api.faults import Faults
from sandbox.wix_api.fulfillments import Fulfillments
from sandbox.wix_api.inbox import Inbox
from sandbox.wix_api.members import Members
from sandbox.wix_api.plan_events import told
from sandbox.wix_api.plan_orders import PlanOrders
from sandbox.wix_api.plans.change import Change
from sandbox.wix_api.plans.coupon import Coupons
from sandbox.wix_api.plans.plan import Plans
from sandbox.wix_api.plans.price import Tax
from sandbox.wix_api.quota import Quota
from sandbox.wix_api.received import Received
from sandbox.wix_api.rules import Rules
from sandbox.wix_api.settings import WixApiSettings
from sandbox.wix_api.store_orders import StoreOrders, has_to_ship
from sandbox.wix_api.subscriptions import Subscriptions
from sandbox.wix_api.tokens import Tokens
from sandbox.wix_api.wire import JsonObject

UNSUBSCRIBE = "/unsubscribe/{link}"

Tell = Callable[[Event], None]


@dataclass(slots=True)
class Site:
    """One site on which the app is installed; `denied` are permissions that the app lacks there.

    `missing_address` is COUNTRY or STATE where the business address lacks what taxes are told by.
    """

    instance_id: str
    name: str = "Demo Studio"
    denied: frozenset[str] = frozenset()
    installed: bool = True
    business: Business = field(default_factory=Business)
    tax: Tax | None = None
    missing_address: str | None = None
    has_plans: bool = True
    plans: Plans = field(default_factory=Plans)
    coupons: Coupons = field(default_factory=Coupons)
    plan_orders: PlanOrders = field(default_factory=PlanOrders)
    store_orders: StoreOrders = field(default_factory=StoreOrders)
    members: Members = field(default_factory=Members)
    contacts: Contacts = field(default_factory=Contacts)
    subscriptions: Subscriptions = field(default_factory=Subscriptions)
    fulfillments: Fulfillments = field(init=False)
    inbox: Inbox = field(init=False)

    def __post_init__(self) -> None:
        self.fulfillments = Fulfillments(self.instance_id)
        self.inbox = Inbox(self.instance_id)


class World:
    """Everything that the sandbox remembers, in memory. `tell` is given every event it causes."""

    def __init__(self, settings: WixApiSettings, *, tell: Tell, clock: Clock | None = None) -> None:
        self.app_id = settings.wix_app_id
        # Every permission that an endpoint may want; the application fills it in.
        self.permissions: frozenset[str] = frozenset()
        self.tell = tell
        self.clock = clock or Clock()
        self.faults = Faults()
        self.quota = Quota(per_minute=settings.sandbox_calls_per_minute, clock=self.clock)
        self.tokens = Tokens(
            app_id=settings.wix_app_id,
            app_secret=settings.wix_app_secret.get_secret_value(),
            api_key=settings.sandbox_api_key.get_secret_value(),
            life=settings.sandbox_token_life,
            clock=self.clock,
        )
        self.received = Received()
        self.access_secret = settings.access_secret.get_secret_value()
        self._first_rules = settings.rules
        self.rules: Rules = self._first_rules
        self.sites: dict[str, Site] = {}
        self._links: dict[str, tuple[str, str]] = {}
        self._links_namespace = uuid.uuid4()

    def site(self, instance_id: str) -> Site:
        """The site of an instance; made when it is mentioned first."""
        return self.sites.setdefault(instance_id, Site(instance_id))

    def unsubscribe_path(self, instance_id: str, email: str) -> str:
        """Where one recipient unsubscribes; the path says nothing of whom it is for."""
        link = str(uuid.uuid5(self._links_namespace, f"{instance_id}:{email.lower()}"))
        self._links[link] = (instance_id, email)
        return UNSUBSCRIBE.format(link=link)

    def unsubscribe(self, link: str) -> bool:
        """Somebody opened such a link; false if it is none."""
        if link not in self._links:
            return False
        instance_id, email = self._links[link]
        self.tell(subscription_changed(instance_id, self.site(instance_id).subscriptions.unsubscribe(email)))
        return True

    @property
    def installed(self) -> frozenset[str]:
        """The instances that may have tokens."""
        return frozenset(site.instance_id for site in self.sites.values() if site.installed)

    def happen(self, site: Site, change: Change, *, identity: JsonObject | None = None) -> None:
        """Keep what became of a plan order, and tell of it."""
        site.plan_orders.put(change.order)
        self._tell_of(site, change, identity)

    def place(self, site: Site, order: JsonObject) -> None:
        """A buyer places a store order; Wix fulfills it by itself where nothing is to be shipped."""
        site.store_orders.upsert({"fulfillmentStatus": "NOT_FULFILLED", **order})
        placed = site.store_orders.get(order["id"])
        for event in order_placed(self.happening(site), placed):
            self.tell(event)
        if placed.get("status") == "APPROVED" and not has_to_ship(placed):
            self._fulfill(site, placed)

    def happening(self, site: Site, identity: JsonObject | None = None) -> Happening:
        """The facts of a change that is made now."""
        return Happening(
            instance_id=site.instance_id,
            at=instant(self.clock.now()),
            sequence=self.clock.sequence(),
            identity=identity,
        )

    def _fulfill(self, site: Site, order: JsonObject) -> None:
        what = self.happening(site)
        activity = {"createdDate": what.at, "type": "ORDER_FULFILLED"}
        done = {
            **order,
            "fulfillmentStatus": "FULFILLED",
            "updatedDate": what.at,
            "activities": [*order.get("activities", []), activity],
        }
        site.store_orders.upsert(done)
        self.tell(what.updated(ORDER, done["id"], done))
        for event in order_fulfilled(what, order=done, before=order["fulfillmentStatus"]):
            self.tell(event)

    def catch_up(self) -> None:
        """Let everything happen that was to happen by now: orders start, renew themselves and end."""
        now = self.clock.now()
        for site in self.sites.values():
            for change in site.plan_orders.pass_to(now):
                self._tell_of(site, change, None)

    def _tell_of(self, site: Site, change: Change, identity: JsonObject | None) -> None:
        events = told(change, instance_id=site.instance_id, identity=identity, sequence=self.clock.sequence)
        for event in events:
            self.tell(event)

    def reset(self) -> None:
        """Begin anew: no sites, no tokens, no faults, and the machine's time."""
        self.sites.clear()
        self._links.clear()
        self.tokens.forget()
        self.quota.forget()
        self.faults.forget()
        self.received = Received()
        self.clock.offset = timedelta()
        self.rules = self._first_rules

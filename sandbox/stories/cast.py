"""Who is in the stories: sites with their settings, what they sell, and their customers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any, Literal

from sandbox.stories.envelope import guid, iso

Consent = tuple[str, str]
SUBSCRIBED: Consent = ("SUBSCRIBED", "VALID")
UNSUBSCRIBED: Consent = ("UNSUBSCRIBED", "VALID")
BOUNCED: Consent = ("SUBSCRIBED", "BOUNCED")

# fmt: off
FIRST_NAMES = ("Ada", "Bela", "Cleo", "Dario", "Elif", "Femi", "Greta", "Hugo", "Ines", "Jonas", "Kaya")
LAST_NAMES = ("Adler", "Brandt", "Costa", "Eriksen", "Fofana", "Haas", "Ito", "Jensen", "Lopez", "Meyer")
# fmt: on


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A pricing plan. `unit` None is paid once; `price` 0 is free; `tax_percent` is in the price."""

    id: str
    name: str
    price: Decimal
    unit: str | None = "MONTH"
    trial_days: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """Something a store sells; what isn't shippable is delivered by Wix."""

    id: str
    name: str
    price: Decimal
    is_shippable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A site that has installed the app, and what its settings say; with `pace` 2 it packs half as fast."""

    instance_id: str
    name: str
    currency: str
    plans: Mapping[str, Plan]
    products: tuple[Product, ...]
    tax_percent: Decimal = Decimal(0)
    payment_notice: bool = True
    purchase_notice: bool = True
    payment_address: Literal["member", "contact"] = "member"
    policy: Literal["handover", "immediate"] = "handover"
    pace: float = 1.0

    @property
    def settings(self) -> dict[str, str | bool]:
        """What stands under the site's id in `SITES_FILE`."""
        return {
            "payment_notice": self.payment_notice,
            "purchase_notice": self.purchase_notice,
            "payment_address": self.payment_address,
            "fulfillment": self.policy,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """A member of one site, who is a contact too; an address is None where Wix has none."""

    instance_id: str
    member_id: str
    contact_id: str
    first_name: str
    last_name: str
    member_email: str | None
    contact_email: str | None
    consents: Mapping[str, Consent] = field(default_factory=dict)

    def seed(self, since: datetime) -> dict[str, Any]:
        """The customer as Wix holds them: member, contact, email subscriptions."""
        times = {"createdDate": iso(since), "updatedDate": iso(since)}
        return {
            "members": [{"instanceId": self.instance_id, "member": {**self._member(), **times}}],
            "contacts": [{"instanceId": self.instance_id, "contact": {**self._contact(), **times}}],
            "subscriptions": [self._subscription(email) for email in self.consents],
        }

    def _member(self) -> dict[str, Any]:
        member: dict[str, Any] = {
            "id": self.member_id,
            "status": "APPROVED",
            "contactId": self.contact_id,
            "contact": {
                "contactId": self.contact_id,
                "firstName": self.first_name,
                "lastName": self.last_name,
            },
            "profile": {"nickname": f"{self.first_name} {self.last_name}"},
            "privacyStatus": "PRIVATE",
            "activityStatus": "ACTIVE",
        }
        return member if self.member_email is None else {**member, "loginEmail": self.member_email}

    def _contact(self) -> dict[str, Any]:
        contact: dict[str, Any] = {
            "id": self.contact_id,
            "revision": 1,
            "info": {"name": {"first": self.first_name, "last": self.last_name}},
        }
        if self.contact_email is None:
            return contact
        items = [{"tag": "MAIN", "email": self.contact_email, "primary": True}]
        info = {**contact["info"], "emails": {"items": items}}
        return {**contact, "info": info, "primaryInfo": {"email": self.contact_email}}

    def _subscription(self, email: str) -> dict[str, Any]:
        subscription, deliverability = self.consents[email]
        return {
            "instanceId": self.instance_id,
            "email": email,
            "subscriptionStatus": subscription,
            "deliverabilityStatus": deliverability,
        }


def customer(
    rng: Random,
    site: Site,
    *,
    at_member: Consent = SUBSCRIBED,
    at_contact: Consent = SUBSCRIBED,
    has_address: bool = True,
) -> Customer:
    """A new customer, with one address as a member and another as a contact."""
    first, last = rng.choice(FIRST_NAMES), rng.choice(LAST_NAMES)
    name = f"{first}.{last}{rng.randrange(10_000)}".lower()
    member_email, contact_email = f"{name}@example.com", f"{name}@mail.example.org"
    return Customer(
        instance_id=site.instance_id,
        member_id=guid(rng),
        contact_id=guid(rng),
        first_name=first,
        last_name=last,
        member_email=member_email if has_address else None,
        contact_email=contact_email if has_address else None,
        consents={member_email: at_member, contact_email: at_contact} if has_address else {},
    )


def sites(rng: Random) -> tuple[Site, ...]:
    """The five sites of the stories, each with another currency or another setting."""
    return (
        _site(rng, "Harbor Yoga", "USD", Decimal(1)),
        _site(rng, "Nordlicht Studio", "EUR", Decimal(1), tax=19, address="contact", policy="immediate"),
        _site(rng, "Kite & Clay", "GBP", Decimal("0.8"), tax=20, pace=1.7),
        _site(rng, "Camellia Tea", "JPY", Decimal(150), pace=0.6),
        _site(rng, "Quiet Pages", "USD", Decimal(1), payment_notice=False, pace=1.3),
    )


def _site(
    rng: Random,
    name: str,
    currency: str,
    rate: Decimal,
    *,
    tax: int = 0,
    address: Literal["member", "contact"] = "member",
    policy: Literal["handover", "immediate"] = "handover",
    payment_notice: bool = True,
    pace: float = 1.0,
) -> Site:
    return Site(
        instance_id=guid(rng),
        name=name,
        currency=currency,
        plans=_plans(rng, rate),
        products=_products(rng, rate),
        tax_percent=Decimal(tax),
        payment_notice=payment_notice,
        payment_address=address,
        policy=policy,
        pace=pace,
    )


def _plans(rng: Random, rate: Decimal) -> dict[str, Plan]:
    return {
        "monthly": Plan(id=guid(rng), name="Monthly Unlimited", price=45 * rate),
        "weekly": Plan(id=guid(rng), name="Weekly Class", price=15 * rate, unit="WEEK"),
        "yearly": Plan(id=guid(rng), name="Year Pass", price=420 * rate, unit="YEAR"),
        "trial": Plan(id=guid(rng), name="Monthly with Trial", price=45 * rate, trial_days=7),
        "once": Plan(id=guid(rng), name="Ten Visits", price=120 * rate, unit=None),
        "free": Plan(id=guid(rng), name="Newsletter Circle", price=Decimal(0), unit=None),
    }


def _products(rng: Random, rate: Decimal) -> tuple[Product, ...]:
    return (
        Product(id=guid(rng), name="Cork Mat", price=60 * rate),
        Product(id=guid(rng), name="Clay Teapot", price=85 * rate),
        Product(id=guid(rng), name="Linen Towel", price=25 * rate),
        Product(id=guid(rng), name="Sound Library", price=20 * rate, is_shippable=False),
    )


def seed_of_sites(cast: tuple[Site, ...]) -> dict[str, Any]:
    """The sites as `POST /admin/seed` takes them."""
    return {"sites": [{"instanceId": site.instance_id, "name": site.name} for site in cast]}


LONG_AGO = timedelta(days=400)

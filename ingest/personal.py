"""Which paths of which event are personal: they stay at Wix and never reach the log. No I/O.

Three nets, each for what the one before can't catch:

1. names, at any depth and in any event, because Wix uses the same address and contact
   objects everywhere (also inside the dotted paths of `modifiedFields`);
2. names that are personal in one kind of event only (`content` of an inbox message);
3. values: e-mail addresses wherever they stand, and the asterisks of an anonymized event.

Of an event that the catalogue does not know nobody can say which names are personal: beside the
envelope it keeps only ids, times, numbers and words of Wix's. Ids stay everywhere: with them the
flows ask Wix when they need to know.
"""

import re
from collections.abc import Mapping
from typing import Any

from ingest.catalogue import Entity
from ingest.strict_json import NotStrict, parse_object

# 1. Names, addresses, phones, card data, form answers, free texts of and to people.
ANYWHERE = frozenset(
    {
        # who
        "firstName", "lastName", "fullName", "nickname", "company", "vatId", "taxId", "birthdate",
        "email", "emails", "emailAddress", "loginEmail", "primaryEmail", "authorEmail",
        "phone", "phones", "phoneNumber", "primaryPhone", "ipAddress",
        "contactDetails", "recipientInfo", "shippingAddressContacts", "billingAddressContacts",
        # where
        "address", "addresses", "addressLine", "addressLine1", "addressLine2", "streetAddress", "city",
        "postalCode", "subdivision", "subdivisionFullname", "country", "countryFullname",
        "shippingAddress", "billingAddress", "shippingDestination", "pickupDetails", "geocode", "location",
        # how they pay
        "creditCardPaymentMethodData", "maskedCreditCard", "holderName", "expiryMonth", "expiryYear",
        "cardDetails", "bankDetails",
        # what they wrote, or was written to them
        "submissionData", "submissions", "formAnswers", "customFields", "extendedFields",
        "customTextFields", "customMessage", "buyerNote", "merchantComment", "externalData",
    }
)  # fmt: skip

# 2. Texts of messages; what a buyer asked to have engraved; who is a participant by name; the part of
# the world an order goes to; what the merchant's checkout wrote about an item, and the bank's own number
# of a payment, which Wix masks when a person asks to be forgotten.
BY_ENTITY: Mapping[Entity, frozenset[str]] = {
    "audience": frozenset({"content", "text", "previewText", "displayName", "displayData", "interaction"}),
    "store_order": frozenset(
        {"descriptionLines", "customActivity", "deliveryInstructions", "instructions", "region"}
    ),
    "subscription": frozenset(),
    "payment": frozenset({"description", "providerTransactionId"}),
    "fulfillments": frozenset(),
    "installation": frozenset(),
}
UNKNOWN = frozenset().union(*BY_ENTITY.values()) | frozenset(
    {"name", "first", "last", "message", "subject", "note", "notes", "picture", "photo", "profile"}
)

# What stays as text of an unknown event: ids, times and words such as NOT_PAID.
_NEUTRAL = re.compile(
    r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
    r"|\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)"
    r"|[A-Z][A-Z0-9]*(_[A-Z0-9]+)+|[A-Z]{2,32}"
)
_ENVELOPE = ("id", "entityFqdn", "slug", "entityId", "eventTime", "originatedFrom", "entityEventSequence")

# Wix may send an entity as JSON in a string, where names could not be seen.
_CARRIERS = frozenset({"entity", "currentEntity", "deletedEntity", "body"})
_EMAIL = re.compile(r"[^\s@<>\"]+@[^\s@<>\"]+\.[^\s@<>\"]+")
_DROPPED = object()


def without_personal(body: Mapping[str, Any], entity: Entity | None) -> dict[str, Any]:
    """A copy of an event's innermost JSON with what is personal left out, not masked.

    `entity` None is an event we don't know. Entities that came as JSON strings become objects.
    """
    if entity is not None:
        return _object(body, ANYWHERE | BY_ENTITY[entity], opening=True)
    envelope = {key: body[key] for key in _ENVELOPE if isinstance(body.get(key), str)}
    kept = _object(body, ANYWHERE | UNKNOWN, opening=True)
    return _neutral(kept) | {key: text for key, text in envelope.items() if key in kept}


def _object(value: Mapping[str, Any], names: frozenset[str], *, opening: bool) -> dict[str, Any]:
    """One loop without calls for plain values: this runs over every member of every webhook."""
    kept = {}
    for key, member in value.items():
        if key in names or ("." in key and not names.isdisjoint(key.split("."))):
            continue
        if isinstance(member, str):
            if key in _CARRIERS or key.endswith("AsJson"):
                member = _opened(member, names) if opening else _DROPPED
            elif _is_personal(member):
                continue
        elif isinstance(member, dict):
            member = _object(member, names, opening=opening)
        elif isinstance(member, list):
            member = _list(member, names, opening=opening)
        if member is not _DROPPED:
            kept[key] = member
    return kept


def _list(value: list[Any], names: frozenset[str], *, opening: bool) -> list[Any]:
    """An empty key has no name to go by, so each member is judged by its value alone."""
    members = (_object({"": member}, names, opening=opening) for member in value)
    return [member[""] for member in members if member]


def _neutral(value: dict[str, Any]) -> dict[str, Any]:
    """Without the texts that could be anything."""
    return {key: member for key, each in value.items() if (member := _neutral_member(each)) is not _DROPPED}


def _neutral_member(value: Any) -> Any:
    if isinstance(value, str):
        return value if _NEUTRAL.fullmatch(value) else _DROPPED
    if isinstance(value, list):
        members = map(_neutral_member, value)
        return [member for member in members if member is not _DROPPED]
    return _neutral(value) if isinstance(value, dict) else value


def _is_personal(text: str) -> bool:
    # Most texts hold neither sign.
    if "@" in text:
        return _EMAIL.search(text) is not None
    return text[:1] == "*" and not text.strip("*")


def _opened(text: str, names: frozenset[str]) -> Any:
    """The object in a carrier's JSON string; text that is none can't be searched, so it goes.

    Only one level is opened: strings in strings in strings are no entity of Wix's.
    """
    try:
        return _object(parse_object(text), names, opening=False)
    except NotStrict:
        return _DROPPED

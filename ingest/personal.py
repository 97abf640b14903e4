"""Which paths of which event are personal: they stay at Wix and never reach the log. No I/O.

Three nets, each for what the one before can't catch:

1. names, at any depth and in any event, because Wix uses the same address and contact
   objects everywhere (also inside the dotted paths of `modifiedFields`);
2. names that are personal in one kind of event only (`content` of an inbox message);
3. values: e-mail addresses wherever they stand, and the asterisks of an anonymized event.

An event that the catalogue does not know gets the names of net 2 of every kind, and plain names
of people as well. Ids stay: with them the flows ask Wix when they need to know.
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
        "email", "emails", "emailAddress", "loginEmail", "primaryEmail",
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

# 2. Texts of messages; what a buyer asked to have engraved; who is a participant by name.
BY_ENTITY: Mapping[Entity, frozenset[str]] = {
    "audience": frozenset({"content", "text", "previewText", "displayName", "displayData", "interaction"}),
    "store_order": frozenset({"descriptionLines", "customActivity", "deliveryInstructions", "instructions"}),
    "subscription": frozenset(),
    "payment": frozenset(),
    "fulfillments": frozenset(),
    "installation": frozenset(),
}
UNKNOWN = frozenset().union(*BY_ENTITY.values()) | frozenset(
    {"name", "first", "last", "message", "subject", "note", "notes", "picture", "photo", "profile"}
)

# Wix may send an entity as JSON in a string, where names could not be seen.
_CARRIERS = frozenset({"entity", "currentEntity", "deletedEntity", "body"})
_EMAIL = re.compile(r"[^\s@<>\"]+@[^\s@<>\"]+\.[^\s@<>\"]+")
_DROPPED = object()


def without_personal(body: Mapping[str, Any], entity: Entity | None) -> dict[str, Any]:
    """A copy of an event's innermost JSON with what is personal left out, not masked.

    `entity` None is an event we don't know. Entities that came as JSON strings become objects.
    """
    names = ANYWHERE | (UNKNOWN if entity is None else BY_ENTITY[entity])
    return _object(body, names, opening=True)


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

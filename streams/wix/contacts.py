"""Contacts of a site: everybody it knows, members or not."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from streams.fields import flag, items, text
from streams.order import unmasked
from streams.wix.client import WixClient, in_path


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A contact. What is personal stays out of `repr`, and so out of logs.

    `id` is not the one asked for when contacts were merged: it is then the target's.
    """

    id: str
    email: str | None = field(repr=False)
    name: str | None = field(repr=False)
    locale: str | None = None
    is_merged: bool = False


async def get_contact(wix: WixClient, site: str, contact_id: str) -> Contact:
    """One contact, or the one it was merged into. NotFound if there is neither."""
    answer = await wix.request(site, "GET", f"/contacts/v4/contacts/{in_path(contact_id)}")
    contact = answer.object("contact")
    return Contact(
        id=text(contact, "id") or contact_id,
        email=_email(contact),
        name=unmasked(contact, "info", "name", "first"),
        locale=text(contact, "info", "locale"),
        is_merged=text(answer.body, "responseType") == "MERGED",
    )


def _email(contact: Mapping[str, Any]) -> str | None:
    """The primary address: as named outright, else the list's primary one, else the list's first."""
    named = unmasked(contact, "primaryInfo", "email") or unmasked(contact, "primaryEmail", "email")
    listed = sorted(items(contact, "info", "emails", "items"), key=lambda one: not flag(one, "primary"))
    return named or next((found for one in listed if (found := unmasked(one, "email"))), None)

"""Contacts of a site, shown by fieldset and field; a merged contact answers for its sources. No I/O."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from sandbox.wix_api.refusal import not_found
from sandbox.wix_api.wire import JsonObject, Wire

FieldSet = Literal["BASIC", "COMMUNICATION_DETAILS", "EXTENDED", "FULL"]

_ALWAYS = ("id", "revision")
_PATHS: dict[FieldSet, tuple[str, ...]] = {
    "BASIC": ("info.name", "primaryInfo", "primaryEmail", "primaryPhone"),
    "COMMUNICATION_DETAILS": ("info.name", "info.phones", "info.emails", "info.addresses"),
    "EXTENDED": ("info.name", "primaryInfo", "info.extendedFields"),
}


def _split(value: object) -> object:
    parts = value if isinstance(value, list) else [value]
    return [name for part in parts for name in str(part).split(",") if name]


class ContactRequest(Wire):
    """Query of Get Contact; the answer holds the union of both lists, everything if both are empty."""

    fieldsets: Annotated[list[FieldSet], BeforeValidator(_split)] = Field(default_factory=list)
    fields: Annotated[list[str], BeforeValidator(_split)] = Field(default_factory=list)

    @property
    def paths(self) -> tuple[str, ...] | None:
        """Dotted paths of the fields to show; None means all."""
        if "FULL" in self.fieldsets or not (self.fieldsets or self.fields):
            return None
        return (*_ALWAYS, *(path for name in self.fieldsets for path in _PATHS[name]), *self.fields)


class Contacts:
    """The contacts of one site."""

    def __init__(self) -> None:
        self._contacts: dict[str, JsonObject] = {}
        self._merged: dict[str, str] = {}

    def upsert(self, contact: JsonObject, *, merged_from: list[str] | None = None) -> None:
        """Put a contact in place of the one with its id; the ids it was merged from lead to it."""
        self._contacts[contact["id"]] = {"revision": 1, **contact}
        for source in merged_from or []:
            self._contacts.pop(source, None)
            self._merged[source] = contact["id"]

    def current(self, contact_id: str) -> str | None:
        """The id under which a contact is kept now; None when there is none."""
        target = self._merged.get(contact_id, contact_id)
        return target if target in self._contacts else None

    def get(self, contact_id: str, request: ContactRequest) -> JsonObject:
        """The body of Get Contact: `contact.id` differs from the id asked for when it was merged.

        Raises:
            Refusal: 404.
        """
        current = self.current(contact_id)
        if current is None:
            raise not_found("Contact", contact_id, code="CONTACT_NOT_FOUND")
        kind = "REGULAR" if current == contact_id else "MERGED"
        return {"contact": _shown(self._contacts[current], request.paths), "responseType": kind}


def _shown(contact: JsonObject, paths: tuple[str, ...] | None) -> JsonObject:
    if paths is None:
        return contact
    shown: JsonObject = {}
    for path in paths:
        _copy(contact, shown, path.split("."))
    return shown


def _copy(source: Any, target: JsonObject, path: list[str]) -> None:
    name, *rest = path
    if not isinstance(source, dict) or name not in source:
        return
    if rest:
        _copy(source[name], target.setdefault(name, {}), rest)
    else:
        target[name] = source[name]

"""Members of a site, shown by fieldset. No I/O."""

from typing import Annotated, Literal

from pydantic import Field

from sandbox.wix_api.refusal import not_found
from sandbox.wix_api.wire import JsonObject, Repeated, Wire

FieldSet = Literal["PUBLIC", "EXTENDED", "FULL"]

# Without an extended fieldset Wix says UNKNOWN instead of the member's own statuses.
_STATUSES = ("status", "privacyStatus", "activityStatus")
_PUBLIC = ("id", "contactId", "profile", "createdDate", "updatedDate")
_EXTENDED = (*_PUBLIC, *_STATUSES, "loginEmail", "loginEmailVerified")


class MemberRequest(Wire):
    """Query of Get Member. `fieldSet` is the older spelling of one fieldset."""

    fieldsets: Annotated[list[FieldSet], Repeated] = Field(default_factory=list, max_length=3)
    field_set: FieldSet | None = None

    @property
    def widest(self) -> FieldSet:
        """The fieldset that covers all that were asked for; PUBLIC if none was."""
        asked = {*self.fieldsets, self.field_set}
        if "FULL" in asked:
            return "FULL"
        return "EXTENDED" if "EXTENDED" in asked else "PUBLIC"


class _Paging(Wire):
    limit: int = Field(default=50, ge=1, le=100)
    offset: int = Field(default=0, ge=0)


class _Sorting(Wire):
    field_name: Literal["createdDate", "lastLoginDate", "profile.nickname"]
    order: Literal["ASC", "DESC"] = "ASC"


class MembersQuery(MemberRequest):
    """Query of List Members."""

    paging: _Paging = _Paging()
    sorting: _Sorting = _Sorting(field_name="createdDate", order="DESC")


class Members:
    """The members of one site."""

    def __init__(self) -> None:
        self._members: dict[str, JsonObject] = {}

    def upsert(self, member: JsonObject) -> None:
        """Put a member in place of the one with the same id."""
        self._members[member["id"]] = member

    def get(self, member_id: str, fieldset: FieldSet = "PUBLIC") -> JsonObject:
        """One member. PUBLIC has no `loginEmail`.

        Raises:
            Refusal: 404.
        """
        if member_id not in self._members:
            raise not_found("Member", member_id, code="MEMBER_NOT_FOUND")
        return _shown(self._members[member_id], fieldset)

    def page(self, query: MembersQuery) -> JsonObject:
        """The body of List Members; the newest first unless asked otherwise."""
        every = sorted(
            self._members.values(),
            key=lambda member: (_value(member, query.sorting.field_name), member["id"]),
            reverse=query.sorting.order == "DESC",
        )
        page = every[query.paging.offset : query.paging.offset + query.paging.limit]
        metadata = {
            "count": len(page),
            "offset": query.paging.offset,
            "total": len(every),
            "tooManyToCount": False,
        }
        return {"members": [_shown(member, query.widest) for member in page], "metadata": metadata}

    def __contains__(self, member_id: str) -> bool:
        return member_id in self._members

    def of_contact(self, contact_id: str) -> str | None:
        """The id of the member who is this contact, if there is one."""
        owners = (member["id"] for member in self._members.values() if member.get("contactId") == contact_id)
        return next(owners, None)


def _value(member: JsonObject, path: str) -> str:
    found: object = member
    for name in path.split("."):
        found = found.get(name, "") if isinstance(found, dict) else ""
    return str(found)


def _shown(member: JsonObject, fieldset: FieldSet) -> JsonObject:
    if fieldset == "FULL":
        return member
    names = _EXTENDED if fieldset == "EXTENDED" else _PUBLIC
    shown = {name: member[name] for name in names if name in member}
    return {**dict.fromkeys(_STATUSES, "UNKNOWN"), **shown}

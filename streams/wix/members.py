"""Members of a site: buyers of plans are members."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from streams.fields import count, items, text
from streams.order import unmasked
from streams.wix.client import WixClient, in_path

_PATH = "/members/v1/members"
PAGE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A member. What is personal stays out of `repr`, and so out of logs."""

    id: str | None
    contact_id: str | None
    email: str | None = field(repr=False)
    name: str | None = field(repr=False)


async def get_member(wix: WixClient, site: str, member_id: str) -> Member:
    """One member; the login e-mail is in the FULL fieldset only. NotFound if there is none."""
    path = f"{_PATH}/{in_path(member_id)}"
    answer = await wix.request(site, "GET", path, params={"fieldsets": "FULL"})
    return _member(answer.object("member"))


async def list_members(wix: WixClient, site: str, *, page: int = PAGE) -> AsyncIterator[Member]:
    """Every member, page by page."""
    seen: set[str | None] = set()
    offset = 0
    while True:
        params = {"fieldsets": "FULL", "paging.limit": str(page), "paging.offset": str(offset)}
        answer = await wix.request(site, "GET", _PATH, params=params)
        members = [_member(one) for one in items(answer.body, "members")]
        new = [member for member in members if member.id not in seen]
        seen.update(member.id for member in new)
        for member in new:
            yield member
        offset += len(members)
        total = count(answer.body, "metadata", "total")
        if not new or (len(members) < page if total is None else offset >= total):
            return


def _member(member: Mapping[str, Any]) -> Member:
    return Member(
        id=text(member, "id"),
        contact_id=text(member, "contactId"),
        email=unmasked(member, "loginEmail"),
        name=unmasked(member, "contact", "firstName") or unmasked(member, "profile", "nickname"),
    )

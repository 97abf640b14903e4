"""Members of a site: buyers of plans are members."""

from dataclasses import dataclass, field

from streams.fields import text
from streams.order import unmasked
from streams.wix.client import WixClient, in_path


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A member. What is personal stays out of `repr`, and so out of logs."""

    id: str | None
    contact_id: str | None
    email: str | None = field(repr=False)
    name: str | None = field(repr=False)


async def get_member(wix: WixClient, site: str, member_id: str) -> Member:
    """One member; the login e-mail is in the FULL fieldset only. NotFound if there is none."""
    path = f"/members/v1/members/{in_path(member_id)}"
    answer = await wix.request(site, "GET", path, params={"fieldsets": "FULL"})
    member = answer.object("member")
    return Member(
        id=text(member, "id"),
        contact_id=text(member, "contactId"),
        email=unmasked(member, "loginEmail"),
        name=unmasked(member, "contact", "firstName") or unmasked(member, "profile", "nickname"),
    )

"""What commands take, checked before anything is sent: ids, times, money, coupon codes."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import click

from streams.commands.options import or_json, together

STATUSES = ("DRAFT", "PENDING", "ACTIVE", "PAUSED", "ENDED", "CANCELED")
PAYMENT_STATUSES = ("PAID", "REFUNDED", "FAILED", "UNPAID", "PENDING", "NOT_APPLICABLE")
EFFECTIVE = {"now": "IMMEDIATELY", "next-payment": "NEXT_PAYMENT_DATE"}

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_PRICE = re.compile(r"(?P<amount>\d+(\.\d{1,4})?) ?(?P<currency>[A-Z]{3})")
_LONGEST_COUPON = 20


class GuidType(click.ParamType):
    """An id as Wix makes them."""

    name = "id"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The id in lower case."""
        if not _GUID.fullmatch(str(value)):
            self.fail(f"{value!r} is no id of Wix's: 8-4-4-4-12 hex digits.", param, ctx)
        return str(value).lower()


class MomentType(click.ParamType):
    """A date, which begins at midnight UTC, or a time with its zone."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """The time in UTC."""
        if isinstance(value, datetime):
            return value
        try:
            moment = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is no time: write 2026-12-24, or 2026-12-24T18:00:00Z.", param, ctx)
        if moment.tzinfo is None and "T" in str(value).upper():
            self.fail(f"{value!r} has no zone: add Z for UTC, or an offset such as +01:00.", param, ctx)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


class CouponType(click.ParamType):
    """A coupon's code."""

    name = "code"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The code as it is."""
        code = str(value)
        if not 1 <= len(code) <= _LONGEST_COUPON or not code.strip():
            self.fail(f"a coupon's code has 1 to {_LONGEST_COUPON} characters.", param, ctx)
        return code


@dataclass(frozen=True, slots=True)
class Price:
    """An amount with its currency."""

    amount: Decimal
    currency: str

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"


class PriceType(click.ParamType):
    """An amount with its currency."""

    name = "price"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Price:
        """The price, exactly."""
        if isinstance(value, Price):
            return value
        found = _PRICE.fullmatch(str(value).strip())
        try:
            return (
                Price(Decimal(found["amount"]), found["currency"])
                if found
                else self._unread(value, param, ctx)
            )
        except InvalidOperation:
            return self._unread(value, param, ctx)

    def _unread(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Price:
        self.fail(f"{value!r} is no price: write 60.50EUR.", param, ctx)


GUID, MOMENT, COUPON, PRICE = GuidType(), MomentType(), CouponType(), PriceType()

_site = click.option(
    "--site", type=GUID, help="Instance id of the site; with WIX_API_KEY a site id [WIX_SITE_ID]."
)
_token = click.option(
    "--member-token",
    envvar="WIX_MEMBER_TOKEN",
    metavar="TOKEN",
    help="Access token of a logged-in member; better in WIX_MEMBER_TOKEN than on the command line.",
)
yes = click.option("--yes", is_flag=True, help="Don't ask, do it.")
when = click.option(
    "--when",
    "effective",
    type=click.Choice(list(EFFECTIVE)),
    required=True,
    help="At once, or when the next payment would be due; orders paid once can only be canceled now.",
)


# Of a command that the app makes, that only a member may make, and that either may.
as_app = together(_site, or_json)
as_member = together(
    click.option(
        "--member-token",
        envvar="WIX_MEMBER_TOKEN",
        required=True,
        metavar="TOKEN",
        help="Access token of the logged-in member; better in WIX_MEMBER_TOKEN than on the command line.",
    ),
    _site,
    or_json,
)
as_either = together(_token, _site, or_json)

# Filters and order of a list, as Wix has them.
filters = together(
    click.option("--plan", "plans", type=GUID, multiple=True, help="Only of this plan; several are any."),
    click.option("--status", "statuses", type=click.Choice(STATUSES), multiple=True),
    click.option("--payment", "payments", type=click.Choice(PAYMENT_STATUSES), multiple=True),
    click.option("--auto-renew-canceled/--auto-renew", "auto_renew_canceled", default=None),
    click.option("--sort", type=click.Choice(["createdDate", "endDate"]), help="Ascending, or with --desc."),
    click.option("--desc", "is_descending", is_flag=True),
    click.option("--full", is_flag=True, help="With the answers of the buyer's form."),
    click.option("--limit", type=click.IntRange(1, 100_000), default=50, show_default=True),
)

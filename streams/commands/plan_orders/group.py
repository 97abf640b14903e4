"""The group of these commands, under its name on the command line."""

import click

from streams.commands.plan_orders.change import (
    cancel,
    change_start,
    mark_paid,
    pause,
    postpone_end,
    request_cancellation,
    resume,
)
from streams.commands.plan_orders.create import (
    create_offline,
    create_online,
    preview_offline,
    preview_online,
    price,
)
from streams.commands.plan_orders.look import eligibility, get, list_orders, member_get, member_list
from streams.settings import WixSettings
from streams.settings_help import settings_help

COMMANDS = (
    get,
    list_orders,
    cancel,
    create_offline,
    create_online,
    preview_offline,
    preview_online,
    price,
    mark_paid,
    pause,
    resume,
    postpone_end,
    request_cancellation,
    member_get,
    member_list,
    change_start,
    eligibility,
)


@click.group("plan-orders", commands=COMMANDS, epilog=settings_help((WixSettings,)))
def plan_orders() -> None:
    """Orders of Pricing Plans at Wix: look, create, change.

    Each command is one of Wix's functions. What can't be undone asks first, unless told --yes.
    Commands share a fixed part of a site's requests, so the worker never waits for them.

    Exit codes: 0 done; 1 refused by Wix; 2 used wrongly, nothing was changed; 3 Wix is away, or
    gave no clear answer.
    """

"""`python -m sandbox wix`: run the sandbox Wix until it is told to stop."""

import asyncio
import signal

import click
from pydantic import ValidationError

from sandbox.log_lines import start_logging
from sandbox.wix_api.server import PortTaken, SandboxWix, build
from sandbox.wix_api.settings import WixApiSettings

_SETTINGS = """\b
Settings (environment or .env):
  SANDBOX_HOST              where it listens                    [127.0.0.1]
  SANDBOX_PORT              port of the API; 0 takes any free   [8200]
  SANDBOX_INTERNAL_PORT     /healthz, /readyz, /metrics         [9104]
  SANDBOX_CALLS_PER_MINUTE  of one app instance, then 429       [200]
  SANDBOX_TOKEN_LIFE        how long a token lives (ISO 8601)   [PT4H]
  SANDBOX_PRECONDITION_STATUS      of changes that an order's state forbids   [428]
  SANDBOX_TARGET_CHANNELS_REFUSED  whether messages with targetChannels are   [false]
  SANDBOX_API_KEY           an owner's key, beside wix-site-id  [sandbox-api-key]
  ACCESS_SECRET             what /access verifies changes of access with
  WIX_APP_ID                the app that may ask for tokens     [sandbox-app]
  WIX_APP_SECRET            its secret                          [sandbox-secret]
  WEBHOOK_URL               where its webhooks go; empty: nowhere
                            [http://127.0.0.1:8000/webhooks/wix]
  DATA_DIR                  its key pair is in DATA_DIR/sandbox [data]
  LOG_FORMAT                log lines as text, or json          [text]
"""


@click.command("wix", epilog=_SETTINGS)
def command() -> None:
    """Run a Wix of our own: the REST endpoints that Orderline calls, as strict as Wix.

    It keeps everything in memory. POST /admin/seed puts plans, orders, members and the rest
    there, /admin/tokens gives a member's token, /admin/pay pays an online order, /admin/clock
    moves its clock and lets what is due happen, /admin/faults makes calls fail, /admin/rules
    settles what Wix leaves open, /admin/reset begins anew. GET /admin/received shows the
    messages, fulfillments and changes of access that were made. All changes are told by signed webhooks.
    """
    try:
        settings = WixApiSettings()
        start_logging(settings.log_format)
        wix = build(settings)
    except ValidationError as error:
        raise click.UsageError(_named(error)) from error
    except PortTaken as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"Sandbox Wix listens at {wix.url} (health and metrics at {wix.internal_url})")
    asyncio.run(_until_told(wix))


async def _until_told(wix: SandboxWix) -> None:
    loop = asyncio.get_running_loop()
    for one in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(one, wix.stop)
    await wix.serve()


def _named(error: ValidationError) -> str:
    """The settings that can't be read, without their values: one of them is a secret."""
    return "; ".join(f"{str(one['loc'][0]).upper()}: {one['msg']}" for one in error.errors())

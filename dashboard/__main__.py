"""`python -m dashboard`: serves the pages with Streamlit."""

import os
import sys
import tomllib
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError

from dashboard.settings import DashboardSettings

HERE = Path(__file__).parent

OPEN_TO_THE_WORLD = """\
The dashboard would listen on {host}, beyond this machine, without a login.
It shows orders and customers' ids to whoever can reach it, so it does not start like this.
Configure OIDC in {secrets} (https://docs.streamlit.io/develop/concepts/connections/authentication),
or leave DASHBOARD_HOST at 127.0.0.1 and put a proxy with a login in front; where that proxy is on
another machine or container, DASHBOARD_BEHIND_PROXY=true says so."""

HALF_A_LOGIN = """\
The dashboard would listen on {host}, beyond this machine, but nobody could log in: [auth] in {secrets}
lacks {missing}.
Add what is missing (https://docs.streamlit.io/develop/concepts/connections/authentication)."""
PROVIDER_KEYS = ("redirect_uri", "cookie_secret", "client_id", "client_secret", "server_metadata_url")


@click.command()
def main() -> None:
    """Serve the pages with Streamlit, in place of this process, so that signals reach it directly.

    \b
    Settings (environment or .env):
      REPORTS_URL      where the ledger process answers reports  [http://127.0.0.1:8100]
      REPORTS_TOKEN    what it wants to see, when it listens beyond this machine
      DASHBOARD_HOST   address to listen on                      [127.0.0.1]
      DASHBOARD_PORT   port to listen on                         [8501]
      DASHBOARD_BEHIND_PROXY  true where only a proxy with a login reaches it  [false]
      DASHBOARD_SITE_IDS      instanceId=metaSiteId, …: links from an order to its page at Wix
    """  # noqa: D301 - click reads \b as "keep these lines"
    settings = _settings()
    if settings.needs_login:
        refuse_open_door(settings.dashboard_host)
    arguments = [
        *(sys.executable, "-m", "streamlit", "run", str(HERE / "served.py")),
        *("--server.address", settings.dashboard_host),
        *("--server.port", str(settings.dashboard_port)),
    ]
    os.environ["PYTHONPATH"] = os.pathsep.join([str(HERE.parent), os.environ.get("PYTHONPATH", "")])
    os.execv(sys.executable, arguments)  # noqa: S606 - our own interpreter, no shell


def _settings() -> DashboardSettings:
    try:
        return DashboardSettings()
    except ValidationError as error:
        faults = "; ".join(
            f"{str(one['loc'][0]).upper()}: {one['msg'].removeprefix('Value error, ')}"
            for one in error.errors()
        )
        raise click.UsageError(f"Settings that can't be used: {faults}.") from None


def refuse_open_door(host: str) -> None:
    """Stop with exit code 2 rather than show customers' data to a network without a login."""
    secrets = Path(".streamlit/secrets.toml").absolute()
    provider = _provider(secrets)
    if provider is None:
        sentence = OPEN_TO_THE_WORLD.format(host=host, secrets=secrets)
    elif missing := [name for name in PROVIDER_KEYS if not provider.get(name)]:
        sentence = HALF_A_LOGIN.format(host=host, secrets=secrets, missing=", ".join(missing))
    else:
        return
    click.echo(sentence, err=True)
    raise SystemExit(2)


def _provider(secrets: Path) -> dict[str, Any] | None:
    """What [auth] says; None where there is none."""
    try:
        found = tomllib.loads(secrets.read_text(encoding="utf-8")).get("auth")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise click.UsageError(f"{secrets} can't be read: {error}. It configures the login.") from None
    return found if isinstance(found, dict) else None


if __name__ == "__main__":
    main()

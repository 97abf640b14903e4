"""One webhook of any kind, signed with the sandbox's key and sent: to try a running ingest by hand."""

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import click
import httpx
from pydantic_settings import BaseSettings, SettingsConfigDict

from sandbox.stories.story import Webhook
from sandbox.templates import NAMES, template
from sandbox.webhooks import Signer, post


class TriggerSettings(BaseSettings):
    """Whose key signs, and where webhooks go."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", frozen=True)

    data_dir: Path = Path("data")
    webhook_url: str = "http://127.0.0.1:8000/webhooks/wix"


def changed(body: dict[str, Any], assignment: str) -> dict[str, Any]:
    """The body with one value set, as `path.to.field=value`; the value is JSON, or else a text.

    Raises:
        click.BadParameter: no `=`, or the path leads through something that is no object.
    """
    path, equals, value = assignment.partition("=")
    if not (equals and path):
        raise click.BadParameter(f"{assignment!r} is not path=value")
    *parents, leaf = path.split(".")
    copy: dict[str, Any] = json.loads(json.dumps(body))
    branch: Any = copy
    for parent in parents:
        branch = branch.setdefault(parent, {})
        if not isinstance(branch, dict):
            raise click.BadParameter(f"{parent} in {path} is no object")
    branch[leaf] = _value(value)
    return copy


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _made(event: str, assignments: tuple[str, ...], site: str | None, count: int) -> Iterator[Webhook]:
    rng = Random()  # noqa: S311 – made-up ids, not secrets
    for _ in range(count):
        webhook = template(event, rng, datetime.now(UTC))
        body = dict(webhook.body)
        for assignment in assignments:
            body = changed(body, assignment)
        yield Webhook(
            instance_id=site or webhook.instance_id,
            event_type=webhook.event_type,
            body=body,
            identity=webhook.identity,
        )


async def _send(webhooks: Iterator[Webhook], signer: Signer, url: str) -> Counter[int]:
    answers: Counter[int] = Counter()
    async with httpx.AsyncClient() as http:
        for webhook in webhooks:
            jwt = signer.sign(
                webhook.event_type, webhook.body, instance_id=webhook.instance_id, identity=webhook.identity
            )
            answers[await post(http, url, jwt)] += 1
    return answers


def _list_events(ctx: click.Context, option: click.Parameter, is_asked: bool) -> None:
    if is_asked:
        click.echo("\n".join(NAMES))
        ctx.exit()


@click.command("trigger")
@click.argument("event", type=click.Choice(NAMES), metavar="EVENT")
@click.option(
    "--list", is_flag=True, is_eager=True, expose_value=False, callback=_list_events, help="Name every EVENT."
)
@click.option(
    "--set",
    "assignments",
    multiple=True,
    metavar="PATH=VALUE",
    help="Change the innermost JSON, such as eventTime=2026-01-31T09:00:00Z; may be repeated.",
)
@click.option("--site", help="The instanceId [default: one made up].")
@click.option("--count", default=1, show_default=True, help="How many, each with ids of its own.")
@click.option("--url", help="Where to [default: WEBHOOK_URL].")
@click.option("--print", "only_print", is_flag=True, help="Print the innermost JSON instead of sending.")
def command(
    event: str, assignments: tuple[str, ...], site: str | None, count: int, url: str | None, only_print: bool
) -> None:
    """Send EVENT as Wix would: signed, in three layers.

    Exit code 0 when every answer was 200, else 1. Settings: DATA_DIR (the key pair in its folder
    `sandbox`, which ingest must trust: WIX_PUBLIC_KEYS_FILE), WEBHOOK_URL.
    """
    settings = TriggerSettings()
    webhooks = _made(event, assignments, site, count)
    if only_print:
        for webhook in webhooks:
            click.echo(json.dumps(webhook.body, indent=2))
        return
    target = url or settings.webhook_url
    try:
        answers = asyncio.run(_send(webhooks, Signer(settings.data_dir), target))
    except httpx.TransportError as error:
        why = f"nobody answered at {target} ({error or type(error).__name__})"
        raise click.ClickException(f"{why}; start ingest there, or give --url") from error
    for status, times in sorted(answers.items()):
        click.echo(f"{status}: {times}")
    if set(answers) != {200}:
        raise SystemExit(1)

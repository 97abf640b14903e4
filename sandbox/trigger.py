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

# Beyond this many unanswered webhooks the next one waits, whatever the rate.
_MOST_AT_ONCE = 64


class TriggerSettings(BaseSettings):
    """Whose key signs, and where webhooks go."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", frozen=True)

    data_dir: Path = Path("data")
    webhook_url: str = "http://127.0.0.1:8000/webhooks/wix"


def changed(body: dict[str, Any], assignment: str) -> dict[str, Any]:
    """The body with one value set, as `path.to.0.field=value`; the value is JSON, or else a text.

    Raises:
        click.BadParameter: no `=`, or the path leads where nothing can be.
    """
    path, equals, value = assignment.partition("=")
    if not (equals and path):
        raise click.BadParameter(f"{assignment!r} is not path=value")
    *parents, leaf = path.split(".")
    copy: dict[str, Any] = json.loads(json.dumps(body))
    branch: Any = copy
    for parent in parents:
        branch = _inside(branch, parent, path)
    if isinstance(branch, list):
        branch[_place(branch, leaf, path)] = _value(value)
    elif isinstance(branch, dict):
        branch[leaf] = _value(value)
    else:
        raise click.BadParameter(f"{leaf} in {path} would be inside a value")
    return copy


def _inside(branch: Any, name: str, path: str) -> Any:
    if isinstance(branch, list):
        return branch[_place(branch, name, path)]
    if not isinstance(branch, dict):
        raise click.BadParameter(f"{name} in {path} would be inside a value")
    return branch.setdefault(name, {})


def _place(items: list[Any], name: str, path: str) -> int:
    if not name.isdecimal() or int(name) >= len(items):
        raise click.BadParameter(f"{name} in {path} is no place of a list of {len(items)}")
    return int(name)


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


class _Sender:
    """Sends webhooks; the answers are counted as they come in."""

    def __init__(self, http: httpx.AsyncClient, signer: Signer, url: str) -> None:
        self._http = http
        self._signer = signer
        self._url = url
        self.answers: Counter[int] = Counter()

    async def send(self, webhook: Webhook) -> None:
        jwt = self._signer.sign(
            webhook.event_type, webhook.body, instance_id=webhook.instance_id, identity=webhook.identity
        )
        self.answers[await post(self._http, self._url, jwt)] += 1


async def _send(webhooks: Iterator[Webhook], signer: Signer, url: str, *, rate: float | None) -> Counter[int]:
    async with httpx.AsyncClient(limits=httpx.Limits(max_connections=_MOST_AT_ONCE)) as http:
        sender = _Sender(http, signer, url)
        if rate is None:
            for webhook in webhooks:
                await sender.send(webhook)
        else:
            await _paced(sender, webhooks, rate)
    return sender.answers


async def _paced(sender: _Sender, webhooks: Iterator[Webhook], rate: float) -> None:
    """So many a second, whether the answers to those before are there or not."""
    now = asyncio.get_running_loop().time
    began = now()
    under_way: set[asyncio.Task[None]] = set()
    try:
        for number, webhook in enumerate(webhooks):
            await asyncio.sleep(began + number / rate - now())
            while len(under_way) >= _MOST_AT_ONCE:
                under_way = await _some_done(under_way)
            under_way.add(asyncio.create_task(sender.send(webhook)))
        while under_way:
            under_way = await _some_done(under_way)
    finally:
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)


async def _some_done(under_way: set[asyncio.Task[None]]) -> set[asyncio.Task[None]]:
    done, left = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
    for task in done:
        task.result()
    return left


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
    help="Change the innermost JSON: eventTime=2026-01-31T09:00:00Z, lineItems.0.quantity=2; repeatable.",
)
@click.option("--site", help="The instanceId [default: one made up].")
@click.option(
    "--count",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="How many, each with ids of its own.",
)
@click.option(
    "--rate",
    type=click.FloatRange(min=0, min_open=True),
    help="So many a second [default: each when the one before is answered].",
)
@click.option("--url", help="Where to [default: WEBHOOK_URL].")
@click.option("--print", "only_print", is_flag=True, help="Print the innermost JSON instead of sending.")
def command(
    event: str,
    assignments: tuple[str, ...],
    site: str | None,
    count: int,
    rate: float | None,
    url: str | None,
    only_print: bool,
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
        answers = asyncio.run(_send(webhooks, Signer(settings.data_dir), target, rate=rate))
    except httpx.TransportError as error:
        why = f"nobody answered at {target} ({error or type(error).__name__})"
        raise click.ClickException(f"{why}; start ingest there, or give --url") from error
    for status, times in sorted(answers.items()):
        click.echo(f"{status}: {times}")
    if set(answers) != {200}:
        raise SystemExit(1)

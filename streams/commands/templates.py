"""`python -m streams templates list | show | preview | check`: what customers read, before they do."""

import json
from collections.abc import Iterable
from typing import Any

import click
from rich.table import Table

from ingest.record import iso
from streams import owners, reason, template_files, wording
from streams.commands.asking import print_table
from streams.commands.plan_orders.run import Desk, ask
from streams.owners import Owners, OwnersFilesBroken
from streams.settings import FlowSettings, WixSettings
from streams.settings_help import settings_help
from streams.sites import Sites, SitesFileBroken
from streams.template_files import Found
from streams.template_preview import Preview, Previewer
from streams.template_rules import Mistake
from streams.template_samples import NOTICES

_SITE = click.option("--site", metavar="INSTANCE_ID", help="Those of one site and those for all sites.")
_JSON = click.option("--json", "as_json", is_flag=True, help="JSON on stdout instead of text.")


@click.group("templates", epilog=settings_help((FlowSettings, WixSettings)))
def templates() -> None:
    """Templates: what customers read, in which languages, and whether all of it holds.

    Your own lie below TEMPLATES_DIR, as <notice>.<language>.txt, and below a folder with a site's
    instance id for that site alone. docs/messages.md says what may stand in them.
    """


@templates.command("list")
@_SITE
@_JSON
def list_templates(site: str | None, *, as_json: bool) -> None:
    """Show every template, yours and ours: for which site it is, and whether it may be used."""
    every = template_files.every(FlowSettings().templates_dir)
    found = [one for one in every if site is None or one.site in (None, site)]
    if as_json:
        click.echo(json.dumps([_facts(one) for one in found], indent=2))
        return
    table = Table("for", "notice", "language", "where", "state", box=None)
    for one in found:
        state = "broken: see check" if one.mistakes else "ok"
        table.add_row(one.site or "all sites", one.notice, one.language, _where(one), state)
    print_table(table)


@templates.command("show")
@click.argument("notice", type=click.Choice(NOTICES))
@click.option("--language", default="en", show_default=True, help="The customer's, such as de or de-AT.")
@_SITE
def show(notice: str, language: str, site: str | None) -> None:
    """Print the template of NOTICE that is used for a language, as it is written."""
    if wording.locale_of(language) is None:
        raise click.UsageError(f"There is no language {language}: use a tag such as en, de or de-AT.")
    chosen = next(_owners(FlowSettings()).templates.choices(site or "", notice, (language,)))
    click.echo(f"{chosen.template.where}, with money and dates as in {chosen.locale}", err=True)
    click.echo(chosen.template.source, nl=False)


@templates.command("preview")
@click.option("--order", "order_id", required=True, metavar="ID", help="Wix's id of the plan order.")
@click.option("--site", metavar="INSTANCE_ID", help="The site that the order is of.")
@click.option("--notice", type=click.Choice(NOTICES), help="Which notice [as it was paid].")
@_JSON
def preview(order_id: str, site: str | None, notice: str | None, *, as_json: bool) -> None:
    """Print the message that the buyer of an order would get now. Sends nothing.

    The order, the buyer and the subscription are read at Wix. What would keep the message from
    being sent is said as well. The amount shown is the plan's price.
    """
    settings = FlowSettings()
    written = _owners(settings)

    async def asked(desk: Desk) -> Preview:
        return await Previewer(desk.wix, written, settings).preview(desk.site, order_id, notice)

    seen = ask(asked, site=site)
    if as_json:
        click.echo(json.dumps(_preview_facts(seen), indent=2, ensure_ascii=False))
        return
    click.echo(f"{seen.notice} in {seen.composed.language}, from {seen.composed.template}", err=True)
    for sentence in _kept_back(seen):
        click.echo(sentence, err=True)
    click.echo(f"{seen.composed.message.preview}\n\n{seen.composed.message.text}")


@templates.command("check")
@_JSON
def check(*, as_json: bool) -> None:
    """Try every template of every site on made-up orders; exits with 1 if one has a mistake.

    SITES_FILE is checked as well. The worker does the same at its start, and doesn't start with one.
    """
    settings = FlowSettings()
    found = list(template_files.every(settings.templates_dir))
    mistakes = [mistake for one in found for mistake in one.mistakes]
    mistakes += [*template_files.misplaced(settings.templates_dir), *_sites_mistakes(settings)]
    if as_json:
        click.echo(json.dumps([_mistake_facts(one) for one in mistakes], indent=2, ensure_ascii=False))
    else:
        for mistake in mistakes:
            click.echo(str(mistake))
    if mistakes:
        click.echo(f"{len(mistakes)} to mend: the worker would not start.", err=True)
        raise SystemExit(1)
    click.echo(f"{len(found)} templates checked, all may be used.", err=True)


def _owners(settings: FlowSettings) -> Owners:
    try:
        return owners.read(settings)
    except OwnersFilesBroken as broken:
        raise click.ClickException(str(broken)) from None


def _sites_mistakes(settings: FlowSettings) -> Iterable[Mistake]:
    try:
        Sites(settings)
    except SitesFileBroken as broken:
        remedy = "docs/messages.md and the README say what may stand there."
        yield Mistake(
            where="SITES_FILE", line=None, what=str(broken).removeprefix("SITES_FILE "), remedy=remedy
        )


def _where(found: Found) -> str:
    return f"built-in {found.path.name}" if found.is_built_in else str(found.path)


def _facts(found: Found) -> dict[str, Any]:
    return {
        "site": found.site,
        "notice": found.notice,
        "language": found.language,
        "where": _where(found),
        "is_built_in": found.is_built_in,
        "mistakes": [_mistake_facts(one) for one in found.mistakes],
    }


def _mistake_facts(mistake: Mistake) -> dict[str, Any]:
    return {
        "file": mistake.where,
        "line": mistake.line,
        "what": mistake.what,
        "what_to_do": mistake.remedy,
    }


def _preview_facts(seen: Preview) -> dict[str, Any]:
    return {
        "notice": seen.notice,
        "language": seen.composed.language,
        "template": seen.composed.template,
        "preview": seen.composed.message.preview,
        "text": seen.composed.message.text,
        "suppressed": list(seen.unwanted),
        "quiet_until": iso(seen.quiet_until) if seen.quiet_until else None,
    }


def _kept_back(seen: Preview) -> Iterable[str]:
    for why in seen.unwanted:
        yield f"Nobody would get it now: {why}. {reason.MEANINGS[why]}"
    if seen.quiet_until is not None:
        yield f"It would wait until {iso(seen.quiet_until)}: {reason.MEANINGS[reason.QUIET_HOURS]}"

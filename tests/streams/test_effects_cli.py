"""`effects list | show | redrive`, run as a person or a script runs them."""

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from streams.change import Change
from streams.commands.asking import SHOWN
from streams.commands.effects import effects
from streams.effect import State
from streams.outbox import Errand, Outbox
from streams.procedure import Ready
from streams.settings import OutboxSettings
from tests.streams.made_effects import FLOW, SITE, an_effect, due

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("OUTBOX_URL", "")
    return lambda *words: CliRunner().invoke(effects, words)


@pytest.fixture
def filled(tmp_path: Path) -> None:
    """One effect done, two failed for different reasons, one due."""
    asyncio.run(_fill(tmp_path))


async def _fill(folder: Path) -> None:
    outbox = Outbox(OutboxSettings(data_dir=folder, outbox_url=""))
    await outbox.open()
    try:
        changes = {
            "done": Change(state=State.DONE, wix_id="m-1"),
            "refused": Change(
                state=State.FAILED,
                reason="refused",
                last_status=400,
                last_code="X",
                next_step="Look at Wix.",
                fingerprint="WixRefused:400:X:act",
                request_id="r-7",
                attempt=True,
            ),
            "unclear": Change(state=State.FAILED, reason="out_of_attempts", in_doubt=True),
        }
        await outbox.record(due(*(an_effect(key, order=key) for key in changes)))
        for one in await outbox.pick(Errand(owner="w", flows=(FLOW,), sites=1)):
            for held in one.effects:
                claim = await outbox.claim("w", held, Ready(request=None), timedelta(seconds=20))
                assert claim is not None
                await outbox.settle(claim, changes[held.effect.key])
        await outbox.record(due(an_effect("new", site="another", order="new")))
    finally:
        await outbox.close()


def parsed(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def keys(result: Result) -> list[str]:
    return [each["key"] for each in parsed(result)]


@pytest.mark.usefixtures("filled")
class TestList:
    def test_shows_a_table_of_the_newest(self, run: Run) -> None:
        shown = run("list")

        assert shown.exit_code == 0
        assert "Look at Wix." in shown.stdout
        assert shown.stdout.index("unclear") < shown.stdout.index("Look at Wix.")

    @pytest.mark.parametrize(
        ("words", "fits"),
        [
            ([], ["new", "unclear", "refused", "done"]),
            (["--state", "failed"], ["unclear", "refused"]),
            (["--reason", "refused"], ["refused"]),
            (["--site", SITE, "--limit", "1"], ["unclear"]),
            (["--order", "done"], ["done"]),
            (["--flow", "fulfillment"], []),
            (["--fingerprint", "WixRefused:400:X:act"], ["refused"]),
            (["--since", "2000-01-01"], ["new", "unclear", "refused", "done"]),
            (["--since", "2999-01-01T00:00Z"], []),
        ],
    )
    def test_filters(self, run: Run, words: list[str], fits: list[str]) -> None:
        assert keys(run("list", "--json", *words)) == fits

    def test_says_so_when_there_are_none(self, run: Run) -> None:
        assert "No effects fit." in run("list", "--order", "none").stdout

    def test_long_keys_are_shown_whole(self, run: Run, tmp_path: Path) -> None:
        long = "fulfillment:" + "x" * 150
        asyncio.run(_record(tmp_path, long))

        assert long in run("list").stdout


@pytest.mark.usefixtures("filled")
class TestShow:
    def test_tells_all_there_is(self, run: Run) -> None:
        shown = parsed(run("show", "refused", "--json"))

        expected = {"state": "failed", "last_status": 400, "last_code": "X", "next_step": "Look at Wix."}
        assert expected.items() <= shown.items()
        assert "Look at Wix." in run("show", "refused").stdout

    def test_tells_cause_kind_attempts_wixs_last_answer_and_what_to_do(self, run: Run) -> None:
        table = run("list", "--state", "failed").stdout
        shown = run("show", "refused").stdout

        assert "400 X request r-7" in table
        for fact in ("Wix said no to the call", "WixRefused:400:X:act", "r-7", "Look at Wix."):
            assert fact in shown
        assert parsed(run("show", "refused", "--json"))["attempts"] == 1

    def test_says_that_its_site_is_probed(self, run: Run, tmp_path: Path) -> None:
        asyncio.run(_fail_running(tmp_path, 3))

        assert parsed(run("show", "refused", "--json"))["site"]["failures_running"] == 3

    def test_an_unknown_key_is_said(self, run: Run) -> None:
        shown = run("show", "nothing")

        assert shown.exit_code == 1
        assert "No effect has the key nothing" in shown.stderr


@pytest.mark.usefixtures("filled")
class TestRedrive:
    def test_by_key_makes_a_failed_effect_due_again(self, run: Run) -> None:
        assert run("redrive", "refused").exit_code == 0

        assert keys(run("list", "--json", "--state", "waiting")) == ["refused"]

    def test_by_filter(self, run: Run) -> None:
        run("redrive", "--reason", "out_of_attempts")

        assert keys(run("list", "--json", "--state", "doubtful")) == ["unclear"]

    def test_of_all_leaves_what_is_done(self, run: Run) -> None:
        assert sorted(keys(run("redrive", "--all", "--json", "--yes"))) == ["refused", "unclear"]

        assert keys(run("list", "--json", "--state", "done")) == ["done"]

    def test_dry_run_shows_the_plan_and_changes_nothing(self, run: Run) -> None:
        planned = run("redrive", "--all", "--dry-run")

        assert "2 failed effects would be tried again." in planned.stderr
        assert keys(run("list", "--json", "--state", "failed")) == ["unclear", "refused"]

    def test_of_many_asks_first_and_a_no_changes_nothing(self, run: Run) -> None:
        asked = CliRunner().invoke(effects, ["redrive", "--all"], input="n\n")

        assert (asked.exit_code, "Look at Wix." in asked.stdout) == (1, True)
        assert "Try these 2 failed effects again?" in asked.stderr
        assert keys(run("list", "--json", "--state", "failed")) == ["unclear", "refused"]

    def test_of_many_as_json_wants_a_yes_beforehand(self, run: Run) -> None:
        result = run("redrive", "--all", "--json")

        assert (result.exit_code, "--yes" in result.stderr) == (2, True)
        assert keys(run("list", "--json", "--state", "failed")) == ["unclear", "refused"]

    def test_a_key_that_names_no_failed_effect_is_said(self, run: Run) -> None:
        result = run("redrive", "refused", "done")

        assert result.exit_code == 1
        assert "1 of the keys name no failed effect" in result.stderr
        assert keys(run("list", "--json", "--state", "done")) == ["done"]

    @pytest.mark.parametrize("words", [["--reason", "refused"], [f"many-{number}" for number in range(150)]])
    def test_of_a_hundred_and_fifty_reaches_them_all(
        self, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]
    ) -> None:
        monkeypatch.setattr("streams.commands.effects.AT_ONCE", 40)
        asyncio.run(_refuse(tmp_path, [f"many-{number}" for number in range(150)]))
        refused = len(keys(run("list", "--json", "--reason", "refused", "--limit", "1000")))

        result = run("redrive", *words, "--yes")

        number = 150 if words[0] == "many-0" else refused
        assert (result.exit_code, f"{number} failed effects will be" in result.stderr) == (0, True)
        assert refused == 151
        waiting = keys(run("list", "--json", "--state", "waiting", "--limit", "1000"))
        assert len(waiting) == number

    def test_of_thousands_the_plan_shows_the_first_and_how_many_more(
        self, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asyncio.run(_refuse(tmp_path, [f"many-{number:03d}" for number in range(60)]))

        planned = run("redrive", "--all", "--dry-run")

        assert planned.stdout.count("many-") == SHOWN - 2
        assert f"… and {62 - SHOWN} more (--dry-run --json lists all)." in planned.stdout
        assert len(keys(run("redrive", "--all", "--dry-run", "--json"))) == 62

    def test_of_some_tells_how_many_are_left_and_what_to_do(self, run: Run) -> None:
        some = run("redrive", "--all", "--limit", "1")

        assert "1 of 2 failed effects will be tried again; run again or raise --limit." in some.stderr
        assert keys(run("list", "--json", "--state", "failed")) == ["unclear"]

    def test_keys_are_not_cut_by_a_limit(self, run: Run) -> None:
        result = run("redrive", "refused", "unclear", "--limit", "1", "--yes")

        assert (result.exit_code, "2 failed effects will be" in result.stderr) == (0, True)

    def test_a_failed_key_outside_the_filter_is_not_called_unfailed(self, run: Run) -> None:
        result = run("redrive", "refused", "--reason", "out_of_attempts")

        assert "1 of the keys name no failed effect that fits the filters." in result.stderr

    def test_without_any_choice_nothing_is_done(self, run: Run) -> None:
        result = run("redrive")

        assert result.exit_code == 2
        assert "--all" in result.stderr


class TestAway:
    def test_a_missing_outbox_is_said_and_not_made(self, run: Run, tmp_path: Path) -> None:
        result = run("list")

        assert result.exit_code == 1
        assert "there is no such file. Start the worker once" in result.stderr
        assert "writable" not in result.stderr
        assert "Traceback" not in result.output
        assert list(tmp_path.iterdir()) == []


async def _record(folder: Path, key: str) -> None:
    outbox = Outbox(OutboxSettings(data_dir=folder, outbox_url=""))
    await outbox.open()
    await outbox.record(due(an_effect(key)))
    await outbox.close()


async def _refuse(folder: Path, names: list[str]) -> None:
    outbox = Outbox(OutboxSettings(data_dir=folder, outbox_url=""))
    await outbox.open()
    await outbox.record(due(*(an_effect(name, site="many", order=name) for name in names)))
    left = set(names)
    while left:
        for picked in await outbox.pick(Errand(owner="w", flows=(FLOW,), sites=9)):
            for held in picked.effects:
                if held.effect.key in left:
                    await outbox.settle(held, Change(state=State.FAILED, reason="refused"))
                    left.remove(held.effect.key)
        await outbox.release("w", ["many"])
    await outbox.close()


async def _fail_running(folder: Path, times: int) -> None:
    """Wix gives the site no service."""
    outbox = Outbox(OutboxSettings(data_dir=folder, outbox_url=""))
    await outbox.open()
    for number in range(times):
        await outbox.record(due(an_effect(f"try-{number}", order=f"try-{number}")))
        picked = await outbox.pick(Errand(owner="w", flows=(FLOW,), sites=9))
        (held,) = [one for each in picked if each.site == SITE for one in each.effects]
        busy = Change(state=State.WAITING, reason="wix_busy", again_in=600.0, site_failed=True)
        assert await outbox.settle(held, busy)
    await outbox.close()

"""The commands `reconcile` and `forget`, used wrongly: a sentence and exit code 2, and nothing was asked."""

import pytest
from click.testing import CliRunner

from streams.commands.forget import forget_command
from streams.commands.reconcile import reconcile


@pytest.fixture(autouse=True)
def somebody_at_wix(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"WIX_APP_ID": "app", "WIX_APP_SECRET": "secret", "WIX_API_KEY": ""}.items():
        monkeypatch.setenv(name, value)


class TestReconcile:
    @pytest.mark.parametrize("options", [[], ["--site", "s", "--all"]], ids=["none", "both"])
    def test_either_sites_or_all_are_named(self, options: list[str]) -> None:
        said = CliRunner().invoke(reconcile, options)

        assert said.exit_code == 2
        assert "--site INSTANCE_ID, or --all" in said.output

    def test_an_owners_key_is_not_enough(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("WIX_APP_SECRET", "")
        monkeypatch.setenv("WIX_API_KEY", "key")

        said = CliRunner().invoke(reconcile, ["--all"])

        assert said.exit_code == 2
        assert "Set WIX_APP_ID and WIX_APP_SECRET" in said.output

    def test_what_is_no_time_is_refused(self) -> None:
        said = CliRunner().invoke(reconcile, ["--all", "--since", "yesterday"])

        assert said.exit_code == 2
        assert "'yesterday' is no ISO 8601 time" in said.output


class TestForget:
    def test_somebody_must_be_named(self) -> None:
        said = CliRunner().invoke(forget_command, ["--yes"])

        assert said.exit_code == 2
        assert "--contact CONTACT_ID or --site INSTANCE_ID" in said.output

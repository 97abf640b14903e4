"""Pages that others can reach want a login: `python -m dashboard` does not start without one."""

import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from streamlit.testing.v1 import AppTest

from dashboard.__main__ import main
from dashboard.settings import DashboardSettings
from tests.dashboard.conftest import Service
from tests.dashboard.provider import Provider
from tests.dashboard.running import APP, words

EVERYWHERE = "0.0.0.0"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own, where `.streamlit/secrets.toml` may lie."""
    (tmp_path / ".streamlit").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def configure(home: Path, secrets: str) -> None:
    (home / ".streamlit" / "secrets.toml").write_text(secrets, encoding="utf-8")


def started() -> Result:
    return CliRunner().invoke(main, [], env={"DASHBOARD_HOST": EVERYWHERE, "DASHBOARD_BEHIND_PROXY": "false"})


class TestStart:
    def test_without_a_login_it_says_what_to_do_instead(self) -> None:
        refused = started()

        assert refused.exit_code == 2
        assert f"would listen on {EVERYWHERE}, beyond this machine, without a login" in refused.stderr
        assert "DASHBOARD_BEHIND_PROXY=true" in refused.stderr

    def test_a_login_that_is_only_a_comment_is_none(self, home: Path) -> None:
        configure(home, '# [auth]\ntitle = "[auth]"\n')

        assert "without a login" in started().stderr

    def test_half_a_login_names_what_is_missing(self, home: Path) -> None:
        whole = Provider(redirect_uri="https://orders.example/oauth2callback").secrets()
        configure(home, "\n".join(line for line in whole.splitlines() if "client_secret" not in line))

        refused = started()

        assert refused.exit_code == 2
        assert "lacks client_secret." in refused.stderr

    def test_secrets_that_are_no_toml_are_named(self, home: Path) -> None:
        configure(home, "[auth\n")

        refused = started()

        assert refused.exit_code == 2
        assert "secrets.toml can't be read" in refused.stderr

    def test_with_a_whole_login_it_becomes_streamlit(
        self, home: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        configure(home, Provider(redirect_uri="https://orders.example/oauth2callback").secrets())
        run: list[list[str]] = []
        monkeypatch.setattr(os, "execv", lambda program, arguments: run.append(arguments))
        monkeypatch.setenv("PYTHONPATH", "")

        started()

        assert run[0][run[0].index("--server.address") + 1] == EVERYWHERE

    @pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
    def test_this_machine_alone_needs_none(self, host: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("DASHBOARD_HOST", host)

        assert not DashboardSettings().needs_login

    @pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.7", "orders.example"])
    def test_others_need_one_unless_a_proxy_asks_for_it(
        self, host: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("DASHBOARD_HOST", host)
        assert DashboardSettings().needs_login

        monkeypatch.setenv("DASHBOARD_BEHIND_PROXY", "true")
        assert not DashboardSettings().needs_login


class TestLoginThatWentAway:
    def test_pages_that_others_reach_stay_shut(self, told: Service, monkeypatch: pytest.MonkeyPatch) -> None:
        """The secrets were there when it started; a file can be lost."""
        monkeypatch.setenv("DASHBOARD_HOST", EVERYWHERE)
        app = AppTest.from_file(APP, default_timeout=60).run()

        assert "the login that protects them is gone" in words(app)
        assert not app.metric
        assert not app.dataframe

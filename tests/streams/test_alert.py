"""Trouble is told once to ALERT_URL, by a real receiver's account, and nobody waits for it."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from pydantic import ValidationError

from streams.alert import Alert, of_outcome
from streams.alerting import MOST_WAITING, Alerts
from streams.effect import PAYMENT_NOTICE, Outcome, State
from streams.settings import AlertSettings

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Receiver:
    """What was posted, and what is answered."""

    def __init__(self) -> None:
        self.posted: list[dict[str, Any]] = []
        self.answers: list[int] = []
        self.url = ""


@contextmanager
def receiving(port: int = 0) -> Iterator[Receiver]:
    """A receiver on a real port."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            answer = receiver.answers.pop(0) if receiver.answers else 204
            if answer < 300:
                receiver.posted.append(body)
            self.send_response(answer)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_request(self, *_: object) -> None:
            """Nobody reads it."""

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        receiver.url = f"http://127.0.0.1:{server.server_port}/hook/secret-token"
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


def settings(url: str, **others: Any) -> AlertSettings:
    return AlertSettings(_env_file=None, alert_url=url, **others)


def an_alert(about: str) -> Alert:
    return Alert(kind="failure", about=about, text=f"{about} failed.", at=NOW, facts={"flow": about})


async def until(met: Callable[[], bool]) -> None:
    with anyio.fail_after(30):
        while not met():  # noqa: ASYNC110 - the receiver is a thread
            await anyio.sleep(0.02)


class TestPosting:
    async def test_each_kind_of_trouble_is_one_post(self, receiver: Receiver, tmp_path: Path) -> None:
        alerts = Alerts(settings(receiver.url), tmp_path / "told.json")

        async with alerts.posting():
            for about in ("one", "two", "one", "one", "two"):
                alerts.tell(an_alert(about))
            await until(lambda: len(receiver.posted) == 2)

        assert receiver.posted == [
            {
                "kind": "failure",
                "text": f"{about} failed.",
                "at": "2026-03-01T12:00:00.000000Z",
                "flow": about,
            }
            for about in ("one", "two")
        ]

    async def test_a_restart_does_not_tell_it_again_until_its_time_is_over(
        self, receiver: Receiver, tmp_path: Path
    ) -> None:
        now = 1_000_000.0
        tomorrow = now + timedelta(days=1).total_seconds()
        told = [("one", now), ("two", now), ("one", tomorrow)]
        for newest, time in told:
            counted: list[str] = []
            clock = partial(float, time)
            alerts = Alerts(settings(receiver.url), tmp_path / "told.json", count=counted.append, clock=clock)
            async with alerts.posting():
                alerts.tell(an_alert("one"))
                alerts.tell(an_alert(newest))
                await until(partial(counted.__contains__, "sent"))

        assert [one["flow"] for one in receiver.posted] == ["one", "two", "one"]

    async def test_a_receiver_that_is_down_gets_it_when_it_is_back(self, tmp_path: Path) -> None:
        with receiving() as before:
            port, url = int(before.url.split(":")[2].split("/")[0]), before.url
        alerts = Alerts(settings(url), tmp_path / "told.json")

        async with alerts.posting():
            alerts.tell(an_alert("one"))
            await anyio.lowlevel.checkpoint()  # the first try finds nobody
            with receiving(port) as back:
                await until(lambda: len(back.posted) == 1)

        assert [one["flow"] for one in back.posted] == ["one"]

    async def test_an_answer_that_asks_to_wait_is_waited_for(
        self, receiver: Receiver, tmp_path: Path
    ) -> None:
        receiver.answers = [503]
        alerts = Alerts(settings(receiver.url), tmp_path / "told.json")

        async with alerts.posting():
            alerts.tell(an_alert("one"))
            await until(lambda: len(receiver.posted) == 1)

        assert receiver.answers == []

    async def test_what_the_receiver_refuses_is_said_and_holds_nothing_up(
        self, receiver: Receiver, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        receiver.answers = [400]
        counted: list[str] = []
        alerts = Alerts(settings(receiver.url), tmp_path / "told.json", count=counted.append)

        async with alerts.posting():
            alerts.tell(an_alert("one"))
            alerts.tell(an_alert("two"))
            await until(lambda: len(counted) == 2)

        assert counted == ["refused", "sent"]
        assert "refused an alert with 400: one failed." in caplog.text
        assert "secret-token" not in caplog.text

    async def test_no_more_are_sent_in_an_hour_than_the_setting_says(
        self, receiver: Receiver, tmp_path: Path
    ) -> None:
        now = 1_000_000.0
        alerts = Alerts(settings(receiver.url, alerts_per_hour=2), tmp_path / "told.json", clock=lambda: now)

        async with alerts.posting():
            for about in ("one", "two", "three"):
                alerts.tell(an_alert(about))
            await until(lambda: len(receiver.posted) == 2)
            # The third sleeps now: only the clock could let it go.
            await until(lambda: not alerts._news.is_set())

        assert [one["flow"] for one in receiver.posted] == ["one", "two"]

    def test_telling_never_waits_however_many_there_are(self, tmp_path: Path) -> None:
        """Nobody listens, and nothing even posts: what is too much is counted and left out."""
        counted: list[str] = []
        alerts = Alerts(settings("http://127.0.0.1:1/"), tmp_path / "told.json", count=counted.append)

        for number in range(MOST_WAITING + 5):
            alerts.tell(an_alert(str(number)))

        assert counted == ["dropped"] * 5


class TestSettings:
    @pytest.mark.parametrize(
        "url", ["http://example.com/hook", "ftp://example.com/", "example.com/hook", "https://"]
    )
    def test_an_address_that_could_be_read_along_is_refused_without_quoting_it(self, url: str) -> None:
        with pytest.raises(ValidationError) as refused:
            settings(url)

        assert "write it as https://host/path" in str(refused.value)
        assert [
            fault["msg"] for fault in refused.value.errors() if url in fault["msg"] and "example" in url
        ] == []

    @pytest.mark.parametrize(
        "url", ["", "https://example.com/hook", "http://localhost:9/", "http://127.0.0.1/"]
    )
    def test_https_is_taken_and_plain_http_on_this_machine(self, url: str) -> None:
        assert settings(url).alert_url.get_secret_value() == url


class TestContent:
    def test_a_failed_effect_is_told_by_its_kind_with_what_to_do(self) -> None:
        alert = of_outcome(an_outcome(State.FAILED))

        assert alert is not None
        assert alert.key == "failure:payment_notice:refused:WixRefused:403:act"
        assert "Give the app the permission." in alert.text
        assert "effects list --state failed --reason refused" in alert.text
        assert alert.facts["effect_key"] == "notice:payment:site:1"

    @pytest.mark.parametrize("state", [state for state in State if state is not State.FAILED])
    def test_what_goes_on_by_itself_or_is_wanted_so_is_not_told(self, state: State) -> None:
        assert of_outcome(an_outcome(state)) is None


def an_outcome(state: State) -> Outcome:
    return Outcome(
        effect_key="notice:payment:site:1",
        flow=PAYMENT_NOTICE,
        instance_id="site",
        order_id="o",
        event_id="e",
        step=1,
        state=state,
        at=NOW,
        event_at=NOW,
        attempts=1,
        reason="refused",
        fingerprint="WixRefused:403:act",
        next_step="Give the app the permission.",
    )

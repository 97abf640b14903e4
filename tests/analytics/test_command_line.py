"""`python -m analytics`: from the file, or from whoever owns it."""

import json
import os
import re
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow.csv
import pyarrow.parquet
import pytest
import uvicorn

from analytics.ledger import Ledger
from analytics.questions import QUESTIONS
from analytics.reports import Reports
from analytics.service import create_app
from analytics.tables import EXPORTED
from tests.analytics.history import at, store_order, tell
from tests.empty_ledger import open_ledger
from tests.started import ended


def analytics(path: Path, *args: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return ended("analytics", *args, environment=os.environ | {"LEDGER_PATH": str(path)} | environment)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger with one order, closed; to be read only."""
    made = tmp_path_factory.mktemp("told") / "ledger.duckdb"
    ledger = open_ledger(made)
    tell(ledger, [store_order("o1", "approved", at(0))])
    ledger.close()
    return made


@contextmanager
def served(ledger: Ledger, token: str) -> Iterator[str]:
    """The ledger's owner answering on a free port."""
    config = uvicorn.Config(create_app(Reports(ledger), token=token), port=0, log_level="warning")
    server = uvicorn.Server(config)
    sockets = [config.bind_socket()]
    thread = threading.Thread(target=server.run, kwargs={"sockets": sockets})
    thread.start()
    try:
        yield f"http://127.0.0.1:{sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


class TestInit:
    def test_makes_a_ledger_and_may_be_repeated(self, tmp_path: Path) -> None:
        made = tmp_path / "new" / "ledger.duckdb"

        first, second = analytics(made, "init"), analytics(made, "init")

        assert (first.returncode, second.returncode) == (0, 0)
        assert made.exists()
        assert "is up to date" in second.stderr

    @pytest.mark.parametrize(
        ("where", "why"),
        [
            ("", "s a directory"),
            ("/dev/full", "No space left"),
            ("file/ledger.duckdb", "File exists"),
            ("/proc/none/ledger.duckdb", "No such file"),
        ],
    )
    def test_where_no_ledger_can_be_says_why_and_what_to_do(
        self, where: str, why: str, tmp_path: Path
    ) -> None:
        (tmp_path / "file").touch()

        refused = analytics(tmp_path / where, "init")

        assert (refused.returncode, why in refused.stderr) == (1, True), refused.stderr
        assert "with LEDGER_PATH" in refused.stderr
        assert "Traceback" not in refused.stderr


class TestReport:
    def test_reads_the_file_while_nobody_owns_it(self, path: Path) -> None:
        shown = analytics(path, "report", "order_status")
        body = json.loads(analytics(path, "report", "orders", "--json", "--param", "kind=store").stdout)

        assert "store  approved  APPROVED  1" in shown.stdout
        assert [row["order_id"] for row in body["rows"]] == ["o1"]

    def test_asks_the_owner_while_it_has_the_file(self, path: Path) -> None:
        ledger = Ledger.open(path)
        try:
            with served(ledger, "secret") as url:
                known = analytics(path, "report", "orders", "--json", REPORTS_URL=url, REPORTS_TOKEN="secret")
                unknown = analytics(path, "report", "orders", REPORTS_URL=url, REPORTS_TOKEN="guess")
            nobody = analytics(path, "report", "orders", REPORTS_URL=url)
        finally:
            ledger.close()

        assert [row["order_id"] for row in json.loads(known.stdout)["rows"]] == ["o1"]
        assert (unknown.returncode, "answered 401" in unknown.stderr) == (1, True)
        assert (nobody.returncode, f"process {os.getpid()}" in nobody.stderr) == (1, True)
        assert "Traceback" not in nobody.stderr

    def test_exports_through_the_owner_while_it_has_the_file(self, path: Path, tmp_path: Path) -> None:
        ledger = Ledger.open(path)
        try:
            with served(ledger, "secret") as url:
                owner = {"REPORTS_URL": url, "REPORTS_TOKEN": "secret"}
                whole = analytics(path, "export", "ledger", "--out", str(tmp_path / "all"), **owner)
                report = analytics(
                    path, "export", "orders", "--format", "csv", "--out", str(tmp_path / "o.csv"), **owner
                )
                unknown = analytics(path, "export", "passwords", **owner)
        finally:
            ledger.close()

        assert (whole.returncode, report.returncode) == (0, 0), whole.stderr + report.stderr
        assert {file.stem for file in (tmp_path / "all").iterdir()} == set(EXPORTED)
        assert pyarrow.parquet.read_table(tmp_path / "all" / "lifecycle.parquet").num_rows == 1
        assert pyarrow.csv.read_csv(tmp_path / "o.csv")["order_id"].to_pylist() == ["o1"]
        assert (unknown.returncode, "neither a table nor a report" in unknown.stderr) == (2, True)

    def test_lists_every_report_with_its_parameters(self, path: Path) -> None:
        listed = analytics(path, "report", "--list").stdout

        described = dict(block.split(": ", 1) for block in listed.split("\n\n"))
        assert described.keys() == QUESTIONS.keys()
        for name, question in QUESTIONS.items():
            named = [*(each.name for each in question.parameters), *(each.name for each in question.columns)]
            assert [word for word in named if not re.search(rf"\b{word}\b", described[name])] == [], name

    @pytest.mark.parametrize(
        ("args", "says"),
        [
            (("nonsense",), "there is no report 'nonsense'; there are sites"),
            (("orders", "--param", "limit=0"), "a whole number from 1 to 1000"),
            (("orders", "--param", "limit"), "is not KEY=VALUE"),
            ((), "Name a report, or ask for --list"),
        ],
    )
    def test_a_wrong_question_gets_one_sentence_and_exit_code_2(
        self, path: Path, args: tuple[str, ...], says: str
    ) -> None:
        asked = analytics(path, "report", *args)

        assert asked.returncode == 2
        assert says in asked.stderr
        assert "Traceback" not in asked.stderr
        assert "nanobind" not in asked.stderr

    def test_without_a_ledger_it_says_how_to_get_one(self, tmp_path: Path) -> None:
        asked = analytics(tmp_path / "none.duckdb", "report", "orders")

        assert asked.returncode == 1
        assert "run init first" in asked.stderr

"""Tests that run side by side: what shares a broker, a browser or a system stays in one process."""

import re
import subprocess
import sys

import pytest

from tests.side_by_side import LONGEST, SHARING, rank, together
from tests.source_tree import ROOT

# Such as import little: three processes do.
TWO_FILES = ["tests/test_left_behind.py", "tests/test_log_lines.py"]


class TestTogether:
    def test_a_file_stays_together(self) -> None:
        assert together("tests/ingest/test_app.py::TestDoor::test_one[a/b::c]") == "tests/ingest/test_app.py"

    def test_so_does_a_folder_that_shares_a_system(self) -> None:
        found = {together(f"tests/journey/test_{name}.py::test_one") for name in ("flows", "replay")}

        assert found == {"journey"}

    @pytest.mark.parametrize("group", LONGEST)
    def test_what_begins_first_is_there(self, group: str) -> None:
        assert (ROOT / group).is_file() or (group in SHARING and [*ROOT.glob(f"tests/**/{group}")])

    def test_the_longest_begin_first(self) -> None:
        assert rank("tests/journey/test_flows.py::test_one") < rank("tests/ingest/test_app.py::test_one")


def test_each_file_is_one_processs_work() -> None:
    """Dealt out one by one, each process would start everything that a file's tests share."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-n2", "-v", *TWO_FILES]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    work = set(re.findall(r"^\[(gw\d)\] .* (tests/[^\s:]+)::", done.stdout, re.MULTILINE))
    assert sorted(file for _, file in work) == sorted(TWO_FILES), done.stdout

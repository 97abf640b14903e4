"""The sandbox's processes write their log as the other rooms do, when they are asked to."""

import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.log_lines import JsonLines
from tests.source_tree import ROOT


def test_each_line_is_one_object(tmp_path: Path) -> None:
    environment = os.environ | {"WAREHOUSE_TOKEN": "token", "LOG_FORMAT": "json", "DATA_DIR": str(tmp_path)}
    command = [sys.executable, "-m", "sandbox", "warehouse"]

    with subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        first = json.loads(process.stderr.readline())
        process.terminate()

    assert first.pop("time").endswith("Z")
    assert first.pop("message").startswith("packing for http")
    assert first == {"level": "INFO", "logger": "sandbox.warehouse"}


def test_an_exception_is_told_in_the_same_line() -> None:
    try:
        raise KeyError("gone")
    except KeyError:
        record = logging.LogRecord("sandbox", logging.ERROR, "x.py", 1, "%s\nfailed", ("it",), sys.exc_info())

    (line,) = JsonLines().format(record).splitlines()

    assert json.loads(line)["message"] == "it\nfailed"
    assert "KeyError: 'gone'" in json.loads(line)["exception"]


@pytest.mark.parametrize("command", ["warehouse", "wix"])
def test_a_format_that_there_is_not_is_refused(command: str, tmp_path: Path) -> None:
    environment = os.environ | {"LOG_FORMAT": "xml", "DATA_DIR": str(tmp_path)}

    done = subprocess.run(
        [sys.executable, "-m", "sandbox", command],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert "LOG_FORMAT" in done.stderr
    assert "Traceback" not in done.stderr

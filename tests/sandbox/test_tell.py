"""Stories for rooms that run elsewhere: what those need to know, and what is said when nobody is there."""

import os
import subprocess
import sys
import tomllib
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from sandbox.broker import free_port
from sandbox.stories.library import library
from sandbox.tell import handover_tokens, sites_toml
from tests.source_tree import ROOT

SITES = library(datetime(2026, 1, 1, tzinfo=UTC)).sites


class TestSites:
    def test_the_file_says_of_each_site_what_the_stories_expect(self) -> None:
        read = tomllib.loads(sites_toml(SITES))["sites"]

        assert read == {site.instance_id: site.settings for site in SITES}

    def test_the_warehouse_may_hand_over_for_every_site(self) -> None:
        name, digest, sites = handover_tokens(SITES, "a token").split(":")

        assert name
        assert digest == sha256(b"a token").hexdigest()
        assert sites.split("|") == [site.instance_id for site in SITES]


class TestCommand:
    def test_nobody_there_is_one_sentence_and_exit_code_1(self, tmp_path: Path) -> None:
        nobody = f"http://127.0.0.1:{free_port()}"
        environment = {**os.environ, "DATA_DIR": str(tmp_path), "WIX_API_URL": nobody}

        run = subprocess.run(
            [sys.executable, "-m", "sandbox", "tell"],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

        assert run.returncode == 1
        assert run.stderr.startswith(f"Error: No good answer from {nobody}")
        assert "Traceback" not in run.stderr

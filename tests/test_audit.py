"""`bin/audit` finds what a vulnerability service knows, and lets a check pass where none can be asked."""

import json
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.source_tree import ROOT

FLAW = {
    "id": "GHSA-made-up",
    "summary": "made up",
    "modified": "2026-01-01T00:00:00Z",
    "published": "2026-01-01T00:00:00Z",
    "affected": [
        {
            "package": {"name": "jinja2", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "99.0"}]}],
        }
    ],
}


@contextmanager
def service(vulnerable: str) -> Iterator[str]:
    """An OSV service that knows of one vulnerable package."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
            is_it = asked["package"]["name"] == vulnerable
            body = json.dumps({"vulns": [FLAW]} if is_it else {}).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_request(self, *_: object) -> None:
            """Nobody reads it."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/v1/query"
        finally:
            server.shutdown()
            thread.join()


def audit(**settings: str) -> tuple[int, str]:
    done = subprocess.run(
        [ROOT / "bin" / "audit"], env=os.environ | settings, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout


class TestAudit:
    def test_a_known_vulnerability_fails_it_and_names_the_way_out(self) -> None:
        with service("jinja2") as url:
            code, said = audit(AUDIT_OSV_URL=url)

        assert code == 1
        assert "GHSA-made-up, mended in 99.0" in said

    def test_none_known_passes_with_how_many_were_asked_for(self) -> None:
        with service("nothing-of-ours") as url:
            code, said = audit(AUDIT_OSV_URL=url)

        assert code == 0
        assert said.startswith("No known vulnerability in ")

    def test_a_service_that_cant_be_reached_is_said_and_fails_nothing(self) -> None:
        code, said = audit(AUDIT_OSV_URL="http://127.0.0.1:1/v1/query")

        assert (code, said.count("\n")) == (0, 1)
        assert "were not audited" in said

    def test_one_that_is_silent_is_not_waited_for(self) -> None:
        assert audit(AUDIT_SECONDS="0.01")[0] == 0

"""A PostgreSQL for tests: from testcontainers where Docker answers, else one found on this machine."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from tests.kafka_container import docker_answers

IMAGE = "postgres:17-alpine"
START_SECONDS = 30


class NoPostgres(Exception):
    """There is none; the message says what was looked for."""


@contextmanager
def postgres_server() -> Iterator[str]:
    """URL of a server with nothing in it.

    Raises:
        NoPostgres: neither Docker nor an installed server.
    """
    if docker_answers():
        from testcontainers.postgres import PostgresContainer

        with PostgresContainer(IMAGE, driver=None) as container:
            yield container.get_connection_url()
        return
    programs = _installed()
    if programs is None:
        raise NoPostgres("no Docker daemon answers and no server lies under /usr/lib/postgresql/*/bin")
    with _own_server(programs) as url:
        yield url


def _installed() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


@contextmanager
def _own_server(programs: Path) -> Iterator[str]:
    user = _user()
    # Not pytest's tmp_path: the server's user may not look into root's folders.
    folder = Path(tempfile.mkdtemp(prefix="orderline-postgres-"))
    try:
        if user is not None:
            shutil.chown(folder, user)
        data, port = folder / "data", _free_port()
        initdb = f"{programs}/initdb -D {data} -U orderline -A trust -N -E UTF8"
        subprocess.run(initdb.split(), check=True, capture_output=True, user=user, cwd=folder)
        postgres = f"{programs}/postgres -D {data} -h 127.0.0.1 -p {port} -k {folder} -F"
        server = subprocess.Popen(postgres.split(), stderr=subprocess.DEVNULL, user=user, cwd=folder)
        try:
            url = f"postgresql://orderline@127.0.0.1:{port}/postgres"
            _await(url, server)
            yield url
        finally:
            server.terminate()
            server.wait()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _user() -> str | None:
    """PostgreSQL refuses to run as root; then it runs as its own user, or nobody."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next((name for name in ("postgres", "nobody") if name in known), None)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _await(url: str, server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return
    raise NoPostgres(f"the installed server did not start within {START_SECONDS} s")

"""The jars of the embedded Kafka: the lock is the list, and a file that differs is never used."""

import hashlib
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from sandbox.broker import free_port
from sandbox.jars import DownloadFailed, Jar, WrongJar, fetch_jars, locked_jars

CONTENT = b"a jar, for the purposes of this test"
JAR = Jar(gav="org.example:parcel:1.0", sha256=hashlib.sha256(CONTENT).hexdigest(), size=len(CONTENT))


class Mirror:
    """A Maven mirror on this machine, that counts what it is asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.asked: list[str] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def holds(self, jar: Jar, content: bytes) -> None:
        path = self.folder / jar.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _handler(self) -> type[SimpleHTTPRequestHandler]:
        mirror = self

        class Handler(SimpleHTTPRequestHandler):
            def __init__(self, *arguments: Any) -> None:
                super().__init__(*arguments, directory=str(mirror.folder))

            def do_GET(self) -> None:
                if self.path.endswith(".jar"):
                    mirror.asked.append(self.path)
                super().do_GET()

            def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - http.server calls it so
                """Quietly."""

        return Handler


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mirror]:
    """Also a home folder of its own: a jar in the developer's ~/.m2 must not answer for the mirror."""
    (tmp_path / "mirror").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    mirror = Mirror(tmp_path / "mirror")
    yield mirror
    mirror.close()


class TestLock:
    def test_every_jar_of_kafka_is_locked_with_its_hash(self) -> None:
        jars = locked_jars()

        assert len(jars) == 46
        assert "org.apache.kafka:kafka_2.13:4.3.1" in {jar.gav for jar in jars}
        assert all(len(jar.sha256) == 64 and jar.size > 0 for jar in jars)


class TestFetch:
    def test_a_missing_jar_is_downloaded_once(self, mirror: Mirror, tmp_path: Path) -> None:
        mirror.holds(JAR, CONTENT)

        first = fetch_jars([JAR], cache=tmp_path / "cache", mirror=mirror.url)
        again = fetch_jars([JAR], cache=tmp_path / "cache", mirror=mirror.url)

        assert first == again
        assert first[0].read_bytes() == CONTENT
        assert len(mirror.asked) == 1

    def test_a_jar_in_the_maven_repository_of_the_user_is_not_downloaded(
        self, mirror: Mirror, tmp_path: Path
    ) -> None:
        there = tmp_path / "home" / ".m2" / "repository" / JAR.path
        there.parent.mkdir(parents=True)
        there.write_bytes(CONTENT)

        assert fetch_jars([JAR], cache=tmp_path / "cache", mirror=mirror.url) == [there]
        assert mirror.asked == []

    def test_half_a_file_from_an_interrupted_download_is_fetched_again(
        self, mirror: Mirror, tmp_path: Path
    ) -> None:
        mirror.holds(JAR, CONTENT)
        half = tmp_path / "cache" / JAR.path
        half.parent.mkdir(parents=True)
        half.write_bytes(CONTENT[:9])

        assert fetch_jars([JAR], cache=tmp_path / "cache", mirror=mirror.url) == [half]
        assert half.read_bytes() == CONTENT

    def test_another_file_of_the_same_size_is_refused_named_and_removed(
        self, mirror: Mirror, tmp_path: Path
    ) -> None:
        mirror.holds(JAR, CONTENT.upper())

        with pytest.raises(
            WrongJar, match=r"parcel-1\.0\.jar is not the org\.example:parcel:1\.0"
        ) as refusal:
            fetch_jars([JAR], cache=tmp_path / "cache", mirror=mirror.url)

        assert not refusal.value.path.exists()

    def test_a_jar_that_the_mirror_lacks_says_what_to_set(self, mirror: Mirror, tmp_path: Path) -> None:
        with pytest.raises(
            DownloadFailed, match=r"Could not download the Kafka jars: .*parcel.*KAFKA_MAVEN_REPO"
        ):
            fetch_jars([JAR], cache=tmp_path / "cache", mirror=mirror.url)

    def test_no_network_says_what_to_set(
        self, tmp_path: Path, mirror: Mirror, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        nobody = f"http://127.0.0.1:{free_port()}"

        with pytest.raises(DownloadFailed, match="HTTPS_PROXY; or point KAFKA_HOME"):
            fetch_jars([JAR], cache=tmp_path / "cache", mirror=nobody)

    def test_two_who_need_it_at_once_download_it_once(self, mirror: Mirror, tmp_path: Path) -> None:
        mirror.holds(JAR, CONTENT)

        with ThreadPoolExecutor(2) as both:
            fetching = [
                both.submit(fetch_jars, [JAR], cache=tmp_path / "cache", mirror=mirror.url) for _ in range(2)
            ]
            paths = [fetch.result() for fetch in fetching]

        assert paths[0] == paths[1]
        assert len(mirror.asked) == 1

"""The locked jars become files on this machine: found in a cache, or downloaded once, and checked."""

import hashlib
import json
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import platformdirs
import requests
from filelock import FileLock
from jgo.maven import MavenContext

LOCK = Path(__file__).with_name("kafka-4.3.1.lock.json")
# 46 files in 8 s; more threads only wait for the same line.
THREADS = 8
TIMEOUT_SECONDS = 60


class DownloadFailed(Exception):
    """The jars are not here and can't be fetched."""

    def __init__(self, first_error: str) -> None:
        super().__init__(
            f"Could not download the Kafka jars: {first_error}. Behind a mirror set KAFKA_MAVEN_REPO; "
            "behind a proxy set HTTPS_PROXY; or point KAFKA_HOME at a Kafka that is already there."
        )


class WrongJar(Exception):
    """A downloaded file is not the one that was locked. It has been removed."""

    def __init__(self, path: Path, jar: "Jar") -> None:
        self.path = path
        super().__init__(
            f"{path} is not the {jar.gav} that {LOCK.name} names (its size or SHA-256 differs), so it was "
            "removed. Try again; if it happens again, the download comes from a mirror that changes files."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Jar:
    """One line of the lock: group, artifact and version, and what its file must be."""

    gav: str
    sha256: str
    size: int

    @property
    def path(self) -> Path:
        """Where a Maven repository keeps it."""
        group, artifact, version = self.gav.split(":")
        return Path(*group.split("."), artifact, version, f"{artifact}-{version}.jar")

    def is_at(self, path: Path) -> bool:
        """Whether that file is there and whole."""
        if not path.is_file() or path.stat().st_size != self.size:
            return False
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == self.sha256


def locked_jars() -> list[Jar]:
    """The full set: nothing is resolved at run time."""
    return [Jar(**line) for line in json.loads(LOCK.read_text())["jars"]]


def cache_folder() -> Path:
    """The user's cache (`XDG_CACHE_HOME` where the platform honours it)."""
    return platformdirs.user_cache_path("orderline") / "maven"


def fetch_jars(jars: Sequence[Jar], *, cache: Path, mirror: str = "") -> list[Path]:
    """Every jar's checked path, from `~/.m2/repository`, the cache, or the network, in that order.

    Two processes may call it at once: one downloads, the other waits. A file left half written by an
    interrupted call is fetched again.
    """
    cache.mkdir(parents=True, exist_ok=True)
    with FileLock(cache / "fetch.lock"), ThreadPoolExecutor(THREADS) as threads:
        found = dict(zip(jars, threads.map(lambda jar: _find(jar, cache), jars), strict=True))
        missing = [jar for jar, path in found.items() if path is None]
        if missing:
            _download_all(missing, cache, mirror, threads)
    return [path or cache / jar.path for jar, path in found.items()]


def _find(jar: Jar, cache: Path) -> Path | None:
    for folder in (Path.home() / ".m2" / "repository", cache):
        if jar.is_at(folder / jar.path):
            return folder / jar.path
    return None


def _download_all(jars: Sequence[Jar], cache: Path, mirror: str, threads: ThreadPoolExecutor) -> None:
    progress = _Progress(jars)
    running = {threads.submit(_download, jar, cache, mirror): jar for jar in jars}
    try:
        for done in as_completed(running):
            done.result()
            progress.add(running[done])
    except (requests.RequestException, OSError, RuntimeError) as error:
        raise DownloadFailed(_first_line(error)) from error
    finally:
        for waiting in running:
            waiting.cancel()
        progress.end()


def _download(jar: Jar, cache: Path, mirror: str) -> None:
    path = cache / jar.path
    path.unlink(missing_ok=True)
    remote = {"mirror": mirror.rstrip("/")} if mirror else None
    context = MavenContext(repo_cache=cache, local_repos=[], remote_repos=remote, timeout=TIMEOUT_SECONDS)
    context.create_dependency(jar.gav).artifact.resolve()
    if not jar.is_at(path):
        path.unlink(missing_ok=True)
        raise WrongJar(path, jar)


def _first_line(error: Exception) -> str:
    lines = str(error).splitlines() or [type(error).__name__]
    return lines[0].rstrip(".")


class _Progress:
    """How far the download is: one line rewritten on a terminal, two lines elsewhere; on stderr."""

    def __init__(self, jars: Sequence[Jar]) -> None:
        self._count, self._total = len(jars), sum(jar.size for jar in jars)
        self._done, self._bytes = 0, 0
        print(f"Fetching Kafka 4.3.1, once: {self._count} files, {self._total / 1e6:.0f} MB", file=sys.stderr)  # noqa: T201 – for the person waiting

    def add(self, jar: Jar) -> None:
        self._done += 1
        self._bytes += jar.size
        if sys.stderr.isatty():
            sys.stderr.write(f"\r  {self._done} of {self._count} files, {self._bytes / 1e6:.0f} MB ")
            sys.stderr.flush()

    def end(self) -> None:
        if sys.stderr.isatty():
            sys.stderr.write("\n")
        elif self._done == self._count:
            print("Fetched Kafka 4.3.1", file=sys.stderr)  # noqa: T201 – for the person waiting

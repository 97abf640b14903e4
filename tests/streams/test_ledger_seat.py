"""The seat at the ledger: what stands in its way ends the process in a sentence."""

import os
from pathlib import Path

import pytest

from analytics.ledger import Share
from streams.ledger_seat import SMALL_FILE_BYTES, fitting, opened
from streams.running import Refusal


@pytest.mark.parametrize(
    ("where", "share", "why"),
    [
        ("folder", Share(), "s a directory"),
        ("file/ledger.duckdb", Share(), "Not a directory|File exists"),
        ("/proc/none/ledger.duckdb", Share(), "No such file"),
        ("ledger.duckdb", Share(memory="abc"), "LEDGER_MEMORY"),
    ],
)
async def test_a_place_or_share_of_no_use_is_refused(
    where: str, share: Share, why: str, tmp_path: Path
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()

    with pytest.raises(Refusal, match=why) as refused:
        await opened(tmp_path / where, share)

    assert "start again" in str(refused.value)


class TestFitting:
    @pytest.mark.parametrize(
        ("size", "threads"), [(None, 1), (0, 1), (SMALL_FILE_BYTES, 1), (SMALL_FILE_BYTES + 1, 0)]
    )
    def test_only_a_large_file_is_asked_on_all_cores(
        self, size: int | None, threads: int, tmp_path: Path
    ) -> None:
        path = tmp_path / "ledger.duckdb"
        if size is not None:
            path.touch()
            os.truncate(path, size)

        assert fitting(Share(memory="1GB"), path) == Share(memory="1GB", threads=threads)

    def test_a_chosen_number_of_threads_stands(self, tmp_path: Path) -> None:
        assert fitting(Share(threads=4), tmp_path / "none") == Share(threads=4)

    async def test_the_seat_opens_the_file_so(self, tmp_path: Path) -> None:
        seat = await opened(tmp_path / "ledger.duckdb", Share())
        try:
            with seat.ledger.present() as connection:
                assert connection.execute("select current_setting('threads')").fetchall() == [(1,)]
        finally:
            seat.close()

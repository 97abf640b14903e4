"""The seat at the ledger: what stands in its way ends the process in a sentence."""

from pathlib import Path

import pytest

from analytics.ledger import Share
from streams.ledger_seat import opened
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

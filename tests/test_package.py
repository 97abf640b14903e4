"""The wheel holds the four rooms with their SQL, templates and theme, and nothing else."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.settings_table import PRODUCT
from tests.source_tree import ROOT

LEFT_OUT = {"__pycache__"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.Path:
    """Built from a copy, because a build leaves folders behind."""
    copy, made = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in ("pyproject.toml", "README.md", "LICENSE", "NOTICE", *PRODUCT, "sandbox", "tests"):
        source = ROOT / name
        files = [path for path in source.rglob("*") if path.is_file()] if source.is_dir() else [source]
        for path in files:
            if not LEFT_OUT & set(path.parts):
                target = copy / path.relative_to(ROOT)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(path.read_bytes())
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation"]
    subprocess.run([*command, "--wheel-dir", str(made), str(copy)], check=True)
    return zipfile.Path(next(made.glob("*.whl")))


def files(folder: Path) -> set[str]:
    return {
        path.relative_to(ROOT).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and not LEFT_OUT & set(path.parts)
    }


class TestWheel:
    @pytest.mark.parametrize("room", PRODUCT)
    def test_a_room_is_there_with_everything_in_its_folder(self, wheel: zipfile.Path, room: str) -> None:
        packed = set(wheel.root.namelist())

        assert files(ROOT / room) - packed == set()

    def test_nothing_is_there_that_only_tests_and_demos_need(self, wheel: zipfile.Path) -> None:
        top = {name.split("/")[0] for name in wheel.root.namelist()}

        assert {name for name in top if not name.endswith(".dist-info")} == set(PRODUCT)

    def test_it_carries_its_license(self, wheel: zipfile.Path) -> None:
        names = [Path(name).name for name in wheel.root.namelist()]

        assert {"LICENSE", "NOTICE"} <= set(names)

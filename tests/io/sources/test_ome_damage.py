"""Damaged OME-TIFF and QPTIFF files: an error of ours in one line, or pixels."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.model.errors import SlidebeamError, SourceError
from tests.io.sources.damage import flip_bytes, read_all
from tests.io.sources.ome_tiffs import gray_planes, ome_image, ome_xml, write_ome_tiff
from tests.io.sources.test_qptiff import fluorescence, write_qptiff

fuzzed = settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
CHANGES = st.lists(st.tuples(st.integers(0, 1 << 20), st.integers(1, 255)), min_size=1, max_size=6)


@pytest.fixture(scope="module")
def ome_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return three planes in two levels; small tiles, so that much of the file is structure."""
    xml = ome_xml(ome_image(counts=(3, 1, 1), inside="<TiffData/>"))
    options = {"compression": "zlib", "tile": (16, 16)}
    planes = [plane[:40, :40].copy() * 0 for plane in gray_planes(3)]
    xml = xml.replace('SizeX="110"', 'SizeX="40"').replace('SizeY="74"', 'SizeY="40"')
    return write_ome_tiff(tmp_path_factory.mktemp("ome") / "s.ome.tif", xml, planes, levels=2, options=options)


@pytest.fixture(scope="module")
def qptiff_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return three channels in three levels; without the overview and label behind them, which may be left out."""
    directories = fluorescence([plane * 0 for plane in gray_planes(3)])[:-2]
    return write_qptiff(tmp_path_factory.mktemp("qptiff") / "s.qptiff", directories, compression="zlib")


def outcome(path: Path, data: bytes) -> SlidebeamError | None:
    """Write a file and read all of it; an error names the file, in one line."""
    path.write_bytes(data)
    error = read_all(path)
    assert error is None or (path.name in str(error) and "\n" not in str(error))
    return error


def test_undamaged_files_are_read(tmp_path: Path, ome_file: Path, qptiff_file: Path) -> None:
    assert outcome(tmp_path / "s.ome.tif", ome_file.read_bytes()) is None
    assert outcome(tmp_path / "s.qptiff", qptiff_file.read_bytes()) is None


@given(changes=CHANGES)
@fuzzed
@pytest.mark.timeout(120)
def test_flipped_bytes_in_an_ome_tiff(tmp_path: Path, ome_file: Path, changes: list[tuple[int, int]]) -> None:
    outcome(tmp_path / "s.ome.tif", flip_bytes(ome_file.read_bytes(), changes))


@given(changes=CHANGES)
@fuzzed
@pytest.mark.timeout(120)
def test_flipped_bytes_in_a_qptiff(tmp_path: Path, qptiff_file: Path, changes: list[tuple[int, int]]) -> None:
    outcome(tmp_path / "s.qptiff", flip_bytes(qptiff_file.read_bytes(), changes))


@pytest.mark.parametrize("share", [i / 16 for i in range(16)])
def test_files_that_were_cut(tmp_path: Path, ome_file: Path, qptiff_file: Path, share: float) -> None:
    for path in (ome_file, qptiff_file):
        data = path.read_bytes()
        assert isinstance(outcome(tmp_path / path.name, data[: int(len(data) * share)]), SourceError)

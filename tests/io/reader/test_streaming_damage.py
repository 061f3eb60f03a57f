"""Frames on demand of damaged files: an error of the tree, or frames; never anything else."""

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.uid import ImplicitVRLittleEndian

from pipeline.io.reader.streaming import SlideStreamingReader
from pipeline.model.errors import SlidebeamError
from pipeline.model.transfer_syntaxes import TransferSyntax
from tests.io.sources.dicom.instances import (
    JPEG_2000,
    coded,
    header,
    native,
    optical_paths,
    per_frame,
    picture,
    tiles_of,
    write,
)

TILES = tiles_of(picture(44, 29))
PLACES = [{"x": x, "y": y, "path": "b"} for y in (0, 16) for x in (0, 16, 32)]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """Return whole files: native, by both offset tables, TILED_SPARSE in fragments, and in implicit VR."""
    folder = tmp_path_factory.mktemp("whole")
    frames = coded(TILES, TransferSyntax.JPEG_2000_LOSSLESS)
    paths = optical_paths("b")
    sparse = {
        "OpticalPathSequence": paths,
        "DimensionOrganizationType": "TILED_SPARSE",
        "PerFrameFunctionalGroupsSequence": per_frame(PLACES),
    }
    full, compressed = header(44, 29, OpticalPathSequence=paths), header(44, 29, PhotometricInterpretation="YBR_RCT")
    written = [
        write(folder / "a.dcm", full, native(TILES)),
        write(folder / "b.dcm", compressed, frames, syntax=JPEG_2000, table="extended"),
        write(folder / "c.dcm", header(44, 29, **sparse), frames, syntax=JPEG_2000, fragments=2),
        write(folder / "d.dcm", header(44, 29, **sparse), native(TILES), syntax=ImplicitVRLittleEndian),
    ]
    return [file.read_bytes() for file in written]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where each damaged file is put."""
    return tmp_path_factory.mktemp("damaged") / "x.dcm"


@given(
    which=st.integers(0, 3),
    changes=st.lists(st.tuples(st.integers(0, 2500), st.integers(0, 255)), min_size=1, max_size=6),
    kept=st.one_of(st.none(), st.floats(0, 1)),
)
def test_damaged_headers_and_tables(
    files: list[bytes], place: Path, which: int, changes: list[tuple[int, int]], kept: float | None
) -> None:
    data = bytearray(files[which])
    for at, value in changes:
        data[at % len(data)] = value
    place.write_bytes(data if kept is None else data[: int(kept * len(data))])
    with suppress(SlidebeamError), SlideStreamingReader(place) as reader:
        assert reader.get_metadata()["frame_count"] == reader.get_frame_count()
        for frame in {0, reader.get_frame_count() - 1}:
            assert reader.get_dicom_for_frame(frame)[128:132] == b"DICM"
            assert reader.get_dicom_for_frame(frame, force_uncompressed=True)[128:132] == b"DICM"

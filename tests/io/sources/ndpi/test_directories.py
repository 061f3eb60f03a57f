"""The structure of the file: 64-bit links and high words, text in either place, files beyond 4 GiB."""

from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.io.sources import open_source
from pipeline.io.sources.ndpi.directories import is_ndpi, read_directories
from pipeline.io.sources.ndpi.file import NdpiFile
from pipeline.io.sources.ndpi.intervals import tagged_intervals
from pipeline.io.sources.ndpi.tags import Tag
from pipeline.model.errors import SourceError
from tests.io.sources.ndpi.slides import ASCII, LONG, level, mcu_starts, pyramid, write_ndpi
from tests.sample import draw_tissue

GIB = 1 << 30


@pytest.mark.parametrize("text", ["A", "A1", "RGB", "A1B2"])
@pytest.mark.parametrize("inline", [False, True])
def test_short_text(tmp_path: Path, text: str, inline: bool) -> None:
    """Outside of the entry, as the format has it, or inside, as some programs write it."""
    value = text.encode().ljust(4, b"\0") if inline and len(text) < 4 else text
    picture = level(draw_tissue(16, 16), 0, 20.0, tags={Tag.REFERENCE: (ASCII, value)})
    with open_source(str(write_ndpi(tmp_path / "s.ndpi", [picture]))) as source:
        description = source.describe()
    assert description.facts.label_text == text
    assert ("hamamatsu.Reference", text) in description.properties


@pytest.mark.parametrize("name", ["s.tif", "s.svs", "no suffix"])
def test_the_name_does_not_matter(tmp_path: Path, name: str) -> None:
    path = write_ndpi(tmp_path / name, pyramid())
    with open_source(str(path)) as source:
        assert source.describe().format == "hamamatsu"
        assert source.describe().levels[0].retiled


def test_beyond_four_gibibytes(tmp_path: Path) -> None:
    """Strips, values, directories and all links behind a hole: every offset needs its high word."""
    near = write_ndpi(tmp_path / "near.ndpi", pyramid())
    far = write_ndpi(tmp_path / "far.ndpi", pyramid(), hole=5 * GIB)
    assert far.stat().st_size > 5 * GIB
    with open_source(str(near)) as one, open_source(str(far)) as other:
        assert one.describe() == other.describe()
        for image in one.describe().images:
            tiles = [[bytes(t) for t in s.read_tiles(image.index, 0, image.grid.frames)] for s in (one, other)]
            assert tiles[0] == tiles[1]
        assert one.fingerprint() != other.fingerprint() == other.fingerprint()


def test_intervals_beyond_four_gibibytes_of_their_strip(tmp_path: Path) -> None:
    """McuStartsHighBytes completes McuStarts."""
    pixels = draw_tissue(64, 64)
    starts = mcu_starts(level(pixels, 2, 20.0).jpeg)
    highs = [0] * 10 + [1] * 12 + [3] * 10
    picture = level(pixels, 2, 20.0, tags={Tag.MCU_STARTS_HIGH: (LONG, highs)})
    file = NdpiFile(str(write_ndpi(tmp_path / "s.ndpi", [picture])))
    intervals = tagged_intervals(file.directories[0], file.read, 32, 99 * GIB, file.size)
    assert intervals is not None
    expected = [start + (high << 32) for start, high in zip(starts, highs, strict=True)] + [99 * GIB]
    assert intervals.bounds(0, 32).tolist() == expected
    assert intervals.bounds(9, 2).tolist() == expected[9:12]
    assert intervals.bounds(31, 1).tolist() == expected[31:]
    assert intervals.are_in_order(starts[0])
    assert not intervals.are_in_order(starts[0] + 1)
    assert tagged_intervals(file.directories[0], file.read, 31, 99 * GIB, file.size) is None
    file.close()


def test_the_last_directory_may_lack_its_high_words(tmp_path: Path) -> None:
    """They stand at the end of the file, where programs that copy TIFF leave them out."""
    path = write_ndpi(tmp_path / "s.ndpi", [level(draw_tissue(64, 64), 4, 20.0)])
    with open_source(str(path)) as source:
        expected = bytes(source.read_tiles(0, 0, 1)[0])
        entries = len(NdpiFile(str(path)).directories[0].entries)
    path.write_bytes(path.read_bytes()[: -4 * entries])
    with open_source(str(path)) as source:
        assert bytes(source.read_tiles(0, 0, 1)[0]) == expected


def test_a_chain_that_bites_its_tail(tmp_path: Path) -> None:
    path = write_ndpi(tmp_path / "s.ndpi", [level(draw_tissue(64, 64), 4, 20.0)])
    data = bytearray(path.read_bytes())
    entries = int.from_bytes(data[int.from_bytes(data[4:12], "little") :][:2], "little")
    link = int.from_bytes(data[4:12], "little") + 2 + 12 * entries
    data[link : link + 8] = data[4:12]
    path.write_bytes(data)
    with pytest.raises(SourceError, match=r"s\.ndpi is no readable NDPI file .*one that came before"):
        open_source(str(path))


@given(data=st.binary(max_size=200), place=st.integers(0, 1 << 64))
def test_any_bytes_are_ndpi_or_not(data: bytes, place: int) -> None:
    """Neither hangs nor fails in any other way than it says."""
    head = b"II*\0" + (place % (1 << 64)).to_bytes(8, "little")

    def read(offset: int, length: int) -> bytes:
        return (head + data)[offset : offset + length]

    if is_ndpi(read):
        with suppress(ValueError):
            assert read_directories(read)


def test_bytes_are_read_by_place(tmp_path: Path) -> None:
    """A level with one restart interval only, and text and numbers of all directories."""
    pixels = draw_tissue(8, 64)
    path = write_ndpi(tmp_path / "s.ndpi", [level(pixels, 8, 20.0)])
    with open_source(str(path)) as source:
        (image,) = source.describe().images
        assert image.retiled
        (decoded,) = source.read_pixels(0, 0, 1)
        assert decoded is not None
        assert int(np.abs(decoded.astype(int) - pixels).mean()) < 12

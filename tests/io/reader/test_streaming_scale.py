"""Frames on demand under load: many threads, a level of fifty gigabytes, and what is imported for it (T8, T9)."""

import json
import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pydicom
import pytest

from pipeline.io.dicom.element_writer import item_bytes
from pipeline.io.dicom.offset_table import offset_tables
from pipeline.io.reader.streaming import SlideStreamingReader
from pipeline.model.offset_table import OffsetTable
from tests.graph.conversions import convert

_MEASURED = """
import json, sys
from pipeline.io.reader.streaming import SlideStreamingReader

def read():
    return next(int(line.split()[1]) for line in open("/proc/self/io") if line.startswith("rchar"))

def peak():
    return 1024 * next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))

before = read()
with SlideStreamingReader(sys.argv[1]) as reader:
    frame = reader.get_dicom_for_frame(int(sys.argv[2]))
print(json.dumps({"read": read() - before, "peak": peak(), "frame": len(frame), "modules": sorted(sys.modules)}))
"""
FRAME_BYTES = 32_768
"""Of the sparse file: an item with its header."""


@pytest.fixture(scope="module")
def level(sample_slide: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return level 0 of the sample slide, 130 frames."""
    output = tmp_path_factory.mktemp("scale")
    convert(sample_slide, output, levels=(0,))
    return output / sample_slide.name / "level-0.dcm"


def write_sparse_level(path: Path, header_of: Path, total: int, kept: int) -> int:
    """Write a level of about `total` bytes, of which one frame takes room on the disk, with the table that it needs.

    The header is that of another file. Returns the number of frames.
    """
    data = pydicom.dcmread(header_of, stop_before_pixels=True)
    across = int((total // FRAME_BYTES) ** 0.5)
    frames = across * across
    data.TotalPixelMatrixColumns, data.TotalPixelMatrixRows = across * data.Columns, across * data.Rows
    data.NumberOfFrames = frames
    pydicom.dcmwrite(path, data, enforce_file_format=True)
    extended, basic = offset_tables(np.full(frames, FRAME_BYTES - 8, np.uint32), OffsetTable.AUTO, 2**32 - 1)
    with path.open("r+b") as file:
        file.seek(0, 2)
        file.write(extended + b"\xe0\x7f\x10\x00OB\0\0\xff\xff\xff\xff" + basic)
        first = file.tell()
        file.seek(first + kept * FRAME_BYTES)
        file.write(item_bytes(b"\xff\xd8" + bytes(FRAME_BYTES - 12) + b"\xff\xd9"))
        file.seek(first + frames * FRAME_BYTES)
        file.write(b"\xfe\xff\xdd\xe0\0\0\0\0")
    return frames


def test_t8_sixteen_threads_get_the_frames_that_one_gets(level: Path) -> None:
    with SlideStreamingReader(level, cache_size=20) as reader, SlideStreamingReader(level, cache_size=130) as alone:
        expected = {
            uncompressed: [alone.get_dicom_for_frame(frame, uncompressed) for frame in range(130)]
            for uncompressed in (False, True)
        }

        def ask(seed: int) -> int:
            chance = random.Random(seed)  # noqa: S311
            most = 0
            for _ in range(200):
                frame, uncompressed = chance.randrange(130), chance.random() < 0.1
                assert reader.get_dicom_for_frame(frame, uncompressed) == expected[uncompressed][frame]
                most = max(most, int(reader.get_cache_stats()["cached_frames"]))
            return most

        with ThreadPoolExecutor(16) as pool:
            assert max(pool.map(ask, range(16))) <= 20
        assert reader.get_cache_stats()["loading_frames"] == 0


def test_t8_closing_waits_for_frames_on_their_way(level: Path) -> None:
    reader = SlideStreamingReader(level, cache_size=0)
    whole = reader.get_dicom_for_frame(0)

    def ask(frame: int) -> str:
        try:
            data = reader.get_dicom_for_frame(frame % 130, force_uncompressed=True)
        except ValueError as error:
            return str(error)
        return "whole" if len(data) > len(whole) else "not whole"

    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(ask, frame) for frame in range(400)]
        assert asked[0].result() == "whole"
        reader.close()
        told = {future.result() for future in asked}
    assert told == {"whole", f"the reader of {level} is closed; open another"}


@pytest.mark.parametrize(("total", "kept"), [(50_000_000_000, 1_000_000), (4_000_000_000, 100_000)])
def test_t9_one_frame_of_fifty_gigabytes_reads_next_to_nothing(
    level: Path, tmp_path: Path, total: int, kept: int
) -> None:
    """Of a level with an Extended Offset Table, and of one of four gigabytes with a Basic one."""
    big = tmp_path / "big.dcm"
    frames = write_sparse_level(big, level, total, kept)
    assert big.stat().st_size > frames * FRAME_BYTES > total * 0.98
    measured = subprocess.run(
        [sys.executable, "-c", _MEASURED, str(big), str(kept)], capture_output=True, text=True, check=True
    )
    found = json.loads(measured.stdout)
    assert found["frame"] > FRAME_BYTES
    assert found["read"] < 4_000_000
    assert found["peak"] < 200_000_000
    heavy = {"dicomslide", "highdicom", "apache_beam", "imagecodecs", "openslide", "google.cloud.storage"}
    assert heavy.isdisjoint(found["modules"])

"""What every reader of slides must do. A test class derives from `SlideSourceContract` and gives slides and pixels."""

import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.io.codecs import decode_frame
from pipeline.io.codecs.contract import PassedTile
from pipeline.io.sources import SlideSource, open_source
from pipeline.model.errors import SourceError
from pipeline.model.reasons import Reason
from pipeline.model.source import SourceImage
from pipeline.model.tiles import Pixels

SHARED_FIXTURES = [HealthCheck.function_scoped_fixture, HealthCheck.differing_executors]
"""Examples leave nothing behind, and are the same for every class that derives."""
MOST_COMPARED = 40
"""Tiles of an image that are decoded in a test."""


class SlideSourceContract:
    """Derive from it and give `slide`, a fixture of a path, and `expected`."""

    tolerance = 0
    """Most that a sample may differ from `expected`: libraries round lossy codecs in ways of their own."""

    @pytest.fixture(scope="class")
    @classmethod
    def slide(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        """Return the path of a slide."""
        raise NotImplementedError

    def expected(self, slide: Path, image: SourceImage) -> Pixels | None:
        """Return the pixels of an image as another library reads them, (rows, columns, samples); None: not known."""
        raise NotImplementedError

    def expected_plane(self, slide: Path, image: SourceImage, plane: int) -> Pixels | None:
        """Return the pixels of a plane, for slides with channels or focal planes; None: not known."""
        return self.expected(slide, image) if plane == 0 else None

    @pytest.fixture
    def source(self, slide: Path) -> Iterator[SlideSource]:
        """Return the open slide."""
        with open_source(str(slide)) as source:
            yield source

    def images(self, source: SlideSource) -> tuple[SourceImage, ...]:
        """Return all images of a slide."""
        return source.describe().images

    def planes(self, source: SlideSource) -> list[tuple[SourceImage, int]]:
        """Return all images with each of their planes."""
        return [(image, plane) for image in self.images(source) for plane in range(image.planes)]

    # the description

    def test_images_are_counted_and_levels_shrink(self, source: SlideSource) -> None:
        """An index is a place; level numbers begin at 0; the base is the largest."""
        images = self.images(source)
        assert [image.index for image in images] == list(range(len(images)))
        levels = source.describe().levels
        assert [level.level for level in levels] == list(range(len(levels)))
        assert levels
        assert all(image.level is None for image in images if image not in levels)
        for larger, smaller in pairwise(levels):
            assert smaller.grid.columns < larger.grid.columns or smaller.grid.rows < larger.grid.rows
        for image in images:
            assert image.samples in (1, 3)
            assert image.bits in (8, 16)
            assert 0 < image.bits_stored <= image.bits

    def test_planes_are_described(self, source: SlideSource) -> None:
        """Each channel and each focal plane of the levels; others have one plane."""
        description = source.describe()
        offsets = description.focal_plane_offsets_um
        assert all(upper > lower for lower, upper in pairwise(offsets))
        assert 1 <= description.scene <= max(1, len(description.scenes))
        for image in description.images:
            if image.level is None:
                assert image.planes == 1
            else:
                assert (image.optical_paths, image.focal_planes) == (len(description.optical_paths), len(offsets))

    def test_the_description_is_read_once(self, source: SlideSource) -> None:
        """It does not change, and nobody pays for it twice."""
        assert source.describe() is source.describe()

    # compressed tiles

    def test_lengths_are_those_of_the_tiles(self, source: SlideSource) -> None:
        """Also of any run of them; none is read that was not asked for."""
        for image, plane in self.planes(source):
            lengths = source.tile_lengths(image.index, plane)
            if lengths is None:
                assert not image.lossless_frames
                continue
            count = min(image.grid.frames, MOST_COMPARED)
            tiles = source.read_tiles(image.index, 0, count, plane)
            assert [len(tile) for tile in tiles] == lengths[:count].tolist()
            assert len(lengths) == image.grid.frames
            middle = count // 2
            again = source.read_tiles(image.index, middle, count - middle, plane)
            assert [bytes(tile) for tile in again] == [bytes(tile) for tile in tiles[middle:]]

    def test_what_passes_decodes_to_the_pixels(self, source: SlideSource) -> None:
        """A frame made of a passing tile shows what the tile shows."""
        for image, plane in self.planes(source):
            codec = source.tile_codec(image.index, plane)
            if codec is None or not image.lossless_frames:
                continue
            count = min(image.grid.frames, MOST_COMPARED)
            tiles = source.read_tiles(image.index, 0, count, plane)
            pixels = source.read_pixels(image.index, 0, count, plane)
            for tile, decoded in zip(tiles, pixels, strict=True):
                assert (decoded is None) is (not len(tile))
                passed = codec.pass_tile(tile) if len(tile) else Reason.MISSING_TILE
                if isinstance(passed, PassedTile):
                    frame = decode_frame(
                        passed.head + bytes(tile[passed.start : passed.end]),
                        transfer_syntax=passed.transfer_syntax,
                        photometric=passed.photometric,
                        rows=image.grid.tile_rows,
                        columns=image.grid.tile_columns,
                        samples=image.samples,
                        bits=image.bits,
                        bits_stored=image.bits_stored,
                    )
                    assert np.array_equal(frame, decoded)

    # pixels

    def test_tiles_have_the_size_and_type_of_the_grid(self, source: SlideSource) -> None:
        """Also those that stick out, in one run or one by one."""
        for image, plane in self.planes(source):
            frames = image.grid.frames
            shape = (image.grid.tile_rows, image.grid.tile_columns, image.samples)
            first = max(0, frames - MOST_COMPARED)
            run = source.read_pixels(image.index, first, frames - first, plane)
            for place, tile in enumerate(run):
                alone = source.read_pixels(image.index, first + place, 1, plane)[0]
                assert (alone is None) is (tile is None)
                if tile is not None and alone is not None:
                    assert tile.shape == shape
                    assert tile.dtype == np.dtype(f"u{image.bits // 8}")
                    assert tile.dtype.isnative
                    columns, rows = image.grid.extent(first + place)
                    assert np.array_equal(tile[:rows, :columns], alone[:rows, :columns])

    def test_pixels_are_those_of_another_library(self, source: SlideSource, slide: Path) -> None:
        """A region of the whole image, and each tile at its place in it."""
        compared = 0
        for image, plane in self.planes(source):
            expected = self.expected_plane(slide, image, plane)
            if expected is None:
                continue
            compared += 1
            region = source.read_region(image.index, 0, 0, image.grid.columns, image.grid.rows, plane)
            assert region.dtype == expected.dtype
            self.assert_near(region, expected)
            for frame in range(min(image.grid.frames, MOST_COMPARED)):
                tile = source.read_pixels(image.index, frame, 1, plane)[0]
                x, y = image.grid.position(frame)
                columns, rows = image.grid.extent(frame)
                if tile is not None:
                    self.assert_near(tile[:rows, :columns], expected[y : y + rows, x : x + columns])
        assert compared

    @given(place=st.tuples(*[st.floats(0, 1)] * 4), number=st.integers(0, 100))
    @settings(max_examples=15, suppress_health_check=SHARED_FIXTURES)
    def test_any_region_is_cut_out_of_the_whole(
        self, source: SlideSource, place: tuple[float, float, float, float], number: int
    ) -> None:
        """Whatever tiles it crosses, and also of one pixel."""
        planes = self.planes(source)
        image, plane = planes[number % len(planes)]
        x, y = (int(p * (size - 1)) for p, size in zip(place, (image.grid.columns, image.grid.rows), strict=False))
        columns = 1 + int(place[2] * (min(image.grid.columns, x + 600) - x - 1))
        rows = 1 + int(place[3] * (min(image.grid.rows, y + 600) - y - 1))
        around = (max(0, x - 7), max(0, y - 5))
        whole = source.read_region(image.index, *around, columns + x - around[0], rows + y - around[1], plane)
        region = source.read_region(image.index, x, y, columns, rows, plane)
        assert region.shape == (rows, columns, image.samples)
        assert np.array_equal(region, whole[y - around[1] :, x - around[0] :])

    def test_threads_read_at_once(self, source: SlideSource) -> None:
        """Any number of them, the same handle."""
        image = source.describe().levels[0]
        frames = list(range(min(image.grid.frames, 16)))
        alone = [source.read_pixels(image.index, frame, 1)[0] for frame in frames]
        with ThreadPoolExecutor(8) as pool:
            together = list(pool.map(lambda frame: source.read_pixels(image.index, frame, 1)[0], frames * 3))
        for one, other in zip(alone * 3, together, strict=True):
            assert (one is None) is (other is None)
            assert one is None or np.array_equal(one, other)

    # content and handles

    def test_the_fingerprint_is_of_the_content(self, source: SlideSource, slide: Path, tmp_path: Path) -> None:
        """Neither name nor clock matter; size, and bytes at the beginning and at the end, do."""
        copy = tmp_path / f"another name{slide.suffix}"
        if slide.is_dir():
            shutil.copytree(slide, copy)
        else:
            shutil.copyfile(slide, copy)
        files = [copy] if copy.is_file() else sorted(copy.iterdir(), key=lambda file: file.stat().st_size)
        for file in files:
            os.utime(file, (1, 1))
        with open_source(str(copy)) as same:
            assert same.fingerprint() == source.fingerprint() == source.fingerprint()
        with files[0].open("ab") as stream:
            stream.write(b"\0")
        with open_source(str(copy)) as longer:
            assert longer.fingerprint() != source.fingerprint()

    def test_handles_are_given_back(self, slide: Path) -> None:
        """As many files are open after a slide as before it."""
        with open_source(str(slide)):
            pass
        before = os.listdir("/proc/self/fd")
        with open_source(str(slide)) as source:
            source.read_pixels(0, 0, 1)
        assert os.listdir("/proc/self/fd") == before

    def test_a_closed_slide_reads_nothing(self, slide: Path) -> None:
        """Not even bytes of the file that the system gave the old number; closing again is no error."""
        source = open_source(str(slide))
        source.close()
        source.close()
        with open_source(str(slide)), pytest.raises(SourceError, match="closed"):
            source.read_pixels(0, 0, source.describe().images[0].grid.frames)

    def assert_near(self, pixels: Pixels, expected: Pixels) -> None:
        """Compare within the tolerance."""
        assert pixels.shape == expected.shape
        difference = np.abs(pixels.astype(np.int64) - expected.astype(np.int64))
        assert int(difference.max()) <= self.tolerance

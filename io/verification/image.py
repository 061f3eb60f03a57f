"""Compare the frames of one instance with an image of the slide, a few at a time."""

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import xxhash

from pipeline.io.codecs.containers import is_recompressed, passing_syntax
from pipeline.io.codecs.contract import PassedTile, TileCodec
from pipeline.io.codecs.noise import peak_signal_to_noise
from pipeline.io.dicom.frame_places import FramePlaces
from pipeline.io.jpegxl.recompression import restore_jpeg
from pipeline.io.publishing.certificate import frame_digest, without_padding
from pipeline.io.pyramid.holes import averaged_tile
from pipeline.io.sources import SlideSource
from pipeline.io.verification.findings import LEAST_PSNR_DB, InstanceFindings
from pipeline.io.verification.header import InstanceHeader
from pipeline.io.verification.stored import StoredFrames
from pipeline.model.errors import CodecError, SlidebeamError, SourceError, StorageError
from pipeline.model.geometry import TileGrid
from pipeline.model.reasons import Route
from pipeline.model.source import SourceImage
from pipeline.model.tiles import Buffer

_CHUNK = 64
_BACKGROUND_TOLERANCE = 2
"""Of each sample: JPEG may leave units of rounding in a tile of one colour."""
_HEIGHT_TOLERANCE_UM = 0.001


class _Comparison:
    """One image of the slide and the instance that claims to be it."""

    def __init__(self, source: SlideSource, image: SourceImage, frames: StoredFrames) -> None:
        self.source = source
        self.image = image
        self.frames = frames
        self.header = header = frames.header
        self.grid = frames.grid
        # A tile that passes has one lossy compression behind it at most, its own.
        self.encoded_anew = header.lossy_stages > max(1, len(image.lossy.stages))
        self.passes = image.lossless_frames and self.grid == image.grid

    def compare(self, first: int, count: int, findings: InstanceFindings) -> None:
        """Compare a run of frames that show neighbouring tiles of one plane."""
        number, plane = int(self.header.places.tiles[first]), self.header.slide_plane(first)
        codec = self.source.tile_codec(self.image.index, plane) if self.passes else None
        tiles = self.source.read_tiles(self.image.index, number, count, plane) if codec else [b""] * count
        for place, tile in enumerate(tiles):
            frame = first + place
            stored = self.frames.read(frame)
            passed = codec.pass_tile(tile) if codec and len(tile) else None
            if codec and isinstance(passed, PassedTile) and self._is_identical(stored, passed, tile, codec):
                findings.identical += 1
            elif isinstance(passed, PassedTile) and not self.encoded_anew and self._is_same_syntax(passed):
                # It could have passed and nothing says that it was encoded: its bytes are damaged.
                findings.differing.append(frame)
            else:
                self._compare_pixels(stored, frame, findings, missing=codec is not None and not len(tile))

    def _is_identical(self, stored: bytes, passed: PassedTile, tile: Buffer, codec: TileCodec) -> bool:
        """Whether a frame is the tile: its entropy-coded bytes, and tables before them that show the same pixels.

        Of a recompressed frame that is asked of the JPEG that comes back from it.
        """
        if not self._is_same_syntax(passed):
            return False
        body = bytes(tile[passed.start : passed.end])
        try:
            frame = bytes(without_padding(stored, self.header.transfer_syntax))
            if is_recompressed(passed.transfer_syntax, self.header.transfer_syntax):
                frame = restore_jpeg(frame)
            if frame in (passed.head + body, passed.head + body + b"\0"):
                return True
            if frame_digest(frame, passed.transfer_syntax, Route.PASSTHROUGH) != xxhash.xxh3_64_intdigest(body):
                return False
            return np.array_equal(self.frames.decode(stored), codec.decode(tile))
        except (CodecError, StorageError):
            return False

    def _is_same_syntax(self, passed: PassedTile) -> bool:
        """Whether a tile could have become a frame of the instance without being decoded."""
        stored, written = passed.transfer_syntax, self.header.transfer_syntax
        fits = passing_syntax(stored, written) is written or is_recompressed(stored, written)
        return fits and passed.photometric == self.header.photometric

    def _compare_pixels(self, stored: bytes, frame: int, findings: InstanceFindings, *, missing: bool) -> None:
        try:
            decoded = self.frames.decode(stored)
        except CodecError:
            findings.differing.append(frame)
            return
        number = int(self.header.places.tiles[frame])
        columns, rows = self.grid.extent(number)
        decoded = decoded[:rows, :columns]
        plane = self.header.slide_plane(frame)
        filled = averaged_tile(self.source, self.image, plane, number) if missing else None
        if missing and filled is None:
            if int(np.ptp(decoded, axis=(0, 1)).max()) <= _BACKGROUND_TOLERANCE:
                findings.background += 1
            else:
                findings.differing.append(frame)
            return
        place = self.grid.position(number)
        expected = self.source.read_region(self.image.index, *place, columns, rows, plane) if filled is None else filled
        if np.array_equal(decoded, expected):
            findings.equal_pixels += 1
            return
        psnr = peak_signal_to_noise(expected, decoded, self.image.bits_stored)
        if self.header.transfer_syntax.may_be_lossy and psnr >= LEAST_PSNR_DB:
            findings.similar += 1
            findings.psnr_db = psnr if findings.psnr_db is None else min(findings.psnr_db, psnr)
        else:
            findings.differing.append(frame)


def verify_image(source: SlideSource, image: SourceImage, header: InstanceHeader, threads: int) -> InstanceFindings:
    """Compare all frames of an instance with an image of the slide.

    Raises SourceError for a file that cannot be read, or whose frames are not of the image's samples or number.
    """
    grid = TileGrid(image.grid.columns, image.grid.rows, *header.frame_size)
    needed = (image.samples, image.bits, image.bits_stored)
    found = (header.samples, header.bits, header.bits_stored)
    if found not in (needed, (image.samples, image.bits, image.bits)):
        raise SourceError(
            f"{header.file} has {found[0]} samples a pixel and {found[1]} bits a sample of which {found[2]} are "
            f"stored; the slide's pixels need {needed[0]}, {needed[1]} and {needed[2]}",
            uri=str(header.file),
        )
    if header.focal_planes != image.focal_planes:
        raise SourceError(
            f"{header.file} has {header.focal_planes} focal planes, the slide has {image.focal_planes}",
            uri=str(header.file),
        )
    planes = len(header.optical_paths) * image.focal_planes
    if header.places.tiles.max() >= grid.frames or header.places.planes.max() >= planes:
        raise SourceError(
            f"{header.file} has {header.frames} frames, of which some lie beyond the slide's {grid.frames} tiles in "
            f"{planes} planes",
            uri=str(header.file),
        )
    if not all(0 <= path < image.optical_paths for path in header.optical_paths):
        raise SourceError(f"{header.file} has optical paths that the slide has not", uri=str(header.file))
    _check_heights(header, source.describe().focal_plane_offsets_um)
    with StoredFrames(header) as frames:
        parts = _in_chunks(_Comparison(source, image, frames), threads)
    return _sum(header, parts)


def _check_heights(header: InstanceHeader, offsets_um: tuple[float, ...]) -> None:
    """Raise SourceError where the header lists a frame at another height than that of its focal plane."""
    for frame, height in enumerate(header.heights_um):
        expected = offsets_um[int(header.places.planes[frame]) % header.focal_planes]
        if abs(height - expected) > _HEIGHT_TOLERANCE_UM:
            raise SourceError(
                f"{header.file}: frame {frame} lies {height:g} micrometres high, its focal plane {expected:g}",
                uri=str(header.file),
            )


def _in_chunks(comparison: _Comparison, threads: int) -> list[InstanceFindings]:
    header = comparison.header

    def chunk(first: int, count: int) -> InstanceFindings:
        part = InstanceFindings(file=header.file.name, kind=header.kind, frames=0)
        try:
            comparison.compare(first, count, part)
        except SlidebeamError as error:
            part.differing = list(range(first, first + count))
            part.note = str(error)
        return part

    with ThreadPoolExecutor(threads or len(os.sched_getaffinity(0))) as pool:
        return list(pool.map(chunk, *zip(*_chunks(header.places), strict=True)))


def _chunks(places: FramePlaces) -> list[tuple[int, int]]:
    """Cut frames into (first frame, frames) of neighbouring tiles in one plane."""
    breaks = np.flatnonzero((np.diff(places.tiles) != 1) | (np.diff(places.planes) != 0)) + 1
    ends = [*breaks.tolist(), len(places.tiles)]
    return [
        (first, min(_CHUNK, end - first))
        for start, end in zip([0, *ends[:-1]], ends, strict=True)
        for first in range(start, end, _CHUNK)
    ]


def _sum(header: InstanceHeader, parts: list[InstanceFindings]) -> InstanceFindings:
    decibels = [part.psnr_db for part in parts if part.psnr_db is not None]
    return InstanceFindings(
        file=header.file.name,
        kind=header.kind,
        frames=header.frames,
        identical=sum(part.identical for part in parts),
        equal_pixels=sum(part.equal_pixels for part in parts),
        similar=sum(part.similar for part in parts),
        background=sum(part.background for part in parts),
        psnr_db=min(decibels) if decibels else None,
        differing=[frame for part in parts for frame in part.differing],
        note="; ".join(sorted({part.note for part in parts if part.note})),
    )

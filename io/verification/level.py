"""Compare the frames of one level with the slide, a few at a time."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import xxhash

from pipeline.io.codecs import decode_frame
from pipeline.io.codecs.contract import PassedTile
from pipeline.io.codecs.validation import peak_signal_to_noise
from pipeline.io.dicom.frame_index import FrameIndex
from pipeline.io.publishing.certificate import frame_digest, without_padding
from pipeline.io.sources import SlideSource
from pipeline.io.verification.findings import InstanceFindings
from pipeline.model.errors import CodecError, SlidebeamError
from pipeline.model.geometry import TileGrid
from pipeline.model.source import SourceImage
from pipeline.model.tiles import Pixels
from pipeline.model.transfer_syntaxes import Photometric, TransferSyntax

_CHUNK = 64
_LEAST_PSNR_DB = 20.0


class _Level:
    """One level of the slide and the instance that claims to be it."""

    def __init__(
        self, source: SlideSource, image: SourceImage, index: FrameIndex, descriptor: int, *, encoded_anew: bool
    ) -> None:
        self.source = source
        self.image = image
        self.index = index
        self.descriptor = descriptor
        self.encoded_anew = encoded_anew
        self.grid = TileGrid(image.grid.columns, image.grid.rows, index.columns, index.rows)
        self.codec = source.tile_codec(image.index) if image.lossless_frames and self.grid == image.grid else None

    def compare(self, first: int, count: int, findings: InstanceFindings) -> None:
        """Compare a run of frames."""
        tiles = self.source.read_tiles(self.image.index, first, count) if self.codec else [b""] * count
        for place, tile in enumerate(tiles):
            frame = first + place
            stored = self.index.read_frame(self.descriptor, frame)
            passed = self.codec.pass_tile(tile) if self.codec and len(tile) else None
            if isinstance(passed, PassedTile) and self._is_identical(stored, passed, tile[passed.start : passed.end]):
                findings.identical += 1
            elif isinstance(passed, PassedTile) and not self.encoded_anew and self._is_same_syntax(passed):
                # It could have passed and nothing says that it was encoded: its bytes are damaged.
                findings.differing.append(frame)
            else:
                self._compare_pixels(stored, frame, findings, missing=self.codec is not None and not len(tile))

    def _is_identical(self, stored: bytes, passed: PassedTile, body: object) -> bool:
        if not self._is_same_syntax(passed):
            return False
        digest = frame_digest(stored, self.index.transfer_syntax, passed=True)
        return digest == xxhash.xxh3_64_intdigest(body)  # type: ignore[arg-type]

    def _is_same_syntax(self, passed: PassedTile) -> bool:
        return (passed.transfer_syntax, passed.photometric) == (self.index.transfer_syntax, self.index.photometric)

    def _compare_pixels(self, stored: bytes, frame: int, findings: InstanceFindings, *, missing: bool) -> None:
        try:
            decoded = self._decode(stored)
        except CodecError:
            findings.differing.append(frame)
            return
        columns, rows = self.grid.extent(frame)
        decoded = decoded[:rows, :columns]
        if missing:
            # JPEG may leave a unit of rounding in a tile of one colour.
            flat = int(decoded.max(axis=(0, 1)).astype(int).max() - decoded.min(axis=(0, 1)).astype(int).min()) <= 2
            findings.background += flat
            if not flat:
                findings.differing.append(frame)
            return
        expected = self.source.read_region(self.image.index, *self.grid.position(frame), columns, rows)
        if np.array_equal(decoded, expected):
            findings.equal_pixels += 1
            return
        psnr = peak_signal_to_noise(expected, decoded)
        if TransferSyntax(self.index.transfer_syntax).may_be_lossy and psnr >= _LEAST_PSNR_DB:
            findings.similar += 1
            findings.psnr_db = psnr if findings.psnr_db is None else min(findings.psnr_db, psnr)
        else:
            findings.differing.append(frame)

    def _decode(self, stored: bytes) -> Pixels:
        index = self.index
        return decode_frame(
            bytes(without_padding(stored, index.transfer_syntax)),
            transfer_syntax=TransferSyntax(index.transfer_syntax),
            photometric=Photometric(index.photometric),
            rows=index.rows,
            columns=index.columns,
            samples=index.samples,
            bits=index.bits,
        )


def verify_level(
    source: SlideSource, image: SourceImage, file: Path, threads: int, *, encoded_anew: bool
) -> InstanceFindings:
    """Compare all frames of an instance with a level of the slide; SourceError for a file that cannot be read.

    `encoded_anew` is what the header's lossy history tells: frames went through one more compression than the slide's.
    """
    index = FrameIndex.read(file)
    descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    try:
        level = _Level(source, image, index, descriptor, encoded_anew=encoded_anew)
        if level.grid.frames != index.frames:
            return InstanceFindings(
                file=file.name,
                kind=image.kind,
                frames=index.frames,
                differing=list(range(index.frames)),
                note=f"{level.grid.frames} frames cover the level, the file holds {index.frames}",
            )
        parts = _in_chunks(level, file, threads)
    finally:
        os.close(descriptor)
    return _sum(file, image, index.frames, parts)


def _in_chunks(level: _Level, file: Path, threads: int) -> list[InstanceFindings]:
    def chunk(first: int) -> InstanceFindings:
        part = InstanceFindings(file=file.name, kind=level.image.kind, frames=0)
        count = min(_CHUNK, level.index.frames - first)
        try:
            level.compare(first, count, part)
        except SlidebeamError as error:
            part.differing = list(range(first, first + count))
            part.note = str(error)
        return part

    compare: Callable[[int], InstanceFindings] = chunk
    with ThreadPoolExecutor(threads or len(os.sched_getaffinity(0))) as pool:
        return list(pool.map(compare, range(0, level.index.frames, _CHUNK)))


def _sum(file: Path, image: SourceImage, frames: int, parts: list[InstanceFindings]) -> InstanceFindings:
    decibels = [part.psnr_db for part in parts if part.psnr_db is not None]
    return InstanceFindings(
        file=file.name,
        kind=image.kind,
        frames=frames,
        identical=sum(part.identical for part in parts),
        equal_pixels=sum(part.equal_pixels for part in parts),
        similar=sum(part.similar for part in parts),
        background=sum(part.background for part in parts),
        psnr_db=min(decibels) if decibels else None,
        differing=[frame for part in parts for frame in part.differing],
        note="; ".join(sorted({part.note for part in parts if part.note})),
    )

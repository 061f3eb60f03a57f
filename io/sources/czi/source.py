"""A scene of a Zeiss CZI file as a slide.

Sub-blocks overlap and lie at any pixel, so none of them can be a frame: tiles are put together from decoded ones.
The directory is read when the file is opened; pixels are read by position, only of what is asked for.
"""

import hashlib

import numpy as np

from pipeline.io.sources.contract import ComposedSource, PixelsOnly, SlideSource
from pipeline.io.sources.czi.attachments import AttachedImage, attached_images
from pipeline.io.sources.czi.description import describe_scene, significant_bits
from pipeline.io.sources.czi.directory import SubBlocks, read_sub_blocks, tell_levels
from pipeline.io.sources.czi.layout import Level, corner, lay_out, scenes_of
from pipeline.io.sources.czi.metadata import read_metadata
from pipeline.io.sources.czi.mosaic import fill_region, fill_tiles
from pipeline.io.sources.czi.segments import CziSegments
from pipeline.io.sources.czi.sub_block import PixelType, SubBlockReader, check_sub_blocks, pixel_type
from pipeline.io.sources.file_bytes import FileBytes
from pipeline.io.sources.fingerprint import hash_blocks
from pipeline.io.sources.scenes import check_scene
from pipeline.model.colour_choice import Background
from pipeline.model.errors import CodecError, SourceError, TileError
from pipeline.model.source import ImageKind, SlideDescription
from pipeline.model.tiles import Pixels


def open_czi(path: str, scene: int) -> SlideSource:
    """Open a scene of a CZI file. Raises SourceError."""
    file = FileBytes(path)
    try:
        return CziSource(file, scene)
    except SourceError:
        file.close()
        raise
    except Exception as error:  # numbers of a damaged file may contradict each other in any way
        file.close()
        raise SourceError(f"{path} is malformed ({type(error).__name__}: {error})", uri=path) from error


class CziSource(PixelsOnly, ComposedSource):
    """One scene at one time point."""

    def __init__(self, file: FileBytes, scene: int) -> None:
        self.uri = file.uri
        self._file = file
        self._segments = CziSegments(file)
        blocks = read_sub_blocks(self._segments)
        check_sub_blocks(self.uri, blocks)
        metadata = read_metadata(self._segments.metadata(), self.uri)
        minification = tell_levels(blocks, metadata.minification)
        if not (blocks["level"] == 0).any():
            raise self._segments.damaged("it has lower levels without a base")
        scenes = scenes_of(blocks, self.uri)
        check_scene(self.uri, scene, len(scenes))
        layout = lay_out(blocks, *scenes[scene - 1], minification, descending=metadata.planes_descend, uri=self.uri)
        kind = _one_pixel_type(self.uri, [plane.blocks for level in layout.levels for plane in level.planes])
        attached, warnings = attached_images(self._segments)
        if len(scenes) > 1:  # the thumbnail shows all scenes
            attached = [image for image in attached if image.kind is not ImageKind.THUMBNAIL]
        self._levels: tuple[Level, ...] = layout.levels
        self._attached: list[AttachedImage] = attached
        self._reader = SubBlockReader(self._segments, kind, significant_bits(kind, metadata, self.uri))
        self._description = describe_scene(
            layout=layout,
            kind=kind,
            metadata=metadata,
            attached=attached,
            scenes=scenes,
            mosaic_corner=corner(blocks),
            warnings=tuple(warnings),
            file_size=file.size,
            uri=self.uri,
        )
        self._background = np.array(self._description.facts.background, f"u{kind.bits // 8}")

    def describe(self) -> SlideDescription:
        """Levels, channels, planes and the images that are attached."""
        return self._description

    def fingerprint(self) -> str:
        """Digest of header, directory, metadata, blocks of the file, and all of label, overview and thumbnail."""
        digest = hashlib.blake2b(digest_size=16)
        digest.update(self._segments.header)
        digest.update(self._segments.directory()[1])
        digest.update(self._segments.metadata())
        for image in self._attached:
            digest.update(self._segments.read(image.attachment.offset, image.attachment.size))
        hash_blocks(digest, self._file)
        return digest.hexdigest()

    def read_pixels(self, image: int, first: int, count: int, plane: int = 0) -> list[Pixels | None]:
        """Tiles put together from sub-blocks, each of which is decoded once; None where there is none."""
        described = self._description.images[image]
        grid = described.grid
        if described.level is None:
            return [self._read_attached(image)] * count

        def blank() -> Pixels:
            return self._canvas(grid.tile_columns, grid.tile_rows)

        try:
            return fill_tiles(self._levels[image].planes[plane], self._reader.read, grid, first, count, blank)
        except CodecError as error:
            raise self._bad_tile(image, plane, first, error) from error

    def read_region(self, image: int, x: int, y: int, columns: int, rows: int, plane: int = 0) -> Pixels:
        """Gray or RGB, (rows, columns, samples); what was not scanned has the background colour."""
        described = self._description.images[image]
        if described.level is None:
            return self._read_attached(image)[y : y + rows, x : x + columns].copy()
        region = self._canvas(columns, rows)
        try:
            fill_region(self._levels[image].planes[plane], self._reader.read, region, x, y)
        except CodecError as error:
            grid = described.grid
            frame = y // grid.tile_rows * grid.across + x // grid.tile_columns
            raise self._bad_tile(image, plane, frame, error) from error
        return region

    def paint_background(self, background: Background) -> None:
        """Take the colour between sub-blocks."""
        base = self._description.levels[0]
        self._background = np.array(background.samples(base.samples, base.bits_stored), self._background.dtype)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _canvas(self, columns: int, rows: int) -> Pixels:
        canvas = np.empty((rows, columns, len(self._background)), self._background.dtype)
        canvas[:] = self._background
        return canvas

    def _read_attached(self, image: int) -> Pixels:
        try:
            return self._attached[image - len(self._levels)].read(self._segments)
        except CodecError as error:
            raise self._bad_tile(image, 0, 0, error) from error

    def _bad_tile(self, image: int, plane: int, frame: int, error: CodecError) -> TileError:
        level = self._description.images[image].level
        where = self._description.images[image].kind.value.lower() if level is None else f"level {level}, plane {plane}"
        return TileError(
            f"{self.uri}: {where}, at or behind tile {frame}: {error}", uri=self.uri, level=level, frame=frame
        )


def _one_pixel_type(uri: str, blocks: list[SubBlocks]) -> PixelType:
    """Return the pixel type of a scene. Raises SourceError when channels have different ones."""
    numbers = sorted({int(number) for some in blocks for number in np.unique(some["pixel_type"])})
    if len(numbers) > 1:
        names = " and ".join(pixel_type(uri, number).name for number in numbers)
        raise SourceError(
            f"{uri}: its channels have pixels of {names}, which one DICOM instance cannot hold; "
            "export each kind of channel from ZEN on its own",
            uri=uri,
        )
    return pixel_type(uri, numbers[0])

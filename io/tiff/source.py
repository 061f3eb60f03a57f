"""A slide as a TIFF can hold it: planning, workers and the writer of the file all see this one.

* A TIFF has tiles whose sides are multiples of 16 (TIFF 6.0, section 15): images with others give pixels only, and are
  cut anew.
* Several optical paths or focal planes are OME-TIFF's; elsewhere one of each is asked for, or the slide is refused.
* JPEG 2000 of YCbCr components without a transform has a compression of its own with Aperio, and no name elsewhere.
* Only levels of an SVS may be JPEG 2000, and it has a thumbnail.
* A slide that does not say how large its pixels are becomes a TIFF that does not say it either.
* The ICC profile is the slide's own, bytes and all, or none.
* JPEGs that are recompressed as JPEG XL are given back (`pipeline.io.tiff.restored`).
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pipeline.io.codecs.contract import PassedTile, TileCodec
from pipeline.io.dicom.icc import objection_to
from pipeline.io.sources.contract import SlideSource
from pipeline.io.tiff.restored import RestoredTiles, holds_jpegs, restored
from pipeline.io.tiff.thumbnail import averaged, thumbnail_of
from pipeline.model.errors import SourceError
from pipeline.model.source import Compression, ImageKind, SlideDescription, SourceImage
from pipeline.model.tiff_target import TILE_MULTIPLE, TiffFormat, TiffTarget
from pipeline.model.tiles import Buffer, Pixels
from pipeline.model.transfer_syntaxes import Photometric

_ANY_SPACING_MM = (0.001, 0.001)
"""Stands in planning for a spacing that nobody knows; it is not written."""


class TiffReadySource(SlideSource):
    """A source around another, which it closes."""

    def __init__(self, source: SlideSource, target: TiffTarget) -> None:
        """Take an open source. Raises SourceError where it has more planes than the format can hold."""
        self.uri = source.uri
        self._source = source
        described = source.describe()
        base = described.levels[0]
        self._path = _chosen("optical path", "optical-path", target.optical_path, base.optical_paths, target, self.uri)
        self._plane = _chosen("focal plane", "focal-plane", target.focal_plane, base.focal_planes, target, self.uri)
        self._described = described.images
        self._restored = frozenset(image.index for image in described.images if holds_jpegs(source, image))
        images = tuple(self._as_held(image, target) for image in described.images)
        self._thumbnail = thumbnail_of(described) if target.format is TiffFormat.SVS else None
        if self._thumbnail is not None:
            images += (self._thumbnail,)
        self.knows_spacing = described.facts.pixel_spacing_mm is not None
        facts = described.facts
        if not self.knows_spacing:
            facts = replace(facts, pixel_spacing_mm=_ANY_SPACING_MM)
        paths, offsets = described.optical_paths, described.focal_plane_offsets_um
        icc, doubts = _profile(described.icc_profile) if target.keep_icc else (b"", ())
        self._description = replace(
            described,
            images=images,
            facts=facts,
            icc_profile=icc,
            warnings=(*described.warnings, *doubts),
            optical_paths=paths if self._path is None else paths[self._path : self._path + 1],
            focal_plane_offsets_um=offsets if self._plane is None else offsets[self._plane : self._plane + 1],
        )

    def describe(self) -> SlideDescription:
        """Return the description of what a TIFF can hold."""
        return self._description

    def fingerprint(self) -> str:
        """Return the source's fingerprint."""
        return self._source.fingerprint()

    def tile_lengths(self, image: int, plane: int = 0) -> NDArray[np.uint64] | None:
        """Return the stored bytes of tiles; None where they are not kept."""
        return None if self._is_cut(image) else self._source.tile_lengths(image, self._own(image, plane))

    def tile_codec(self, image: int, plane: int = 0) -> TileCodec | None:
        """Return the image's codec; None where its tiles are not kept."""
        codec = None if self._is_cut(image) else self._source.tile_codec(image, self._own(image, plane))
        if codec is None or image not in self._restored:
            return codec
        return RestoredTiles(codec, self._described[image])

    def read_tiles(self, image: int, first: int, count: int, plane: int = 0) -> Sequence[Buffer]:
        """Return compressed tiles as stored, but for JPEGs that come back."""
        tiles = self._source.read_tiles(image, first, count, self._own(image, plane))
        return [restored(tile) for tile in tiles] if image in self._restored else tiles

    def read_pixels(self, image: int, first: int, count: int, plane: int = 0) -> list[Pixels | None]:
        """Return decoded tiles."""
        return self._source.read_pixels(image, first, count, self._own(image, plane))

    def read_region(self, image: int, x: int, y: int, columns: int, rows: int, plane: int = 0) -> Pixels:
        """Return a rectangle."""
        made = self._thumbnail
        if made is not None and image == made.index:
            size = made.grid.columns, made.grid.rows
            large = [
                one for one in self._description.levels if one.grid.columns >= size[0] and one.grid.rows >= size[1]
            ]
            whole = averaged(self._source, large[-1], *size, self._own(large[-1].index, 0))
            return whole[y : y + rows, x : x + columns]
        return self._source.read_region(image, x, y, columns, rows, self._own(image, plane))

    def close(self) -> None:
        """Close the source."""
        self._source.close()

    def _own(self, image: int, plane: int) -> int:
        """Return the plane of the source that a plane of this one is."""
        theirs, ours = self._described[image], self._description.images[image]
        path, focal_plane = divmod(plane, ours.focal_planes)
        path += 0 if ours.optical_paths == theirs.optical_paths else self._path or 0
        focal_plane += 0 if ours.focal_planes == theirs.focal_planes else self._plane or 0
        return path * theirs.focal_planes + focal_plane

    def _is_cut(self, image: int) -> bool:
        if self._thumbnail is not None and image == self._thumbnail.index:
            return True
        return self._described[image].lossless_frames and not self._description.images[image].lossless_frames

    def _as_held(self, image: SourceImage, target: TiffTarget) -> SourceImage:
        if image.index in self._restored:
            image = replace(image, compression=Compression.JPEG)
        if image.kind is ImageKind.VOLUME:
            image = replace(
                image,
                optical_paths=image.optical_paths if self._path is None else 1,
                focal_planes=image.focal_planes if self._plane is None else 1,
            )
            if image.grid.tile_columns % TILE_MULTIPLE or image.grid.tile_rows % TILE_MULTIPLE:
                return replace(image, tiled=False, lossless_frames=False)
        if target.format is TiffFormat.SVS:
            is_for_levels = image.kind is not ImageKind.VOLUME and image.compression is Compression.JPEG_2000
            return replace(image, lossless_frames=False) if is_for_levels else image
        return replace(image, lossless_frames=False) if _is_untransformed(self._source, image) else image


def _profile(profile: bytes) -> tuple[bytes, tuple[str, ...]]:
    """Return a profile that readers can use, and a warning where the slide's is none."""
    objection = objection_to(profile[: int.from_bytes(profile[:4], "big")]) if profile else ""
    return (b"", (f"the slide's ICC profile {objection}; it is left out",)) if objection else (profile, ())


def _chosen(what: str, option: str, number: int | None, there: int, target: TiffTarget, uri: str) -> int | None:
    """Return the number of the plane that is kept; None: all of them, or the only one."""
    if number is None:
        if there > 1 and target.format is not TiffFormat.OME_TIFF:
            raise SourceError(
                f"{uri} has {there} {what}s, and --format {target.format} holds one: --format ome-tiff holds all, "
                f"--{option} 0 to {there - 1} takes one of them",
                uri=uri,
            )
        return None
    if number >= there:
        raise SourceError(f"{uri} has no {what} {number}: it has {there}, counted from 0", uri=uri)
    return number if there > 1 else None


def _is_untransformed(source: SlideSource, image: SourceImage) -> bool:
    """Whether an image is JPEG 2000 whose components are YCbCr, as its first tile says."""
    if image.compression is not Compression.JPEG_2000 or not image.lossless_frames:
        return False
    lengths, codec = source.tile_lengths(image.index), source.tile_codec(image.index)
    if lengths is None or codec is None or not lengths.any():
        return False
    passed = codec.pass_tile(source.read_tiles(image.index, int(np.argmax(lengths > 0)), 1)[0])
    return isinstance(passed, PassedTile) and passed.photometric is Photometric.YBR_FULL_422

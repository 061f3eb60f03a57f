"""A slide as it is without what tells whose it is: planning, workers and reports all see this one.

The label is not among its images, the label's end of the overview is blank, tiles carry no comments, and its
description holds no name, number or date but those that the options keep (`description`).
"""

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.io.codecs.contract import PassedTile, TileCodec
from pipeline.io.deidentification.comments import clean_frame, without_comments
from pipeline.io.deidentification.description import deidentified_description
from pipeline.io.deidentification.label_area import label_columns
from pipeline.io.sources.contract import SlideSource
from pipeline.model.deidentification import Deidentify
from pipeline.model.errors import CodecError
from pipeline.model.reasons import Reason
from pipeline.model.source import ImageKind, SlideDescription
from pipeline.model.tiles import Buffer, Pixels


class DeidentifiedSource(SlideSource):
    """A source around another, which it closes."""

    def __init__(self, source: SlideSource, choice: Deidentify) -> None:
        self.uri = source.uri
        self._source = source
        described = source.describe()
        self._images = [
            image.index
            for image in described.images
            if image.kind is not ImageKind.LABEL
            and (image.kind is not ImageKind.OVERVIEW or label_columns(described.format, image) is not None)
        ]
        self._masked = {
            place: label_columns(described.format, described.images[index]) or 0
            for place, index in enumerate(self._images)
            if described.images[index].kind is ImageKind.OVERVIEW
        }
        self._fingerprint = source.fingerprint()
        if choice.key:
            key = hashlib.blake2b(choice.key, digest_size=32).digest()
            self._fingerprint = hashlib.blake2b(self._fingerprint.encode(), digest_size=16, key=key).hexdigest()
        self._description = deidentified_description(described, self._images, choice, self._fingerprint)
        self._codecs: dict[TileCodec, _WithoutComments] = {}

    def describe(self) -> SlideDescription:
        """Return the description without what identifies, with the list of what was in it."""
        return self._description

    def fingerprint(self) -> str:
        """Return the slide's fingerprint, keyed: whoever has the slide, but not the key, does not find it by this."""
        return self._fingerprint

    def tile_lengths(self, image: int, plane: int = 0) -> NDArray[np.uint64] | None:
        """Return the stored bytes of tiles; None for a masked image."""
        return None if image in self._masked else self._source.tile_lengths(self._images[image], plane)

    def tile_codec(self, image: int, plane: int = 0) -> TileCodec | None:
        """Return the image's codec, which lets tiles pass without their comments; None for a masked image."""
        if image in self._masked:
            return None
        codec = self._source.tile_codec(self._images[image], plane)
        return None if codec is None else self._codecs.setdefault(codec, _WithoutComments(codec))

    def read_tiles(self, image: int, first: int, count: int, plane: int = 0) -> Sequence[Buffer]:
        """Return compressed tiles as stored; of a masked image there are none."""
        return self._source.read_tiles(self._images[image], first, count, plane)

    def read_pixels(self, image: int, first: int, count: int, plane: int = 0) -> list[Pixels | None]:
        """Return decoded tiles, blank where the label is."""
        tiles = self._source.read_pixels(self._images[image], first, count, plane)
        if image not in self._masked:
            return tiles
        grid = self._description.images[image].grid
        return [
            None if tile is None else self._blank(image, tile, grid.position(first + i)[0])
            for i, tile in enumerate(tiles)
        ]

    def read_region(self, image: int, x: int, y: int, columns: int, rows: int, plane: int = 0) -> Pixels:
        """Return a rectangle, blank where the label is."""
        region = self._source.read_region(self._images[image], x, y, columns, rows, plane)
        return self._blank(image, region, x) if image in self._masked else region

    def close(self) -> None:
        """Close the source."""
        self._source.close()

    def _blank(self, image: int, pixels: Pixels, left: int) -> Pixels:
        blank = pixels.copy()
        blank[:, : max(0, self._masked[image] - left)] = np.iinfo(blank.dtype).max
        return blank


class _WithoutComments:
    """A codec whose passing tiles are without comments. JPEG heads are few and remembered by what they were."""

    def __init__(self, codec: TileCodec) -> None:
        self._codec = codec
        self._heads: dict[bytes, bytes] = {}

    def pass_tile(self, tile: Buffer) -> PassedTile | Reason:
        """Say how the tile becomes a frame, less its comments."""
        passed = self._codec.pass_tile(tile)
        if not isinstance(passed, PassedTile):
            return passed
        if passed.head:
            return passed._replace(head=self._clean(passed.head))
        try:
            clean = clean_frame(tile, passed.end)
        except CodecError:
            return Reason.COMMENTS_IN_FRAME
        return passed._replace(**clean._asdict()) if clean.head else passed

    def decode(self, tile: Buffer) -> Pixels:
        """Decode as the codec does."""
        return self._codec.decode(tile)

    def _clean(self, head: bytes) -> bytes:
        if head not in self._heads:
            if len(self._heads) >= 16:
                self._heads = {}
            self._heads[head] = without_comments(head)
        return self._heads.get(head) or without_comments(head)

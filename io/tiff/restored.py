"""Frames of JPEG XL recompression as the JPEGs that they were made of, byte for byte: TIFF holds those.

An image is taken for recompressed when its first stored tile is. A tile among the others that is not stays what it is,
does not pass, and is decoded.
"""

import numpy as np

from pipeline.io.codecs.contract import PassedTile, TileCodec
from pipeline.io.jpeg.passthrough import JpegTiles
from pipeline.io.jpegxl.boxes import holds_jpeg
from pipeline.io.jpegxl.recompression import restore_jpeg
from pipeline.io.sources.contract import SlideSource
from pipeline.model.errors import CodecError
from pipeline.model.reasons import Reason
from pipeline.model.source import Compression, SourceImage
from pipeline.model.tiles import Buffer, Pixels

_SOI = b"\xff\xd8"


class RestoredTiles:
    """Tiles as `restored` gives them: a `TileCodec` around that of the tiles as they are stored."""

    def __init__(self, stored: TileCodec, image: SourceImage) -> None:
        """Take the codec and the description of the stored image."""
        self._stored = stored
        self._jpeg = JpegTiles(
            tables=b"",
            colour=image.colour,
            samples=image.samples,
            bits=image.bits,
            tile_columns=image.grid.tile_columns,
            tile_rows=image.grid.tile_rows,
        )

    def pass_tile(self, tile: Buffer) -> PassedTile | Reason:
        """Pass what is JPEG."""
        return self._jpeg.pass_tile(tile) if _is_jpeg(tile) else self._stored.pass_tile(tile)

    def decode(self, tile: Buffer) -> Pixels:
        """Return (rows, columns, samples), RGB or gray. Raises CodecError."""
        return self._jpeg.decode(tile) if _is_jpeg(tile) else self._stored.decode(tile)


def holds_jpegs(source: SlideSource, image: SourceImage) -> bool:
    """Whether the first stored tile of an image is a JPEG that can be had back."""
    if image.compression is not Compression.JPEG_XL or not image.lossless_frames:
        return False
    lengths = source.tile_lengths(image.index)
    if lengths is None or not lengths.any():
        return False
    return _is_jpeg(restored(source.read_tiles(image.index, int(np.argmax(lengths > 0)), 1)[0]))


def restored(tile: Buffer) -> Buffer:
    """Return the JPEG that a frame was made of; the frame itself where it holds none."""
    try:
        return restore_jpeg(tile) if len(tile) and holds_jpeg(tile) else tile
    except CodecError:
        return tile


def _is_jpeg(tile: Buffer) -> bool:
    return bytes(tile[:2]) == _SOI

"""Label, overview and thumbnail of a CZI file: attachments that are CZI files of one sub-block, or JPEG."""

from dataclasses import dataclass

import numpy as np

from pipeline.io.jpeg.markers import parse_header
from pipeline.io.jpeg.passthrough import JpegTiles
from pipeline.io.sources.czi.directory import read_sub_blocks
from pipeline.io.sources.czi.segments import Attachment, CziSegments
from pipeline.io.sources.czi.sub_block import CziCompression, SubBlockReader, check_sub_blocks, pixel_type
from pipeline.model.errors import CodecError, SourceError
from pipeline.model.source import ImageKind, TaggedColour
from pipeline.model.tiles import Pixels

_KINDS = {
    ("Label", "CZI"): ImageKind.LABEL,
    ("SlidePreview", "CZI"): ImageKind.OVERVIEW,
    ("Thumbnail", "JPG"): ImageKind.THUMBNAIL,
}
_MOST_PIXELS = 1 << 26


@dataclass(frozen=True, slots=True)
class AttachedImage:
    """An image beside the levels, RGB or gray of 8 bits; it is decoded whole when it is asked for."""

    kind: ImageKind
    attachment: Attachment
    columns: int
    rows: int
    samples: int
    compression: CziCompression

    def read(self, segments: CziSegments) -> Pixels:
        """Return (rows, columns, samples) of 8 bits. Raises SourceError, and CodecError when it does not decode."""
        if self.kind is ImageKind.THUMBNAIL:
            tiles = JpegTiles(
                tables=b"",
                colour=TaggedColour.GRAY if self.samples == 1 else TaggedColour.YCBCR,
                samples=self.samples,
                bits=8,
                tile_columns=self.columns,
                tile_rows=self.rows,
            )
            return tiles.decode(segments.read(self.attachment.offset, self.attachment.size))
        inside = segments.attached(self.attachment)
        block = read_sub_blocks(inside)[0]
        kind = pixel_type(inside.uri, int(block["pixel_type"]))
        pixels = SubBlockReader(inside, kind, kind.bits).read(block, 0, self.rows)
        return pixels if pixels.dtype == np.uint8 else (pixels >> 8).astype(np.uint8)


def attached_images(segments: CziSegments) -> tuple[list[AttachedImage], list[str]]:
    """Return the images, each kind once, and warnings on those that cannot be read."""
    images: dict[ImageKind, AttachedImage] = {}
    warnings = []
    for attachment in segments.attachments():
        kind = _KINDS.get((attachment.name, attachment.content.upper()))
        if kind is None or kind in images:
            continue
        try:
            find = _of_jpeg if kind is ImageKind.THUMBNAIL else _of_czi
            image = find(segments, attachment, kind)
        except (SourceError, CodecError) as error:
            warnings.append(f"the attachment {attachment.name} was left out: {error}")
            continue
        images[kind] = image
    return sorted(images.values(), key=lambda image: list(ImageKind).index(image.kind)), warnings


def _of_jpeg(segments: CziSegments, attachment: Attachment, kind: ImageKind) -> AttachedImage:
    header = parse_header(segments.read(attachment.offset, attachment.size))
    if header.columns * header.rows > _MOST_PIXELS or len(header.components) not in (1, 3) or header.precision != 8:
        raise CodecError("the JPEG is too large, or neither gray nor RGB of 8 bits")
    return AttachedImage(kind, attachment, header.columns, header.rows, len(header.components), CziCompression.JPEG)


def _of_czi(segments: CziSegments, attachment: Attachment, kind: ImageKind) -> AttachedImage:
    inside = segments.attached(attachment)
    blocks = read_sub_blocks(inside)
    if len(blocks) > 1:
        raise SourceError(f"{segments.uri}: it has {len(blocks)} sub-blocks instead of one", uri=segments.uri)
    check_sub_blocks(inside.uri, blocks)
    block = blocks[0]
    columns, rows = int(block["stored_width"]), int(block["stored_height"])
    if columns * rows > _MOST_PIXELS:
        raise SourceError(f"{segments.uri}: {columns} x {rows} pixels are too many", uri=segments.uri)
    samples = pixel_type(inside.uri, int(block["pixel_type"])).samples
    return AttachedImage(kind, attachment, columns, rows, samples, CziCompression(int(block["compression"])))

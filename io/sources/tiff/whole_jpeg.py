"""A picture that is one whole JPEG and no TIFF directory: base64 in a document, or a file beside the slide."""

from pipeline.io.jpeg.markers import parse_header
from pipeline.io.jpeg.passthrough import JpegTiles
from pipeline.model.errors import CodecError, SourceError, TileError
from pipeline.model.geometry import TileGrid
from pipeline.model.source import Compression, ImageKind, LossyHistory, LossyStage, SourceImage, TaggedColour
from pipeline.model.tiles import Pixels

_MOST_PIXELS = 1 << 27
"""Beyond which the picture is no label and no overview, and memory would not be bounded."""


class WholeJpeg:
    """One tile as large as the picture. Raises SourceError for what is no JPEG of gray or of three components."""

    def __init__(self, data: bytes, uri: str, what: str) -> None:
        self.data = data
        self._uri = uri
        self._what = what
        try:
            header = parse_header(data)
        except CodecError as error:
            raise SourceError(f"{uri}: the {what} is no readable JPEG: {error}", uri=uri) from error
        self.samples = len(header.components)
        if self.samples not in (1, 3) or header.precision != 8 or not 0 < header.columns * header.rows <= _MOST_PIXELS:
            raise SourceError(
                f"{uri}: the {what} is a JPEG of {header.columns} x {header.rows} pixels with {self.samples} "
                f"components of {header.precision} bits, which is not supported",
                uri=uri,
            )
        self.grid = TileGrid(header.columns, header.rows, header.columns, header.rows)
        # JFIF without an Adobe segment is YCbCr; the codestream's own word comes first.
        self.colour = TaggedColour.GRAY if self.samples == 1 else TaggedColour.YCBCR
        self.codec = JpegTiles(
            tables=b"",
            colour=self.colour,
            samples=self.samples,
            bits=8,
            tile_columns=header.columns,
            tile_rows=header.rows,
        )

    def pixels(self) -> Pixels:
        """Decode the picture, (rows, columns, samples). Raises TileError."""
        try:
            return self.codec.decode(self.data)
        except CodecError as error:
            raise TileError(f"{self._uri}: the {self._what} cannot be decoded: {error}", uri=self._uri) from error

    def described(self, index: int, kind: ImageKind) -> SourceImage:
        """Describe it as label, overview or thumbnail."""
        ratio = self.grid.columns * self.grid.rows * self.samples / max(1, len(self.data))
        return SourceImage(
            index=index,
            kind=kind,
            level=None,
            grid=self.grid,
            tiled=True,
            samples=self.samples,
            bits=8,
            compression=Compression.JPEG,
            colour=self.colour,
            lossy=LossyHistory((LossyStage("ISO_10918_1", ratio),)),
            lossless_frames=True,
        )

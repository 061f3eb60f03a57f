"""What the components of a JPEG are, and a header that says so to every decoder.

The codestream has the first word, the container's tag the last; what was found is then written into the frame. The
table lists what a codestream may say (ids: component identifiers), what is made of it, and what is written because a
decoder would assume something else. libjpeg asks JFIF, then Adobe, then ids 1 2 3 and R G B, and takes the rest for
YCbCr; other decoders take the rest for RGB, or go by the sampling.

    codestream says                     components are   the frame is made to say it by
    ----------------------------------  ---------------  -----------------------------------------------------------
    Adobe transform 0                   RGB              leaving out JFIF, which libjpeg believes before Adobe
    Adobe transform 1                   YCbCr            nothing: it does
    ids R G B, no Adobe                 RGB              Adobe transform 0, and leaving out JFIF
    JFIF                                YCbCr            nothing: it does
    subsampled chroma, none of these    YCbCr            Adobe transform 1
    none of these, tag RGB              RGB              Adobe transform 0 (libjpeg would take it for YCbCr)
    none of these, tag YCbCr            YCbCr            Adobe transform 1 (Java's ImageIO may take it for RGB)

An Adobe transform that is neither 0 nor 1 says nothing about three components: it counts as absent, and is left out.
Component identifiers stay as stored, because the scan header uses them too. One component is gray, whatever else is
said.
"""

from pipeline.io.jpeg.markers import JpegHeader, JpegTables, Marker
from pipeline.model.source import TaggedColour
from pipeline.model.tiles import Buffer

_SOI = b"\xff\xd8"
_ADOBE = {
    TaggedColour.RGB: b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x00",
    TaggedColour.YCBCR: b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x01",
}
"""APP14 (Adobe Technical Note 5116): version 100, two words of flags, transform."""
_TRANSFORMS: dict[int | None, TaggedColour] = {0: TaggedColour.RGB, 1: TaggedColour.YCBCR}
_RGB_IDENTIFIERS = tuple(b"RGB")


def components_colour(header: JpegHeader, tagged: TaggedColour) -> TaggedColour:
    """Say what the components are: the codestream's word, and the tag's where the codestream is silent."""
    if len(header.components) == 1:
        return TaggedColour.GRAY
    if header.adobe_transform in _TRANSFORMS:
        return _TRANSFORMS[header.adobe_transform]
    if tuple(c.identifier for c in header.components) == _RGB_IDENTIFIERS:
        return TaggedColour.RGB
    if header.has_jfif or _is_subsampled(header):
        return TaggedColour.YCBCR
    return TaggedColour.RGB if tagged is TaggedColour.RGB else TaggedColour.YCBCR


def frame_head(tile: Buffer, header: JpegHeader, shared_tables: bytes, colour: TaggedColour) -> bytes:
    """Return the marker segments of a frame: those of the tile, merged with shared tables, saying the colour.

    Shared DQT and DHT segments stand before the tile's own, which therefore replace them (T.81, B.2.4.1 and B.2.4.2).
    """
    keeps_jfif = colour is not TaggedColour.RGB
    keeps_adobe = colour not in _ADOBE or _TRANSFORMS.get(header.adobe_transform) is colour
    application: list[bytes] = []
    others: list[bytes] = []
    for segment in header.segments:
        data = bytes(tile[segment.start : segment.end])
        if segment.marker == Marker.APP0 and data[4:8] in (b"JFIF", b"JFXX"):
            if keeps_jfif:
                application.append(data)
        elif segment.marker == Marker.APP14 and data[4:9] == b"Adobe":
            if keeps_adobe:
                application.append(data)
        else:
            others.append(data)
    if colour in _ADOBE and not keeps_adobe and not (keeps_jfif and header.has_jfif):
        application.append(_ADOBE[colour])
    return b"".join((_SOI, *application, shared_tables, *others))


def table_segments(stream: Buffer, tables: JpegTables) -> bytes:
    """Return the DQT and DHT segments of a stream, joined."""
    return b"".join(bytes(stream[s.start : s.end]) for s in tables.segments)


def _is_subsampled(header: JpegHeader) -> bool:
    return len({(c.horizontal, c.vertical) for c in header.components}) > 1

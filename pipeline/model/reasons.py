"""Routes, and the reasons for which a tile cannot pass: data, not exceptions.

Each reason cites the rule that it comes from. Reports count frames by these names.
"""

from enum import StrEnum


class Route(StrEnum):
    """What becomes of a tile."""

    PASSTHROUGH = "passthrough"
    """The stored frame holds the source tile's entropy-coded bytes."""
    ENCODE = "encode"
    """Pixels were decoded (or read) and encoded."""
    BACKGROUND = "background"
    """The source holds no tile there: an encoded tile of the background colour."""
    RECOMPRESSED = "recompressed"
    """The stored frame holds the source's JPEG in another coding, from which it comes back byte for byte."""
    RETILED = "retiled"
    """The stored frame is made of parts of the source's JPEG, cut on MCU boundaries: equal DCT coefficients."""

    @property
    def keeps_tiles(self) -> bool:
        """Whether frames are made of the source's compressed tiles and nothing is decoded to pixels."""
        return self in (Route.PASSTHROUGH, Route.RETILED, Route.RECOMPRESSED)

    @property
    def keeps_lengths(self) -> bool:
        """Whether frames are as long as the source's tiles, but for their heads."""
        return self in (Route.PASSTHROUGH, Route.RETILED)


class Reason(StrEnum):
    """Why a tile was encoded and did not pass."""

    CODEC_NOT_IN_DICOM = "codec-not-in-dicom"
    PIXELS_ONLY = "pixels-only"
    UNTILED = "untiled"
    LEVEL_AVERAGED = "level-averaged"
    GEOMETRY_CHANGED = "geometry-changed"
    SYNTAX_REQUESTED = "syntax-requested"
    SYNTAX_NOT_KEPT = "syntax-not-kept"
    TRANSCODE_FORCED = "transcode-forced"
    MISSING_TILE = "missing-tile"
    MISSING_TILE_AVERAGED = "missing-tile-averaged"
    SAMPLES_IN_PLANES = "samples-in-planes"
    EXTRA_SAMPLES = "extra-samples"
    JPEG_NOT_BASELINE = "jpeg-not-baseline"
    JPEG_NOT_8_BIT = "jpeg-not-8-bit"
    JPEG_TABLES_MISSING = "jpeg-tables-missing"
    JPEG_SEVERAL_SCANS = "jpeg-several-scans"
    JPEG_MALFORMED = "jpeg-malformed"
    J2K_MALFORMED = "j2k-malformed"
    J2K_NOT_REVERSIBLE = "j2k-not-reversible"
    J2K_PART_2 = "j2k-part-2"
    SIGNED_SAMPLES = "signed-samples"
    SAMPLE_DEPTH_DIFFERS = "sample-depth-differs"
    TILE_SIZE_DIFFERS = "tile-size-differs"
    SAMPLES_PER_PIXEL_DIFFER = "samples-per-pixel-differ"
    PHOTOMETRIC_NOT_IN_IOD = "photometric-not-in-iod"
    BITS_STORED_NOT_IN_IOD = "bits-stored-not-in-iod"
    NATIVE_FRAMES = "native-frames"
    DIFFERS_FROM_PLAN = "differs-from-plan"
    JPEG_NOT_RECOMPRESSED = "jpeg-not-recompressed"
    JPEG_LS_MALFORMED = "jpeg-ls-malformed"
    JPEG_XL_MALFORMED = "jpeg-xl-malformed"
    JPEG_XL_NOT_ONE_FRAME = "jpeg-xl-not-one-frame"
    RLE_MALFORMED = "rle-malformed"
    COMMENTS_IN_FRAME = "comments-in-frame"

    @property
    def citation(self) -> str:
        """The rule, with its place in the standard."""
        return _CITATIONS[self]


_CITATIONS = {
    Reason.CODEC_NOT_IN_DICOM: "TIFF 6.0 Compression names a codec that PS3.5 8.2 does not define",
    Reason.PIXELS_ONLY: "the reader of this format gives pixels, not compressed tiles",
    Reason.LEVEL_AVERAGED: "PS3.3 C.8.12.4.1.1: the slide has no such level, it is averaged from another (RESAMPLED)",
    Reason.UNTILED: "PS3.3 C.8.12.4: the image is not stored in tiles of one size, which frames are",
    Reason.GEOMETRY_CHANGED: "PS3.3 C.7.6.3.1: Rows and Columns asked for are not those of the stored tiles",
    Reason.SYNTAX_REQUESTED: "PS3.5 A.4: the transfer syntax asked for is not the codestream's",
    Reason.SYNTAX_NOT_KEPT: "PS3.5 A.4: the target that --profile names does not keep the codestream's transfer syntax",
    Reason.TRANSCODE_FORCED: "asked for by --force-transcode",
    Reason.MISSING_TILE: "TIFF 6.0 TileByteCounts is 0: there is no tile to pass",
    Reason.MISSING_TILE_AVERAGED: "TIFF 6.0 TileByteCounts is 0, and the larger level shows what the tile should",
    Reason.SAMPLES_IN_PLANES: "TIFF 6.0 PlanarConfiguration 2: a tile holds one sample, a frame all (PS3.5 8.2)",
    Reason.EXTRA_SAMPLES: "PS3.3 C.8.12.4.1.5: Samples per Pixel is 1 or 3; alpha is composed onto the background",
    Reason.JPEG_NOT_BASELINE: "PS3.5 A.4.1, table A.4-1: JPEG Baseline (Process 1) is SOF0 with Huffman coding",
    Reason.JPEG_NOT_8_BIT: "PS3.5 8.2.1: JPEG Baseline (Process 1) has 8 bits a sample",
    Reason.JPEG_TABLES_MISSING: "TIFF Technical Note 2: neither tile nor JPEGTables define a table that the scan uses",
    Reason.JPEG_SEVERAL_SCANS: "PS3.3 C.7.6.3.1.3: Planar Configuration is 0; the scans hold one component each",
    Reason.JPEG_MALFORMED: "ITU-T T.81 annex B: the marker segments cannot be followed to the scan and its EOI",
    Reason.J2K_MALFORMED: "ISO/IEC 15444-1 annex A: no main header of SOC, SIZ, COD and QCD, or no EOC",
    Reason.J2K_NOT_REVERSIBLE: "PS3.5 8.2.4, A.4.4: 1.2.840.10008.1.2.4.90 holds reversible codestreams only",
    Reason.J2K_PART_2: "PS3.5 8.2.4: multi-component and other part 2 extensions are not in .90 and .91",
    Reason.SIGNED_SAMPLES: "PS3.3 C.8.12.4: Pixel Representation of a VL WSM image is 0 (unsigned)",
    Reason.SAMPLE_DEPTH_DIFFERS: "PS3.5 8.2: the codestream's sample depth is not the image's Bits Stored",
    Reason.TILE_SIZE_DIFFERS: "PS3.3 C.8.12.4: each frame is Rows x Columns; the codestream has another size",
    Reason.SAMPLES_PER_PIXEL_DIFFER: "PS3.5 8.2: the codestream's components are not the image's Samples per Pixel",
    Reason.PHOTOMETRIC_NOT_IN_IOD: "PS3.3 C.8.12.4.1.5: the codestream's colour model is no term of the VL WSM IOD",
    Reason.BITS_STORED_NOT_IN_IOD: "PS3.3 C.8.12.4: Bits Stored of a VL WSM image is 8 or 16",
    Reason.NATIVE_FRAMES: "PS3.5 A.4: native pixels are no frames of an encapsulated transfer syntax",
    Reason.DIFFERS_FROM_PLAN: "PS3.3 C.7.6.3: one instance has one transfer syntax and photometric interpretation",
    Reason.JPEG_NOT_RECOMPRESSED: "PS3.5 8.2.15: the JPEG did not come back bit for bit from JPEG XL, as .111 has it",
    Reason.JPEG_LS_MALFORMED: "ISO/IEC 14495-1 annex C: no frame and scan header can be followed, or there is no EOI",
    Reason.JPEG_XL_MALFORMED: "ISO/IEC 18181-1 annex D, 18181-2: no codestream header can be read",
    Reason.JPEG_XL_NOT_ONE_FRAME: "PS3.5 8.2.15: animation, preview or extra channels are not what the data set says",
    Reason.COMMENTS_IN_FRAME: "PS3.15 E.1: comments within the codestream may identify, and cannot be taken out of it",
    Reason.RLE_MALFORMED: "PS3.5 annex G.5: the RLE header does not describe a byte segment for each byte of a pixel",
}
